/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/access.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCOPE "https://www.googleapis.com/auth/datastore"

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* "identitytoolkit" in the sign-in's address is "securetoken" in that of renewals, at Google and in its
 * emulator; any other address serves both. */
static char *renewals_of(const char *sign_in_url)
{
	static const char from[] = "identitytoolkit.", to[] = "securetoken.";
	const char *at = strstr(sign_in_url, from);
	char *out;

	if (!at) {
		return strdup(sign_in_url);
	}
	return asprintf(&out, "%.*s%s%s", (int)(at - sign_in_url), sign_in_url, to, at + sizeof from - 1) < 0
		       ? NULL
		       : out;
}

static bool set_sign_in(struct access *access, const char *auth_url)
{
	const char *emulator = variable("FIREBASE_AUTH_EMULATOR_HOST");

	if (!emulator || strcmp(auth_url, FIRESTORE_AUTH_URL) != 0) {
		access->sign_in_url = strdup(auth_url);
	} else if (asprintf(&access->sign_in_url, "http://%s/identitytoolkit.googleapis.com", emulator) < 0) {
		access->sign_in_url = NULL;
	}
	access->renew_url = access->sign_in_url ? renewals_of(access->sign_in_url) : NULL;
	return access->renew_url != NULL;
}

static enum status be_user(struct access *access, const struct firestore_config *config, struct err *err)
{
	if (!set_sign_in(access, config->auth_url)) {
		return err_set(err, ERR_SYS, "no memory for addresses");
	}
	access->user = (struct google_user){config->email, config->password, config->api_key,
					    access->sign_in_url, access->renew_url};
	access->way = &google_user_way;
	access->identity = &access->user;
	return OK;
}

static enum status be_account(struct access *access, const char *path, struct err *err)
{
	enum status status = google_service_account_new(&access->account, path, SCOPE, err);

	access->way = &google_service_account_way;
	access->identity = access->account;
	return status == OK ? OK : err_prefix(err, "firestore");
}

static bool is_owner(const struct firestore_config *config)
{
	return variable("FIRESTORE_EMULATOR_HOST") && !variable("FIREBASE_AUTH_EMULATOR_HOST") &&
	       strcmp(config->auth_url, FIRESTORE_AUTH_URL) == 0;
}

static enum status set_way(struct access *access, const struct firestore_config *config, struct err *err)
{
	const char *credentials = variable("GOOGLE_APPLICATION_CREDENTIALS");

	if (is_owner(config)) {
		access->way = &google_owner;
		return OK;
	}
	if (config->email) {
		return be_user(access, config, err);
	}
	if (config->credentials || credentials) {
		return be_account(access, config->credentials ? config->credentials : credentials, err);
	}
	access->machine = (struct google_machine){SCOPE};
	access->way = &google_machine_way;
	access->identity = &access->machine;
	return OK;
}

const char *access_emulator(const struct firestore_config *config)
{
	return strcmp(config->api_url, FIRESTORE_API_URL) == 0 ? variable("FIRESTORE_EMULATOR_HOST") : NULL;
}

static bool set_address(struct access *access, const struct firestore_config *config)
{
	const char *emulator = access_emulator(config);

	if (asprintf(&access->names, "projects/%s/databases/(default)/documents", config->project) < 0) {
		access->names = NULL;
		return false;
	}
	if (asprintf(&access->documents, "%s%s%s/%s", emulator ? "http://" : "",
		     emulator ? emulator : config->api_url, emulator ? "/v1" : "", access->names) < 0) {
		access->documents = NULL;
	}
	return access->documents != NULL;
}

enum status access_open(struct access *access, const struct firestore_config *config, struct err *err)
{
	*access = (struct access){0};
	if (!set_address(access, config)) {
		return err_set(err, ERR_SYS, "no memory for addresses");
	}
	return set_way(access, config, err);
}

void access_close(struct access *access)
{
	free(access->documents);
	free(access->names);
	free(access->sign_in_url);
	free(access->renew_url);
	google_service_account_free(&access->account);
	*access = (struct access){0};
}
