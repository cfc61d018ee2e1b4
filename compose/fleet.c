/* SPDX-License-Identifier: MIT */
#include "compose/fleet.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPLICAS_MAX = 64 };

/* What all processes are started with. */
struct recipe {
	char folder[PATH_MAX]; /* of the executables */
	const struct config *config;
	const struct fleet_options *options;
};

static enum status find_folder(char folder[static PATH_MAX], struct err *err)
{
	ssize_t size = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	char *slash;

	if (size <= 0) {
		return err_sys(err, "read /proc/self/exe");
	}
	folder[size] = '\0';
	slash = strrchr(folder, '/');
	if (slash) {
		*slash = '\0';
	}
	return OK;
}

/* process is "fetch-buildkite"; name is that or one replica's; instance is the --name, NULL: none. */
static enum status add(struct fleet *fleet, const struct recipe *recipe, enum child_role role,
		       const char *process, const char *name, const char *instance, struct err *err)
{
	const char *args[CHILD_ARGS_MAX] = {0};
	char path[PATH_MAX];
	size_t count = 0;

	if (snprintf(path, sizeof path, "%s/buildbus-%s", recipe->folder, process) >= (int)sizeof path) {
		return err_set(err, ERR_SYS, "%s: the path is too long", recipe->folder);
	}
	if (access(path, X_OK) == -1) {
		return err_sys(err, "%s must be beside buildbus", path);
	}
	args[count++] = path;
	args[count++] = "-c";
	args[count++] = recipe->config->path;
	if (instance) {
		args[count++] = "--name";
		args[count++] = instance;
	}
	if (recipe->options->verbose) {
		args[count++] = "-v";
	}
	/* Counted even when half-built, so that fleet_fini frees it. */
	return child_init(&fleet->children[fleet->count++], role, name, args, err);
}

/* How many of process were asked for: "fetch-buildkite=3". Default 1. */
static enum status replicas_of(const struct recipe *recipe, const char *process, long *out, struct err *err)
{
	const struct option_list *list = recipe->options->replicas;
	size_t size = strlen(process);

	*out = 1;
	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[i];
		char *end;

		if (strncmp(item, process, size) != 0 || item[size] != '=') {
			continue;
		}
		*out = strtol(item + size + 1, &end, 10);
		if (end == item + size + 1 || *end || *out < 1 || *out > REPLICAS_MAX) {
			return err_set(err, ERR_CONFIG, "--replicas %s: give it a number from 1 to %d", item,
				       REPLICAS_MAX);
		}
	}
	return OK;
}

static enum status add_fetchers(struct fleet *fleet, const struct recipe *recipe, const char *kind,
				struct err *err)
{
	char process[128], name[160];
	enum status status;
	long replicas;

	snprintf(process, sizeof process, "fetch-%s", kind);
	status = replicas_of(recipe, process, &replicas, err);
	for (long i = 1; status == OK && i <= replicas; i++) {
		snprintf(name, sizeof name, "%s-%ld", process, i);
		status = replicas == 1 ? add(fleet, recipe, ROLE_FETCHER, process, process, NULL, err)
				       : add(fleet, recipe, ROLE_FETCHER, process, name, name, err);
	}
	return status;
}

static enum status add_sink(struct fleet *fleet, const struct recipe *recipe,
			    const struct config_section *section, struct err *err)
{
	char process[128], name[160];

	snprintf(process, sizeof process, "sink-%s", section->kind);
	snprintf(name, sizeof name, "sink-%s", section->name);
	return add(fleet, recipe, ROLE_SINK, process, name, section->name, err);
}

static bool kind_seen(const struct config *config, size_t before, const char *kind)
{
	for (size_t i = 0; i < before; i++) {
		if (config->sections[i].side == SECTION_SOURCE &&
		    strcmp(config->sections[i].kind, kind) == 0) {
			return true;
		}
	}
	return false;
}

static enum status add_sections(struct fleet *fleet, const struct recipe *recipe, enum section_kind side,
				struct err *err)
{
	const struct config *config = recipe->config;
	enum status status = OK;

	for (size_t i = 0; i < config->section_count && status == OK; i++) {
		const struct config_section *section = &config->sections[i];

		if (section->side != side) {
			continue;
		}
		if (side == SECTION_DESTINATION) {
			status = add_sink(fleet, recipe, section, err);
		} else if (!kind_seen(config, i, section->kind)) {
			/* One process a kind handles all sources of it. */
			status = add_fetchers(fleet, recipe, section->kind, err);
		}
	}
	return status;
}

/* A replica count for a process that isn't there is a slip, not a wish. */
static enum status check_replicas(const struct recipe *recipe, struct err *err)
{
	const struct option_list *list = recipe->options->replicas;

	for (size_t i = 0; i < list->count; i++) {
		const char *item = list->items[i], *prefix = "fetch-";
		size_t size = strcspn(item, "=");
		char kind[128];

		snprintf(kind, sizeof kind, "%.*s", (int)size, item);
		if (!item[size] || strncmp(kind, prefix, strlen(prefix)) != 0 ||
		    !kind_seen(recipe->config, recipe->config->section_count, kind + strlen(prefix))) {
			return err_set(err, ERR_CONFIG,
				       "--replicas %s: say fetch-KIND=N, KIND being a source of %s", item,
				       recipe->config->path);
		}
	}
	return OK;
}

enum status fleet_init(struct fleet *fleet, const struct config *config, const struct fleet_options *options,
		       struct err *err)
{
	struct recipe recipe = {.config = config, .options = options};
	enum status status = find_folder(recipe.folder, err);

	*fleet = (struct fleet){.capacity = 1 + config->section_count * REPLICAS_MAX};
	if (status == OK) {
		status = check_replicas(&recipe, err);
	}
	if (status != OK) {
		return status;
	}
	fleet->children = calloc(fleet->capacity, sizeof *fleet->children);
	if (!fleet->children) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	status = add(fleet, &recipe, ROLE_HUB, "normalizer", "normalizer", NULL, err);
	if (status == OK) {
		status = add_sections(fleet, &recipe, SECTION_DESTINATION, err);
	}
	return status == OK ? add_sections(fleet, &recipe, SECTION_SOURCE, err) : status;
}

void fleet_fini(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->count; i++) {
		child_fini(&fleet->children[i]);
	}
	free(fleet->children);
	*fleet = (struct fleet){0};
}
