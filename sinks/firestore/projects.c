/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/projects.h"

#include <stdlib.h>
#include <string.h>

struct text pipeline_of(const struct build *build)
{
	const char *start = memchr(build->id.at, '/', build->id.size);
	const char *end = memrchr(build->id.at, '/', build->id.size);

	return start && start < end ? (struct text){start + 1, (size_t)(end - start - 1)} : build->id;
}

void projects_open(struct projects *projects, const struct firestore_config *config)
{
	*projects = (struct projects){
		.config = config,
		.count = config->metrics_project ? 1 : config->projects.count,
	};
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
