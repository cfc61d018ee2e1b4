/* A visit from its lease on, and what its provider may ask of it; visit_end.c: how it ends. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/log.h"
#include "fetchers/count.h"
#include "fetchers/redact.h"
#include "fetchers/redirect.h"

#include <stdio.h>
#include <stdlib.h>

void *visit_state(struct visit *visit)
{
	return visit->state;
}

const void *visit_config(const struct visit *visit)
{
	return visit->source->config;
}

const char *visit_slug(const struct visit *visit)
{
	return visit->slug;
}

struct text visit_cursor(const struct visit *visit)
{
	return (struct text){visit->cursor, visit->cursor_size};
}

size_t visit_due_count(const struct visit *visit)
{
	return visit->due_count;
}

const char *visit_due_key(const struct visit *visit, size_t index)
{
	return visit->due_keys[index];
}

bool visit_is_for_details(const struct visit *visit)
{
	return strcmp(visit->slug, DETAILS_SLUG) == 0;
}

bool visit_is_anew(const struct visit *visit)
{
	return visit->anew;
}

int64_t visit_newest(const struct visit *visit)
{
	return visit->newest;
}

int64_t visit_finished_from(const struct visit *visit)
{
	return visit->finished_from;
}

struct arena *visit_arena(struct visit *visit)
{
	return &visit->source->engine->arena;
}

struct arena *visit_scratch(struct visit *visit)
{
	return &visit->source->engine->scratch;
}

void visit_spare(struct visit *visit)
{
	visit->spare = true;
}

int64_t visit_age_ms(const struct visit *visit)
{
	return zclock_mono() - visit->started_ms;
}

static void visit_free(struct visit *visit)
{
	for (size_t i = 0; visit->due_keys && i < visit->due_count; i++) {
		free(visit->due_keys[i]);
	}
	free(visit->due_keys);
	visit_details_free(&visit->details);
	redirect_forget(visit);
	free(visit->cursor);
	free(visit->slug);
	free(visit->state);
	free(visit);
}

void visits_reap(struct engine *engine)
{
	struct visit **at = &engine->visits;

	while (*at) {
		struct visit *visit = *at;

		if (!visit->over) {
			at = &visit->next;
			continue;
		}
		*at = visit->next;
		visit->source->visits--;
		visit_free(visit);
	}
}

static bool copy_due_keys(struct visit *visit, const struct ingest_grant *grant)
{
	visit->due_keys = calloc(grant->due_count + 1, sizeof *visit->due_keys);
	if (!visit->due_keys) {
		return false;
	}
	for (size_t i = 0; i < grant->due_count; i++) {
		visit->due_keys[i] = strndup(grant->due_keys[i].at, grant->due_keys[i].size);
		visit->due_count += visit->due_keys[i] != NULL;
		if (!visit->due_keys[i]) {
			return false;
		}
	}
	return true;
}

static bool copy_grant(struct visit *visit, const char *slug, const struct ingest_grant *grant)
{
	visit->slug = strdup(slug);
	visit->state = calloc(1, visit->source->engine->fetcher->visit_size + 1);
	visit->sync = grant->sync;
	visit->backfill = grant->backfill;
	visit->anew = grant->anew;
	visit->newest = grant->newest;
	visit->finished_from = grant->finished_from;
	if (grant->cursor.at) {
		visit->cursor = malloc(grant->cursor.size + 1);
		visit->cursor_size = grant->cursor.size;
		if (!visit->cursor) {
			return false;
		}
		memcpy(visit->cursor, grant->cursor.at, grant->cursor.size);
	}
	return visit->slug && visit->state && copy_due_keys(visit, grant);
}

static struct source *source_of(struct engine *engine, const char *target, const char **slug)
{
	size_t length = strcspn(target, ":");

	*slug = target[length] ? target + length + 1 : target + length;
	return source_find(engine, (struct text){target, length});
}

static void start(struct visit *visit)
{
	struct err err = {0};
	enum status status = visit->source->engine->fetcher->start(visit, &err);

	if (status != OK && !visit->over) {
		visit_fail(visit, &err);
	}
}

bool visit_share(struct visit *visit, int64_t per_min)
{
	struct source *source = visit->source;
	int64_t before = source->budget.share_per_min;

	budget_share(&source->budget, zclock_mono(), per_min);
	count_share(source->name, per_min);
	if (source->budget.share_per_min == before) {
		return false;
	}
	log_debug("fetch.share", STR("source", source->name), NUM("per_min", per_min));
	return true;
}

void visit_open(struct engine *engine, struct ingest_lease *lease, const struct ingest_grant *grant)
{
	const char *slug;
	struct source *source = source_of(engine, lease->target, &slug);
	struct visit *visit;

	if (!source) {
		log_warn("fetch.unknown_source", STR("target", lease->target),
			 STR("why",
			     "this worker's config has no such source; give all workers the same file"));
		ingest_why(lease, "the worker's configuration has no such source");
		ingest_done(lease, USELESS_DUE_MS, -1, -1);
		return;
	}
	if (source->refused_until_ms > zclock_mono()) {
		ingest_why(lease, "the provider refused the token a moment ago");
		ingest_done(lease, USELESS_DUE_MS, -1, -1);
		return;
	}
	visit = calloc(1, sizeof *visit);
	if (!visit) {
		ingest_done(lease, USELESS_DUE_MS, -1, -1);
		return;
	}
	*visit = (struct visit){
		.next = engine->visits, .source = source, .lease = lease, .started_ms = zclock_mono()};
	visit->turn_ms = visit->started_ms;
	source->visits++;
	engine->visits = visit;
	lease->owner = visit;
	visit_share(visit, grant->budget_per_min);
	if (!copy_grant(visit, slug, grant)) {
		visit_fail(visit, &(struct err){.status = ERR_SYS, .text = "out of memory for a visit"});
		return;
	}
	start(visit);
}

enum status visit_build(struct visit *visit, const struct visit_build *build, struct err *err)
{
	char url[2048];
	size_t size = build->url ? (size_t)snprintf(url, sizeof url, "%s", build->url) : 0;
	struct raw raw = {
		.provider = text_of(visit->source->engine->fetcher->name),
		.source = text_of(visit->source->name),
		.kind = build->oversize  ? RAW_OVERSIZE
			: build->json.at ? RAW_BUILD
					 : RAW_GONE,
		.key = text_of(build->key),
		.observed_at = build->observed_at,
		.origin = build->origin,
		.body = build->json,
	};

	if (size > 0 && size < sizeof url) {
		raw.url = (struct text){url, redact_url(url, size)};
	}
	visit->builds++;
	visit->source->engine->builds++;
	++*visit->source->built;
	return ingest_add(visit->lease, &raw, err);
}

enum status visit_page(struct visit *visit, struct text cursor, struct err *err)
{
	return ingest_cut(visit->lease, cursor, err);
}

enum status visit_targets(struct visit *visit, const struct text *slugs, size_t count, struct err *err)
{
	return ingest_targets(visit->lease, slugs, count, err);
}
