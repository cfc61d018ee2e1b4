/* SPDX-License-Identifier: MIT */
#include "normalizer/problems.h"
#include "common/time.h"
#include "normalizer/lease.h"
#include "normalizer/numbers.h"
#include "normalizer/targets.h"

#include <stdarg.h>

#define QUIET_MS  60000  /* shorter than that is no news: a restart, a full batch */
#define BEHIND_MS 300000 /* slower than it comes in */
#define POLLS     10     /* a target that is due so many poll_intervals late */
#define VISIT_MS  900000 /* a visit that brings nothing for so long */
#define WAL_MAX   (96 << 20)
#define RECENT_MS 60000 /* what the hub refused in the last minute */
#define LOW_TIMES 2     /* of min_free: soon nothing will be taken */

struct span {
	char text[32];
};

static struct span span(int64_t ms)
{
	struct span span;

	duration_format(ms, span.text);
	return span;
}

static void add(struct problems *problems, bool stuck, const char *code, const char *where, int64_t for_ms,
		const char *format, ...) PRINTF(6, 7);

static void add(struct problems *problems, bool stuck, const char *code, const char *where, int64_t for_ms,
		const char *format, ...)
{
	struct problem *problem = &problems->list[problems->count];
	va_list values;

	if (problems->count == PROBLEMS_MAX) {
		problems->cut = true;
		return;
	}
	problems->count++;
	*problem = (struct problem){.stuck = stuck, .code = code, .for_ms = for_ms};
	snprintf(problem->where, sizeof problem->where, "%s", where);
	va_start(values, format);
	vsnprintf(problem->text, sizeof problem->text, format, values);
	va_end(values);
}

static void find_disk(struct hub *hub, const struct overview *overview, struct problems *problems)
{
	int64_t least = hub->context->config.bus.min_free_bytes;

	if (!hub->taking) {
		add(problems, true, "disk_full", "hub", passed_ms() - hub->short_ms,
		    "%s; nothing is lost, fetchers wait", hub->not_taking);
	} else if (overview->free_bytes < LOW_TIMES * least) {
		add(problems, false, "disk_low", "hub", -1,
		    "%lld MiB are free; under %lld MiB (bus.min_free) nothing is taken in any more",
		    (long long)overview->free_bytes >> 20, (long long)least >> 20);
	}
	if (overview->wal_bytes > WAL_MAX) {
		add(problems, false, "wal", "hub", -1,
		    "hub.db-wal has %lld MiB: another program keeps a transaction on hub.db open",
		    (long long)overview->wal_bytes >> 20);
	}
}

static void find_hub(struct hub *hub, const struct overview *overview, struct problems *problems)
{
	int64_t growth[MINUTE_COUNTS];

	numbers_minute(hub, growth);
	if (growth[MINUTE_ROLLBACKS] > 0) {
		add(problems, hub->batch.failed, "commit", "hub", -1,
		    "%lld commits failed in the last minute%s: hub.rollback in its log says why",
		    (long long)growth[MINUTE_ROLLBACKS], hub->batch.failed ? "" : ", and it goes on");
	}
	if (hub->targets_pending) {
		add(problems, false, "reload", "hub", -1,
		    "the sources of the new configuration could not be stored yet");
	}
	if (hub->jump.ms > 0) {
		add(problems, false, "clock", "hub", wall_ms() - hub->jump.at,
		    "the clock went forward by %s; nothing is trimmed sooner for it",
		    span(hub->jump.ms).text);
	}
	if (overview->orphans > 0) {
		add(problems, false, "orphans", "hub", -1,
		    "%lld open builds belong to pipelines that the configuration no longer names: they stay "
		    "as they are",
		    (long long)overview->orphans);
	}
	if (overview->dead > 0) {
		add(problems, false, "dead_letters", "hub", -1,
		    "%lld dead letters: `buildbus dead list` says why", (long long)overview->dead);
	}
}

static void find_source(struct hub *hub, const struct source_state *state, struct problems *problems)
{
	const struct source *source = state->source;
	int64_t late = POLLS * source->poll_ms > BEHIND_MS ? POLLS * source->poll_ms : BEHIND_MS;

	if (hub->taking && state->targets > 0 && state->visits == 0 && state->asked_ms_ago >= QUIET_MS) {
		add(problems, true, "no_fetcher", source->name, state->asked_ms_ago,
		    "no fetcher asks for work: start buildbus-fetch-%s", source->provider);
	} else if (hub->taking && state->overdue_ms >= late) {
		add(problems, false, "overdue", source->name, state->overdue_ms,
		    "%lld of %lld targets wait for their visit, the first for %s; %lld are visited: the "
		    "provider's "
		    "budget is spent, or it takes more fetchers",
		    (long long)state->due, (long long)state->targets, span(state->overdue_ms).text,
		    (long long)state->visits);
	}
	if (state->failing > 0) {
		add(problems, state->failing >= state->targets, "failing", source->name, -1,
		    "the last visit failed for %lld of %lld targets, %s: %s", (long long)state->failing,
		    (long long)state->targets, state->failing_name, state->failing_why);
	}
}

static void find_visits(struct hub *hub, struct problems *problems)
{
	for (size_t i = 0; i < hub->lease_count; i++) {
		const struct lease *lease = &hub->leases[i];
		int64_t still = passed_ms() - lease->moved_ms;

		if (still >= VISIT_MS) {
			add(problems, false, "visit", lease->target, still,
			    "%s visits it and has brought nothing for %s: it waits for the provider, or "
			    "hangs",
			    lease->worker, span(still).text);
		}
	}
}

static void find_sink(const struct sink_state *sink, struct problems *problems)
{
	if (!sink->attached && sink->seen_ms_ago >= QUIET_MS) {
		add(problems, true, "absent", sink->name, sink->seen_ms_ago,
		    "it is not there, %lld records wait for it%s: start it, or `buildbus sinks forget %s`",
		    (long long)sink->lag_records,
		    sink->configured ? "" : "; no configuration that this hub reads names it", sink->name);
	} else if (sink->attached && sink->lag_records > 0 && sink->still_ms >= QUIET_MS) {
		add(problems, true, "still", sink->name, sink->still_ms,
		    "it is there and confirms nothing, %lld records wait: its destination fails, its log "
		    "says why",
		    (long long)sink->lag_records);
	} else if (sink->attached && sink->lag_ms >= BEHIND_MS) {
		add(problems, false, "behind", sink->name, sink->lag_ms,
		    "it is %lld records behind, and goes on", (long long)sink->lag_records);
	}
	if (sink->lapsed) {
		add(problems, false, "lapsed", sink->name, sink->lapsed_ms_ago,
		    "the log no longer waits for it: %lld intermediate versions are gone for it, the newest "
		    "of each "
		    "build stays",
		    (long long)sink->missed);
	}
}

/* Destinations that the hub has never seen. */
static void find_strangers(struct hub *hub, const struct overview *overview, struct problems *problems)
{
	const struct config *config = &hub->context->config;
	int64_t up = passed_ms() - hub->opened_passed_ms;

	for (size_t i = 0; i < config->section_count && up >= QUIET_MS && !hub->held; i++) {
		const struct config_section *section = &config->sections[i];
		bool known = section->side != SECTION_DESTINATION;

		for (size_t k = 0; k < overview->sink_count && !known; k++) {
			known = strcmp(overview->sinks[k].name, section->name) == 0;
		}
		if (!known) {
			add(problems, true, "never_came", section->name, up,
			    "it is configured and was never here: start buildbus-sink-%s", section->kind);
		}
	}
}

/* What a peer does right never gets these. */
static bool is_wrong(const char *code)
{
	static const char *const wrong[] = {"version",  "command",  "malformed",
					    "oversize", "internal", "denied"};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (strcmp(code, wrong[i]) == 0) {
			return true;
		}
	}
	return false;
}

static void find_refusals(struct hub *hub, struct problems *problems)
{
	for (int i = 0; i < hub->refusals.count; i++) {
		const struct refusal *refusal = &hub->refusals.list[i];
		int64_t since = wall_ms() - refusal->at_ms;

		if (is_wrong(refusal->code) && since < RECENT_MS) {
			add(problems, false, "refused", "hub", -1,
			    "requests are refused as `%s`, %lld so far: %s", refusal->code,
			    (long long)refusal->count, refusal->detail);
		}
	}
}

static void stuck_first(struct problems *problems)
{
	struct problem sorted[PROBLEMS_MAX];
	size_t count = 0;

	for (int stuck = 1; stuck >= 0; stuck--) {
		for (size_t i = 0; i < problems->count; i++) {
			if (problems->list[i].stuck == stuck) {
				sorted[count++] = problems->list[i];
			}
		}
	}
	memcpy(problems->list, sorted, count * sizeof *sorted);
}

void problems_find(struct hub *hub, const struct overview *overview, struct problems *problems)
{
	problems->count = 0;
	problems->cut = false;
	find_disk(hub, overview, problems);
	find_strangers(hub, overview, problems);
	for (size_t i = 0; i < overview->sink_count; i++) {
		find_sink(&overview->sinks[i], problems);
	}
	for (size_t i = 0; i < overview->source_count; i++) {
		find_source(hub, &overview->sources[i], problems);
	}
	find_visits(hub, problems);
	find_hub(hub, overview, problems);
	find_refusals(hub, problems);
	stuck_first(problems);
}
