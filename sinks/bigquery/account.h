/* As whom the sink signs in. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/google/metadata.h"
#include "common/google/service_account.h"

struct account {
	const struct google_way *way;
	const void *identity;
	struct google_service_account *service;
	struct google_machine machine;
};

/* credentials: a key file; NULL: GOOGLE_APPLICATION_CREDENTIALS, then the account of the machine. ERR_CONFIG
 * names the file. */
enum status account_open(struct account *account, const char *credentials, struct err *err) MUST_CHECK;
/* Accepts zeroed. */
void account_close(struct account *account);
