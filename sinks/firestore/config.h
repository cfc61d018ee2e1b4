/* The `firestore:` section of `destinations:`. The rows stand alone, so that `buildbus validate` reads them
 * too. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

#define FIRESTORE_API_URL  "https://firestore.googleapis.com/v1"
#define FIRESTORE_AUTH_URL "https://identitytoolkit.googleapis.com"

struct firestore_config {
	char *project;                    /* of Firebase */
	char *email, *password, *api_key; /* all three or none */
	char *credentials;                /* path of a service account's key; NULL: none */
	char *metrics_project;            /* one of these two */
	struct config_map projects;       /* "organization/pipeline" to id */
	bool create_project;
	char *api_url, *auth_url;
};

extern const struct config_row firestore_config_rows[];

/* What rows can't say: section is a struct firestore_config, file names the sources (NULL: unknown).
 * ERR_CONFIG with the sentence. */
enum status firestore_config_check(const void *section, const struct config *file,
				   struct err *err) MUST_CHECK;
