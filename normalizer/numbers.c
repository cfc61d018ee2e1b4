/* The hub's metrics: docs/metrics.md. */
/* SPDX-License-Identifier: MIT */
#include "common/metrics.h"
#include "normalizer/hub.h"

#include <sys/statvfs.h>

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

static int64_t count_owed(struct hub *hub)
{
	sqlite3_stmt *row;
	struct err err;
	int64_t count = 0;

	if (db_query(&hub->db, SQL_READ_OWED, &row, &err, "") == OK && row) {
		count = sqlite3_column_int64(row, 0);
	}
	db_done(&hub->db, SQL_READ_OWED);
	return count;
}

void numbers_collect(void *context)
{
	struct hub *hub = context;
	sqlite3_stmt *row;
	struct err err;

	*hub->counts.head = hub->head;
	*hub->counts.builds = hub->builds;
	*hub->counts.leases = (int64_t)hub->lease_count;
	*hub->counts.sessions = (int64_t)hub->session_count;
	*hub->counts.taking = hub->taking;
	*hub->counts.owed = count_owed(hub);
	if (db_query(&hub->db, SQL_READ_SINKS, &row, &err, "i", (int64_t)1000) == OK) {
		while (row) {
			struct text name = db_text(row, 0);
			char sink[128];

			snprintf(sink, sizeof sink, "%.*s", TEXT_FMT(name));
			*metrics_gauge("buildbus_hub_sink_lag_records",
				       "Log positions that a sink has not acknowledged.",
				       LABELS("sink", sink)) = hub->head - sqlite3_column_int64(row, 1);
			*metrics_gauge_ms("buildbus_hub_sink_lag_seconds", "Age of the oldest one.",
					  LABELS("sink", sink)) =
				sqlite3_column_type(row, 5) == SQLITE_NULL
					? 0
					: wall_ms() - sqlite3_column_int64(row, 5);
			if (db_next(&hub->db, &row, &err) != OK) {
				break;
			}
		}
	}
	db_done(&hub->db, SQL_READ_SINKS);
}
