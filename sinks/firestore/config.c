/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/config.h"

#define ROW(word, kind, member)                                                                              \
	.key = (word), .type = (kind), .offset = offsetof(struct firestore_config, member)

const struct config_row firestore_config_rows[] = {
	{
		ROW("firebase_project_id", CONFIG_TEXT, project),
		.required = true,
		.slug = true,
		.help = "the id of the Firebase project, as in the address of its console",
	},
	{
		ROW("firebase_user_email", CONFIG_TEXT, email),
		.help = "an ordinary user account of the project, which signs in by password",
	},
	{
		ROW("firebase_user_pass", CONFIG_SECRET, password),
		.help = "its password",
	},
	{
		ROW("firebase_public_api_key", CONFIG_SECRET, api_key),
		.alias = "firebase_web_api_key",
		.help = "the Web API key of the project's settings",
	},
	{
		ROW("credentials_file", CONFIG_PATH, credentials),
		.help = "instead of the three above: the key file of a service account",
	},
	{
		ROW("metrics_project_id", CONFIG_TEXT, metrics_project),
		.slug = true,
		.help = "the id of the document in `projects` that the builds of the one pipeline belong to",
	},
	{
		ROW("projects", CONFIG_MAP, projects),
		.help = "instead of metrics_project_id, for several pipelines: ORGANIZATION/PIPELINE to id; "
			"builds of others are not written",
	},
	{
		ROW("create_project", CONFIG_BOOL, create_project),
		.fallback = "false",
		.help = "make the document in `projects` where it is missing, with its id as name; otherwise "
			"that is an error",
	},
	{
		ROW("api_url", CONFIG_URL, api_url),
		.fallback = FIRESTORE_API_URL,
		.help = "the REST API",
	},
	{
		ROW("auth_url", CONFIG_URL, auth_url),
		.fallback = FIRESTORE_AUTH_URL,
		.help = "Identity Toolkit, which signs users in",
	},
	CONFIG_END,
};
