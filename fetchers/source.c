/* The sources of a fetcher: sections of the config, each with its own client, credentials and budget. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/log.h"
#include "fetchers/count.h"

#include <stdio.h>
#include <stdlib.h>

static void source_free(struct source *source)
{
	http_free(&source->http);
	http_free(&source->elsewhere);
	if (source->config) {
		config_free(source->engine->fetcher->rows, source->config);
	}
	free(source->config);
	once_fini(&source->refused_targets);
	once_fini(&source->moved);
	free(source->authorization);
	free(source->accept);
	free(source->name);
	free(source);
}

static char *header(const char *name, const char *value)
{
	char *text;

	return asprintf(&text, "%s: %s", name, value) < 0 ? NULL : text;
}

static enum status connect_source(struct source *source, struct err *err)
{
	const struct http_options options = {
		.concurrency = FETCH_CONNECTIONS,
		.body_max_bytes = FETCH_BODY_BYTES,
		.timeout_ms = source->engine->context->checking ? CHECK_TIMEOUT_MS : 0};
	const char *accept = source->info.accept ? source->info.accept : "application/json";

	source->accept = header("Accept", accept);
	if (source->info.authorization) {
		const char *name = source->info.authorization_header;

		log_secret(source->info.authorization);
		source->authorization = header(name ? name : "Authorization", source->info.authorization);
	}
	if (!source->accept || (source->info.authorization && !source->authorization)) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	return http_new(&source->http, source->engine->context->loop, &options, err);
}

static enum status read_section(struct source *source, const struct config *config,
				const struct config_section *section, struct err *err)
{
	const struct fetcher *fetcher = source->engine->fetcher;
	enum status status;

	source->name = strdup(section->name);
	source->config = calloc(1, fetcher->config_size);
	if (!source->name || !source->config) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	source->built = count_builds(source->name);
	status = config_read(config, section, fetcher->rows, source->config, err);
	if (status == OK) {
		status = fetcher->source(source->config, source->buffer, sizeof source->buffer, &source->info,
					 err);
	}
	return status == OK ? connect_source(source, err) : status;
}

static enum status source_new(struct engine *engine, const struct config *config,
			      const struct config_section *section, struct source **out, struct err *err)
{
	struct source *source = calloc(1, sizeof *source);
	enum status status;

	*out = NULL;
	if (!source) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	source->engine = engine;
	budget_init(&source->budget);
	status = read_section(source, config, section, err);
	if (status != OK) {
		source_free(source);
		return status;
	}
	*out = source;
	return OK;
}

static bool is_ours(const struct engine *engine, const struct config_section *section)
{
	return section->side == SECTION_SOURCE && strcmp(section->kind, engine->fetcher->name) == 0;
}

static void add(struct engine *engine, struct source *source)
{
	source->next = engine->sources;
	engine->sources = source;
}

enum status sources_open(struct engine *engine, const struct config *config, struct err *err)
{
	for (size_t i = 0; i < config->section_count; i++) {
		struct source *source;
		enum status status;

		if (!is_ours(engine, &config->sections[i])) {
			continue;
		}
		status = source_new(engine, config, &config->sections[i], &source, err);
		if (status != OK) {
			return status;
		}
		add(engine, source);
	}
	if (engine->sources) {
		return OK;
	}
	engine->context->unwanted = true;
	return err_set(err, ERR_CONFIG, "%s: no `%s:` under `sources:`; add one, or don't start this fetcher",
		       config->path, engine->fetcher->name);
}

/* What was learnt about the provider is true for the new form as well. */
static void take_over(struct source *fresh, struct source *old)
{
	fresh->budget = old->budget;
	fresh->worked = old->worked;
	old->retired = true;
}

static void reload_section(struct engine *engine, const struct config *config,
			   const struct config_section *section)
{
	struct source *old = source_find(engine, text_of(section->name)), *fresh;
	struct err err;

	if (source_new(engine, config, section, &fresh, &err) != OK) {
		err_append(&err, "; the old source stays");
		log_error("fetch.reload_failed", STR("source", section->name), STR("why", err.text));
		return;
	}
	if (old) {
		take_over(fresh, old);
	}
	add(engine, fresh);
}

static bool is_named(const struct engine *engine, const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->section_count; i++) {
		if (is_ours(engine, &config->sections[i]) && strcmp(config->sections[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

void sources_reload(struct engine *engine, const struct config *config)
{
	struct source *next;

	for (struct source *source = engine->sources; source; source = next) {
		next = source->next;
		if (!source->retired && !is_named(engine, config, source->name)) {
			source->retired = true;
		}
	}
	for (size_t i = 0; i < config->section_count; i++) {
		if (is_ours(engine, &config->sections[i])) {
			reload_section(engine, config, &config->sections[i]);
		}
	}
}

void sources_free(struct engine *engine)
{
	struct source *next;

	for (struct source *source = engine->sources; source; source = next) {
		next = source->next;
		source_free(source);
	}
	engine->sources = NULL;
}

struct source *source_find(struct engine *engine, struct text name)
{
	for (struct source *source = engine->sources; source; source = source->next) {
		if (!source->retired && text_is(name, source->name)) {
			return source;
		}
	}
	return NULL;
}

void sources_reap(struct engine *engine)
{
	struct source **at = &engine->sources;

	while (*at) {
		struct source *source = *at;

		if (source->retired && source->visits == 0) {
			*at = source->next;
			source_free(source);
		} else {
			at = &source->next;
		}
	}
}
