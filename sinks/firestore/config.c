/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/config.h"

#include <string.h>

#define ID_MAX 1000 /* Firestore's documents: 1,500 bytes with `_` and the number behind */

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

/* What a document of Firestore can be named. */
static enum status check_id(const char *id, const char *key, struct err *err)
{
	size_t size = strlen(id);

	if (size == 0 || size > ID_MAX || strchr(id, '/') || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 ||
	    (size >= 4 && strncmp(id, "__", 2) == 0 && strcmp(id + size - 2, "__") == 0)) {
		return err_set(err, ERR_CONFIG, "%s: \"%.80s\" can't be the id of a document", key, id);
	}
	return OK;
}

static enum status check_map(const struct config_map *map, struct err *err)
{
	for (size_t i = 0; i < map->count; i++) {
		if (!strchr(map->keys[i], '/')) {
			return err_set(err, ERR_CONFIG,
				       "projects: \"%.80s\" is no pipeline: write "
				       "ORGANIZATION/PIPELINE, as in acme/web: web",
				       map->keys[i]);
		}
		if (check_id(map->values[i], "projects", err) != OK) {
			return ERR_CONFIG;
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(map->values[i], map->values[j]) == 0) {
				return err_set(
					err, ERR_CONFIG,
					"projects: %.80s and %.80s are both on %.80s: their "
					"builds would overwrite each other, give each an id of its own",
					map->keys[j], map->keys[i], map->values[i]);
			}
		}
	}
	return OK;
}

struct slugs {
	struct config_list pipelines, projects;
};

/* The keys by which sources name pipelines; every source has one of them. */
static const struct config_row slug_rows[] = {
	{.key = "pipeline_slug", .type = CONFIG_LIST, .offset = offsetof(struct slugs, pipelines)},
	{.key = "project_slug", .type = CONFIG_LIST, .offset = offsetof(struct slugs, projects)},
	CONFIG_END,
};

/* How many pipelines the sources name; those of "*" are known only when their builds come. */
static size_t count_pipelines(const struct config *file)
{
	size_t count = 0;

	for (size_t i = 0; file && i < file->section_count; i++) {
		const struct config_section *section = &file->sections[i];
		struct slugs slugs = {0};

		if (section->side == SECTION_SOURCE &&
		    config_read_part(file, section, slug_rows, &slugs, NULL) == OK) {
			count += slugs.pipelines.count + slugs.projects.count;
		}
		config_free(slug_rows, &slugs);
	}
	return count;
}

static enum status check_projects(const struct firestore_config *config, const struct config *file,
				  struct err *err)
{
	bool one = config->metrics_project != NULL;
	size_t pipelines = one ? count_pipelines(file) : 0;

	if (one == (config->projects.count > 0)) {
		return err_set(err, ERR_CONFIG,
			       "give either metrics_project_id or projects: {ORGANIZATION/PIPELINE: ID, …}%s",
			       one ? ", not both" : "");
	}
	if (pipelines > 1) {
		return err_set(
			err, ERR_CONFIG,
			"metrics_project_id: %.80s is one project, but the sources name %zu pipelines, whose "
			"builds would overwrite each other: use projects: {ORGANIZATION/PIPELINE: ID, …}",
			config->metrics_project, pipelines);
	}
	return one ? check_id(config->metrics_project, "metrics_project_id", err)
		   : check_map(&config->projects, err);
}

static enum status check_account(const struct firestore_config *config, struct err *err)
{
	bool user = config->email || config->password || config->api_key;
	const char *missing = !config->email      ? "firebase_user_email"
			      : !config->password ? "firebase_user_pass"
			      : !config->api_key  ? "firebase_public_api_key"
						  : NULL;

	if (user && config->credentials) {
		return err_set(err, ERR_CONFIG,
			       "give either a user (firebase_user_email, firebase_user_pass, "
			       "firebase_public_api_key) or credentials_file, not both");
	}
	if (user && missing) {
		return err_set(err, ERR_CONFIG,
			       "%s is missing: signing in needs firebase_user_email, firebase_user_pass and "
			       "firebase_public_api_key",
			       missing);
	}
	return OK;
}

enum status firestore_config_check(const void *section, const struct config *file, struct err *err)
{
	enum status status = check_projects(section, file, err);

	return status == OK ? check_account(section, err) : status;
}
