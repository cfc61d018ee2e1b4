/* Where Firestore is and as whom it is spoken to: the configuration and the customary variables of Google's
 * tools, resolved once. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/google/metadata.h"
#include "common/google/service_account.h"
#include "common/google/user.h"
#include "sinks/firestore/config.h"

struct access {
	char *documents; /* ".../v1/projects/P/databases/(default)/documents" */
	char *names;     /* "projects/P/databases/(default)/documents" */
	const struct google_way *way;
	const void *identity; /* of the way: one of those below */
	struct google_user user;
	struct google_machine machine;
	struct google_service_account *account;
	char *sign_in_url, *renew_url;
};

/* FIRESTORE_EMULATOR_HOST where it counts; NULL: it does not. */
const char *access_emulator(const struct firestore_config *config);
/* config must outlive access. FIRESTORE_EMULATOR_HOST and FIREBASE_AUTH_EMULATOR_HOST stand in for Google's
 * own addresses, not for others that the file names; GOOGLE_APPLICATION_CREDENTIALS for credentials_file. */
enum status access_open(struct access *access, const struct firestore_config *config,
			struct err *err) MUST_CHECK;
/* Accepts zeroed and half-opened. */
void access_close(struct access *access);
