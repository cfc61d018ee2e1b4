/* How a visit ends: done, lost, failed, or refused until an operator acts; and when its target is due again.
 */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include "common/backoff.h"
#include "common/log.h"
#include "common/time.h"
#include "fetchers/count.h"

#define FAILED_MAX_MS 600000 /* a target whose visits fail waits at most that long */
#define SPARE_BACKOFF 4      /* as after so many failures: up to 16 s */
#define REFUSED_MS    60000  /* one that an operator must repair, at first */

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
			  backoff_ms(SPARE_BACKOFF, SECOND_MS, FAILED_MAX_MS);
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
	return source->info.poll_interval_ms + backoff_ms(0, most_ms, most_ms);
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
