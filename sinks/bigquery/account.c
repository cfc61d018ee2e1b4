/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/account.h"

#include <stdlib.h>

#define SCOPE "https://www.googleapis.com/auth/bigquery"

enum status account_open(struct account *account, const char *credentials, struct err *err)
{
	const char *customary = getenv("GOOGLE_APPLICATION_CREDENTIALS");
	enum status status;

	*account = (struct account){.machine = {SCOPE}};
	if (!credentials && (!customary || !*customary)) {
		account->way = &google_machine_way;
		account->identity = &account->machine;
		return OK;
	}
	status = google_service_account_new(&account->service, credentials ? credentials : customary, SCOPE,
					    err);
	account->way = &google_service_account_way;
	account->identity = account->service;
	return status == OK ? OK : err_prefix(err, "bigquery");
}

void account_close(struct account *account)
{
	google_service_account_free(&account->service);
}
