/* The hub's metrics: docs/metrics.md. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/numbers.h"
#include "common/metrics.h"
#include "normalizer/problems.h"
#include "normalizer/runs.h"
#include "normalizer/targets.h"

void numbers_open(struct hub *hub)
{
	struct hub_counts *counts = &hub->counts;
	const struct metrics_row rows[] = {
		{metrics_counter, "buildbus_hub_publishes_total", "Publishes taken.", &counts->publishes},
		{metrics_counter, "buildbus_hub_records_total", "Records logged: new or changed builds.",
		 &counts->changed},
		{metrics_counter, "buildbus_hub_unchanged_total", "Raw builds whose record had not changed.",
		 &counts->unchanged},
		{metrics_counter, "buildbus_hub_stale_total", "Raw builds older than what was known.",
		 &counts->stale},
		{metrics_counter, "buildbus_hub_dead_letters_total", "Dead letters written.", &counts->dead},
		{metrics_counter, "buildbus_hub_commits_total", "Durable commits.", &counts->commits},
		{metrics_counter, "buildbus_hub_rollbacks_total", "Commits that failed.", &counts->rollbacks},
		{metrics_counter, "buildbus_hub_sent_total", "Records sent to sinks and readers.",
		 &counts->sent},
		{metrics_counter, "buildbus_hub_acked_total", "Log positions acknowledged by sinks.",
		 &counts->acked},
		{metrics_counter, "buildbus_hub_unknown_words_total",
		 "Words of providers that the tables don't know.", &counts->unknown_words},
		{metrics_counter, "buildbus_hub_unreadable_details_total",
		 "Details of builds that are there and make no sense.", &counts->unreadable},
		{metrics_counter, "buildbus_hub_details_given_up_total",
		 "Details of builds that could not be had in many tries.", &counts->given_up},
		{metrics_gauge, "buildbus_hub_details_owed",
		 "Finished builds whose details are still to come.", &counts->owed},
		{metrics_gauge, "buildbus_hub_head", "Newest position of the log.", &counts->head},
		{metrics_gauge, "buildbus_hub_builds", "Builds known.", &counts->builds},
		{metrics_gauge, "buildbus_hub_leases", "Targets being visited.", &counts->leases},
		{metrics_gauge, "buildbus_hub_sessions", "Readers attached to the feed.", &counts->sessions},
		{metrics_gauge, "buildbus_hub_taking", "1: the hub takes builds, 0: the disk is short.",
		 &counts->taking},
		{metrics_counter, "buildbus_hub_tapped_total", "Records published on the tap.",
		 &counts->tapped},
		{metrics_gauge, "buildbus_hub_open", "Builds that have not finished.", &counts->open},
		{metrics_gauge, "buildbus_hub_orphans",
		 "Of them those that nobody asks for: of pipelines that are no longer configured.",
		 &counts->orphans},
		{metrics_gauge, "buildbus_hub_dead_letters", "Dead letters that are there.",
		 &counts->letters},
		{metrics_gauge, "buildbus_hub_stuck", "Places where nothing moves (docs/operations.md).",
		 &counts->stuck},
		{metrics_gauge, "buildbus_hub_disk_free_bytes", "Free on the disk of the state.",
		 &counts->free},
		{metrics_gauge, "buildbus_hub_disk_min_free_bytes", "With less nothing is taken.",
		 &counts->min_free},
		{metrics_gauge, "buildbus_hub_db_bytes", "Size of hub.db and its WAL.", &counts->db},
		{metrics_gauge, "buildbus_hub_wal_bytes", "Size of the WAL.", &counts->wal},
		{metrics_gauge, "buildbus_hub_db_spare_bytes", "Of hub.db, free for new rows.",
		 &counts->spare},
		{metrics_gauge_ms, "buildbus_hub_slice_max_seconds",
		 "The longest slice of retention in the last minute.", &counts->slice},
		METRICS_END,
	};

	metrics_table(rows, NULL);
	metrics_on_collect(numbers_collect, hub);
}

static void read_counters(const struct hub *hub, int64_t counters[static MINUTE_COUNTS])
{
	counters[MINUTE_PUBLISHES] = *hub->counts.publishes;
	counters[MINUTE_CHANGED] = *hub->counts.changed;
	counters[MINUTE_UNCHANGED] = *hub->counts.unchanged;
	counters[MINUTE_STALE] = *hub->counts.stale;
	counters[MINUTE_SENT] = *hub->counts.sent;
	counters[MINUTE_ACKED] = *hub->counts.acked;
	counters[MINUTE_ROLLBACKS] = *hub->counts.rollbacks;
}

void numbers_note(struct hub *hub)
{
	int64_t counters[MINUTE_COUNTS];

	read_counters(hub, counters);
	minute_note(&hub->minute, now_ms(), counters);
}

void numbers_minute(const struct hub *hub, int64_t growth[static MINUTE_COUNTS])
{
	int64_t counters[MINUTE_COUNTS];

	read_counters(hub, counters);
	minute_growth(&hub->minute, now_ms(), counters, growth);
}

void numbers_error(struct hub *hub, const char *code, const char *detail)
{
	hub->refused++;
	refusals_note(&hub->refusals, code, detail, wall_ms());
	++*metrics_counter("buildbus_hub_errors_total", "Requests answered with an error.",
			   LABELS("code", code));
}

static void collect_source(const struct source_state *state)
{
	const char *const *labels = LABELS("source", state->source->name);

	*metrics_gauge("buildbus_hub_source_targets", "Targets that are visited.", labels) = state->targets;
	*metrics_gauge("buildbus_hub_source_due", "Targets that are due and wait.", labels) = state->due;
	*metrics_gauge("buildbus_hub_source_failing", "Targets whose last visit failed.", labels) =
		state->failing;
	*metrics_gauge("buildbus_hub_source_visits", "Visits that run.", labels) = state->visits;
	*metrics_gauge("buildbus_hub_source_open", "Builds that have not finished.", labels) = state->open;
	*metrics_gauge("buildbus_hub_source_workers", "Workers that share its budget.", labels) =
		(int64_t)state->source->share_count;
	*metrics_gauge_ms("buildbus_hub_source_overdue_seconds",
			  "How long the target that waits longest has been due.", labels) = state->overdue_ms;
	*metrics_gauge_ms("buildbus_hub_source_asked_seconds",
			  "Time since a worker of its provider asked for work.", labels) =
		state->visits > 0 ? 0 : state->asked_ms_ago;
	if (state->source->budget_per_min >= 0) {
		*metrics_gauge("buildbus_hub_source_budget_per_minute",
			       "Requests a minute that the provider allows to all its workers.", labels) =
			state->source->budget_per_min;
	}
}

static void collect_sink(const struct sink_state *sink)
{
	const char *const *labels = LABELS("sink", sink->name);

	*metrics_gauge("buildbus_hub_sink_attached", "1: the sink is there.", labels) = sink->attached;
	*metrics_gauge("buildbus_hub_sink_lapsed", "1: the log does not wait for it any more.", labels) =
		sink->lapsed;
	*metrics_gauge("buildbus_hub_sink_missed", "Versions that were trimmed before it had them.", labels) =
		sink->missed;
	*metrics_gauge("buildbus_hub_sink_dead_letters", "Its dead letters.", labels) = sink->dead;
	*metrics_gauge("buildbus_hub_sink_lag_records", "Log positions that a sink has not acknowledged.",
		       labels) = sink->lag_records;
	*metrics_gauge_ms("buildbus_hub_sink_lag_seconds", "Age of the oldest one.", labels) = sink->lag_ms;
	*metrics_gauge_ms("buildbus_hub_sink_still_seconds",
			  "How long it is attached and behind and has confirmed nothing.", labels) =
		sink->still_ms;
	*metrics_gauge_ms("buildbus_hub_sink_seen_seconds", "Time since it was there.", labels) =
		sink->seen_ms_ago;
}

static void collect_disk(struct hub *hub, const struct overview *overview)
{
	*hub->counts.free = overview->free_bytes;
	*hub->counts.min_free = hub->context->config.bus.min_free_bytes;
	*hub->counts.db = overview->db_bytes;
	*hub->counts.wal = overview->wal_bytes;
	*hub->counts.spare = overview->spare_bytes;
}

/* Sources and sinks come and go. */
static void drop_gone(void)
{
	static const char *const families[] = {
		"buildbus_hub_source_targets",
		"buildbus_hub_source_due",
		"buildbus_hub_source_failing",
		"buildbus_hub_source_visits",
		"buildbus_hub_source_open",
		"buildbus_hub_source_workers",
		"buildbus_hub_source_overdue_seconds",
		"buildbus_hub_source_asked_seconds",
		"buildbus_hub_source_budget_per_minute",
		"buildbus_hub_sink_attached",
		"buildbus_hub_sink_lapsed",
		"buildbus_hub_sink_missed",
		"buildbus_hub_sink_dead_letters",
		"buildbus_hub_sink_lag_records",
		"buildbus_hub_sink_lag_seconds",
		"buildbus_hub_sink_still_seconds",
		"buildbus_hub_sink_seen_seconds",
		"buildbus_hub_problems",
	};

	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		metrics_drop(families[i]);
	}
}

static void collect_problems(struct hub *hub, const struct overview *overview)
{
	struct problems problems;
	int64_t stuck = 0;

	problems_find(hub, overview, &problems);
	for (size_t i = 0; i < problems.count; i++) {
		++*metrics_gauge("buildbus_hub_problems", "What `buildbus status` tells first, by its code.",
				 LABELS("code", problems.list[i].code));
		stuck += problems.list[i].stuck;
	}
	*hub->counts.stuck = stuck;
}

static void collect_all(struct hub *hub, const struct overview *overview)
{
	*hub->counts.owed = overview->owed;
	*hub->counts.open = overview->open;
	*hub->counts.orphans = overview->orphans;
	*hub->counts.letters = overview->dead;
	drop_gone();
	for (size_t i = 0; i < overview->source_count; i++) {
		collect_source(&overview->sources[i]);
	}
	for (size_t i = 0; i < overview->sink_count; i++) {
		collect_sink(&overview->sinks[i]);
	}
	collect_disk(hub, overview);
	collect_problems(hub, overview);
}

void numbers_collect(void *context)
{
	struct hub *hub = context;
	struct overview overview;
	struct err err;

	*hub->counts.head = hub->head;
	*hub->counts.builds = hub->builds;
	*hub->counts.leases = (int64_t)hub->lease_count;
	*hub->counts.sessions = (int64_t)hub->session_count;
	*hub->counts.taking = hub->taking;
	if (overview_read(hub, &overview, &err) == OK) {
		collect_all(hub, &overview);
	}
	overview_fini(&overview);
	runs_collect(hub);
}
