/* SPDX-License-Identifier: MIT */
#include "common/config.h"

#include "common/config_private.h"
#include "common/config_value.h"

#include <stdlib.h>
#include <string.h>

static const char *choose_path(const char *path)
{
	const char *named = getenv("BUILDBUS_CONFIG");

	if (path) {
		return path;
	}
	return named && *named ? named : "buildbus.yml";
}

enum status config_load_all(struct config *config, const char *path, const struct config_kind *kinds,
			    struct config_problems *problems)
{
	memset(config, 0, sizeof *config);
	problems->file = choose_path(path);
	config->path = strdup(problems->file);
	config->document = calloc(1, sizeof(struct config_doc));
	if (!config->path || !config->document) {
		problem_no_memory(problems);
		return problems->status;
	}
	if (!doc_load(config->document, config->path, problems)) {
		return problems->status;
	}
	config_bus(config, problems);
	config_shape(config, kinds, problems);
	return problems->status;
}

enum status config_load(struct config *config, const char *path, struct err *err)
{
	struct config_problems problems = {.first = err};

	return config_load_all(config, path, config_kinds, &problems);
}

static enum status read_section(const struct config *config, const struct config_section *section,
				const struct config_row *rows, void *target, bool partial,
				struct config_problems *problems)
{
	const struct config_place *place = section->node;
	struct config_options options = {
		.doc = config->document,
		.map = place->options,
		.line = section->line,
		.where = place->where,
		.kind = section->kind,
		.partial = partial,
	};

	problems->file = config->path;
	config_options_read(&options, rows, target, problems);
	return problems->status;
}

enum status config_read_all(const struct config *config, const struct config_section *section,
			    const struct config_row *rows, void *target, struct config_problems *problems)
{
	return read_section(config, section, rows, target, false, problems);
}

enum status config_read(const struct config *config, const struct config_section *section,
			const struct config_row *rows, void *target, struct err *err)
{
	struct config_problems problems = {.first = err};

	return config_read_all(config, section, rows, target, &problems);
}

enum status config_read_part(const struct config *config, const struct config_section *section,
			     const struct config_row *rows, void *target, struct err *err)
{
	struct config_problems problems = {.first = err};

	return read_section(config, section, rows, target, true, &problems);
}

void config_free(const struct config_row *rows, void *target)
{
	for (; rows->key; rows++) {
		config_value_free(rows, (char *)target + rows->offset);
	}
}

size_t config_count(const struct config *config, enum section_kind side)
{
	size_t count = 0;

	for (size_t i = 0; i < config->section_count; i++) {
		count += config->sections[i].side == side;
	}
	return count;
}

void config_fini(struct config *config)
{
	for (size_t i = 0; i < config->section_count; i++) {
		free(config->sections[i].node);
	}
	free(config->sections);
	config_free(bus_config_rows, &config->bus);
	free(config->bus.hub_dir);
	if (config->document) {
		doc_fini(config->document);
	}
	free(config->document);
	free(config->path);
	memset(config, 0, sizeof *config);
}
