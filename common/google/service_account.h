/* A service account: its key file signs a request for a token (RFC 7523, RS256). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/google/token.h"

struct google_service_account; /* the identity of google_service_account_way */

/* Reads the JSON key file that the console hands out. scope: space-separated. ERR_CONFIG names path. */
enum status google_service_account_new(struct google_service_account **out, const char *path,
				       const char *scope, struct err *err) MUST_CHECK;
/* Accepts NULL; nulls the pointer. */
void google_service_account_free(struct google_service_account **account);

extern const struct google_way google_service_account_way;

/* header.claims.signature, both given as JSON; for tests. NULL: it can't be signed. */
const char *google_jwt(const struct google_service_account *account, const char *header, const char *claims,
		       struct arena *arena);
