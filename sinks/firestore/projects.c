/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/projects.h"

#include <stdlib.h>
#include <string.h>

#define ID_MAX 1000 /* Firestore's documents: 1,500 bytes with `_` and the number behind */

struct text pipeline_of(const struct build *build)
{
	const char *start = memchr(build->id.at, '/', build->id.size);
	const char *end = memrchr(build->id.at, '/', build->id.size);

	return start && start < end ? (struct text){start + 1, (size_t)(end - start - 1)} : build->id;
}

/* What a document of Firestore can be named. */
static enum status check_id(const char *id, const char *key, struct err *err)
{
	size_t size = strlen(id);

	if (size == 0 || size > ID_MAX || strchr(id, '/') || strcmp(id, ".") == 0 || strcmp(id, "..") == 0 ||
	    (size >= 4 && strncmp(id, "__", 2) == 0 && strcmp(id + size - 2, "__") == 0)) {
		return err_set(err, ERR_CONFIG, "firestore: %s: \"%.80s\" can't be the id of a document", key,
			       id);
	}
	return OK;
}

static enum status check_map(const struct config_map *map, struct err *err)
{
	for (size_t i = 0; i < map->count; i++) {
		if (!strchr(map->keys[i], '/')) {
			return err_set(err, ERR_CONFIG,
				       "firestore: projects: \"%.80s\" is no pipeline: write "
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
					"firestore: projects: %.80s and %.80s are both on %.80s: their "
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

enum status projects_open(struct projects *projects, const struct firestore_config *config,
			  const struct config *file, struct err *err)
{
	bool one = config->metrics_project != NULL;
	size_t pipelines = one ? count_pipelines(file) : 0;

	*projects = (struct projects){.config = config, .count = one ? 1 : config->projects.count};
	if (one == (config->projects.count > 0)) {
		return err_set(
			err, ERR_CONFIG,
			"firestore: give either metrics_project_id or projects: {ORGANIZATION/PIPELINE: "
			"ID, …}%s",
			one ? ", not both" : "");
	}
	if (pipelines > 1) {
		return err_set(
			err, ERR_CONFIG,
			"firestore: metrics_project_id: %.80s is one project, but the sources name %zu "
			"pipelines, whose builds would overwrite each other: use projects: "
			"{ORGANIZATION/PIPELINE: ID, …}",
			config->metrics_project, pipelines);
	}
	return one ? check_id(config->metrics_project, "metrics_project_id", err)
		   : check_map(&config->projects, err);
}

void projects_close(struct projects *projects)
{
	free(projects->pipeline);
	*projects = (struct projects){0};
}

const char *projects_id(const struct projects *projects, size_t index)
{
	const struct firestore_config *config = projects->config;

	return config->metrics_project ? config->metrics_project : config->projects.values[index];
}

/* text, percent-encoded part by part, is key, which a person wrote plainly or in the same encoding. */
static bool is_pipeline(struct text text, const char *key)
{
	size_t i = 0;

	for (; i < text.size && *key; i++, key++) {
		unsigned byte = (unsigned char)text.at[i];
		char digits[3] = "";

		if (byte == '%' && *key != '%' && i + 2 < text.size) {
			memcpy(digits, &text.at[i + 1], 2);
			byte = (unsigned)strtoul(digits, NULL, 16);
			i += 2;
		}
		if (byte != (unsigned char)*key) {
			return false;
		}
	}
	return i == text.size && !*key;
}

static enum project_found find_one(struct projects *projects, struct text pipeline, const char **id)
{
	if (!projects->pipeline) {
		projects->pipeline = strndup(pipeline.at, pipeline.size);
	}
	*id = projects->config->metrics_project;
	return projects->pipeline && text_is(pipeline, projects->pipeline) ? PROJECT_KNOWN : PROJECT_CLASH;
}

enum project_found projects_find(struct projects *projects, const struct build *build, const char **id)
{
	const struct config_map *map = &projects->config->projects;
	struct text pipeline = pipeline_of(build);

	if (projects->config->metrics_project) {
		return find_one(projects, pipeline, id);
	}
	for (size_t i = 0; i < map->count; i++) {
		if (is_pipeline(pipeline, map->keys[i])) {
			*id = map->values[i];
			return PROJECT_KNOWN;
		}
	}
	*id = NULL;
	return PROJECT_NONE;
}
