/* An ordinary account of Firebase Authentication: e-mail and password through Identity Toolkit, renewed with
 * the refresh token (facts of the REST API: accounts:signInWithPassword, securetoken v1/token). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/google/token.h"

struct google_user {
	const char *email, *password, *api_key;
	const char *sign_in_url; /* base, without /v1 */
	const char *renew_url;   /* base, without /v1 */
};

extern const struct google_way google_user_way; /* identity: struct google_user */
