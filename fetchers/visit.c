/* A visit from its lease to its end. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/log.h"
#include "common/time.h"
#include "fetchers/backoff.h"
#include "fetchers/count.h"
#include "fetchers/redact.h"
#include "fetchers/redirect.h"

#include <stdio.h>
#include <stdlib.h>

#define FAILED_MAX_MS 600000 /* a target whose visits fail waits at most that long */
#define SPARE_BACKOFF 4      /* as after so many failures: up to 16 s */
#define REFUSED_MS    60000  /* one that an operator must repair, at first */
/* A lease that this worker can't use for now comes back so soon: another worker may, or this one after
 * SIGHUP.
 */
#define USELESS_DUE_MS 10000

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

bool visit_details(const struct visit *visit)
{
	return strcmp(visit->slug, DETAILS_SLUG) == 0;
}

bool visit_anew(const struct visit *visit)
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

bool visit_sync(const struct visit *visit)
{
	return visit->sync;
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

/* From here on nothing happens for this visit; its memory goes with the next reap. */
static void finish(struct visit *visit)
{
	struct engine *engine = visit->source->engine;

	visit->over = true;
	visit->lease = NULL;
	requests_drop(visit);
	if (engine->fetcher->stop) {
		engine->fetcher->stop(visit);
	}
	alarm_by(&engine->alarm, zclock_mono());
}

void visit_lose(struct visit *visit)
{
	count_visit(visit->source->name, "lost");
	log_warn("fetch.lost", STR("target", visit->lease->target));
	finish(visit);
}

static void give_back(struct visit *visit, int64_t next_due_ms)
{
	struct ingest_lease *lease = visit->lease;
	const struct budget *budget = &visit->source->budget;
	int64_t now = zclock_mono();
	const struct budget_window *window = budget_strictest(budget, now);

	lease->owner = NULL;
	finish(visit);
	ingest_allowance(lease, budget_per_min(budget));
	ingest_done(lease, next_due_ms, window ? window->remaining : -1,
		    window && window->reset_at_ms > now ? window->reset_at_ms - now : -1);
}

void visit_done(struct visit *visit, int64_t next_due_ms)
{
	struct source *source = visit->source;

	count_visit(source->name, "done");
	log_debug("fetch.visited", STR("target", visit->lease->target), NUM("requests", visit->requests),
		  NUM("builds", visit->builds), NUM("ms", visit_age_ms(visit)));
	/* One that had nothing to ask for tells nothing about the provider, a spare one nothing of the
	 * targets that the config names. */
	if (visit->requests > 0 && !visit->spare) {
		source->worked = true;
		source->refused = false;
		source->failures = source->refusals = 0;
	}
	if (once_end(&source->refused_targets, visit->slug)) {
		log_info("fetch.recovered", STR("target", visit->lease->target));
	}
	/* A live walk does not know a pipeline by the name that it had. */
	if (next_due_ms == VISIT_SETTLED && !visit->moved_from) {
		ingest_settled(visit->lease);
	}
	give_back(visit, next_due_ms < 0 ? source->info.poll_interval_ms : next_due_ms);
}

static bool all_refused(const struct engine *engine)
{
	for (const struct source *source = engine->sources; source; source = source->next) {
		if (source->worked ||
		    (!source->refused && source->refused_targets.count < source->info.targets)) {
			return false;
		}
	}
	return true;
}

/* An operator must act for this target. If nothing else works either, for the whole process. */
static void fail_for_good(struct visit *visit, const struct err *err)
{
	struct engine *engine = visit->source->engine;
	bool news = once_say(&visit->source->refused_targets, visit->slug, err->text);
	int64_t wait_ms = REFUSED_MS << (visit->source->refusals < 4 ? visit->source->refusals : 4);

	wait_ms = wait_ms > FAILED_MAX_MS ? FAILED_MAX_MS : wait_ms;
	visit->source->refusals++;
	if (visit->source->refused) {
		visit->source->refused_until_ms = zclock_mono() + wait_ms;
	}
	count_visit(visit->source->name, "refused");
	if (!engine->failed && all_refused(engine)) {
		engine->failed = true;
		engine->err = *err;
		wait_ms = 0; /* nobody is left to try in vain; once repaired it should start at once */
	} else {
		log_event(news ? LEVEL_ERROR : LEVEL_DEBUG, "fetch.refused",
			  (const struct log_field[]){STR("target", visit->lease->target),
						     STR("why", err->text), NUM("again_in_ms", wait_ms)},
			  3);
	}
	give_back(visit, visit->source->refused && wait_ms > USELESS_DUE_MS ? USELESS_DUE_MS : wait_ms);
}

/* Its failures say nothing of the others, nor do those of the others speak for it. */
static void fail_spare(struct visit *visit, const struct err *err)
{
	int64_t wait_ms = FAILED_MAX_MS;

	if (err->status != ERR_CONFIG) {
		wait_ms = visit->source->info.poll_interval_ms +
			  backoff_ms(SPARE_BACKOFF, SECOND_MS, FAILED_MAX_MS, backoff_random());
	}
	count_visit(visit->source->name, "failed");
	log_warn("fetch.spared", STR("target", visit->lease->target), STR("why", err->text),
		 NUM("again_in_ms", wait_ms));
	give_back(visit, wait_ms);
}

/* A random part of the time that nothing has worked for: however many targets wait, a provider that comes
 * back is read again within as long as it was away. */
static int64_t wait_after_failure(struct source *source)
{
	int64_t now = zclock_mono(), most_ms;

	if (source->failures++ == 0) {
		source->failing_since_ms = now;
	}
	most_ms = now - source->failing_since_ms;
	most_ms = most_ms < SECOND_MS ? SECOND_MS : most_ms > FAILED_MAX_MS ? FAILED_MAX_MS : most_ms;
	return source->info.poll_interval_ms + backoff_ms(0, most_ms, most_ms, backoff_random());
}

void visit_fail(struct visit *visit, const struct err *err)
{
	struct source *source = visit->source;
	int64_t wait_ms;

	ingest_why(visit->lease, err->text);
	if (visit->spare && !source->refused) {
		fail_spare(visit, err);
		return;
	}
	if (err->status == ERR_CONFIG) {
		fail_for_good(visit, err);
		return;
	}
	wait_ms = wait_after_failure(source);
	count_visit(source->name, "failed");
	log_warn("fetch.failed", STR("target", visit->lease->target), STR("why", err->text),
		 NUM("again_in_ms", wait_ms));
	give_back(visit, wait_ms);
}

void visits_end_all(struct engine *engine)
{
	for (struct visit *visit = engine->visits; visit; visit = visit->next) {
		if (!visit->over) {
			give_back(visit, 0);
		}
	}
	visits_reap(engine);
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
	budget_share(&source->budget, visit->started_ms, grant->budget_per_min);
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
