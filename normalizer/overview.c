/* SPDX-License-Identifier: MIT */
#include "normalizer/overview.h"
#include "normalizer/lease.h"
#include "normalizer/session.h"
#include "normalizer/targets.h"
#include "normalizer/upkeep.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

static struct source_state *source_state(struct overview *overview, struct text name)
{
	for (size_t i = 0; i < overview->source_count; i++) {
		if (text_is(name, overview->sources[i].source->name)) {
			return &overview->sources[i];
		}
	}
	return NULL;
}

static int64_t ago(int64_t at)
{
	int64_t now = wall_ms();

	return at < now ? now - at : 0;
}

/* Columns of SQL_READ_SOURCES. Nothing is overdue for the time in which the hub did not run. */
static void take_targets(struct hub *hub, struct overview *overview, sqlite3_stmt *row)
{
	struct source_state *state = source_state(overview, db_text(row, 0));
	int64_t first_due = sqlite3_column_int64(row, 3);

	if (!state) {
		return;
	}
	state->targets = sqlite3_column_int64(row, 1);
	state->due = sqlite3_column_int64(row, 2);
	if (state->due > 0) {
		state->overdue_ms = ago(first_due > hub->opened_ms ? first_due : hub->opened_ms);
	}
	state->failing = sqlite3_column_int64(row, 4);
	if (state->failing > 0) {
		snprintf(state->failing_name, sizeof state->failing_name, "%.*s", TEXT_FMT(db_text(row, 5)));
		snprintf(state->failing_why, sizeof state->failing_why, "%.*s", TEXT_FMT(db_text(row, 6)));
	}
}

/* Columns of SQL_READ_OPEN: open builds by source; null: of targets that are visited no more. */
static void take_open(struct hub *hub, struct overview *overview, sqlite3_stmt *row)
{
	struct text name = db_text(row, 0);
	int64_t count = sqlite3_column_int64(row, 1);
	struct source_state *state = name.at ? source_state(overview, name) : NULL;

	(void)hub;
	overview->open += count;
	if (state) {
		state->open = count;
	} else {
		overview->orphans += count;
	}
}

static const struct session *session_of_sink(const struct hub *hub, const char *name)
{
	for (size_t i = 0; i < hub->session_count; i++) {
		if (hub->sessions[i].name && strcmp(hub->sessions[i].name, name) == 0) {
			return &hub->sessions[i];
		}
	}
	return NULL;
}

static bool is_configured(const struct hub *hub, const char *name)
{
	const struct config *config = &hub->context->config;

	for (size_t i = 0; i < config->section_count; i++) {
		if (config->sections[i].side == SECTION_DESTINATION &&
		    strcmp(config->sections[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static int64_t still_for(const struct session *session, int64_t lag_ms)
{
	int64_t still = session ? passed_ms() - session->moved_ms : 0;

	return still < lag_ms ? still : lag_ms;
}

/* Columns of SQL_READ_SINKS. */
static void take_sink(struct hub *hub, struct overview *overview, sqlite3_stmt *row)
{
	struct sink_state *sink = &overview->sinks[overview->sink_count];
	struct text name = db_text(row, 0);
	const struct session *session;

	if (overview->sink_count == OVERVIEW_SINKS_MAX || !(sink->name = strndup(name.at, name.size))) {
		return;
	}
	overview->sink_count++;
	session = session_of_sink(hub, sink->name);
	sink->attached = session;
	sink->configured = is_configured(hub, sink->name);
	sink->position = sqlite3_column_int64(row, 1);
	sink->lag_records = hub->head - sink->position;
	sink->seen_ms_ago = session ? 0 : ago(sqlite3_column_int64(row, 2));
	sink->lapsed = sqlite3_column_type(row, 3) != SQLITE_NULL;
	sink->lapsed_ms_ago = sink->lapsed ? ago(sqlite3_column_int64(row, 3)) : 0;
	sink->dead = sqlite3_column_int64(row, 4);
	sink->lag_ms = sqlite3_column_type(row, 5) != SQLITE_NULL ? ago(sqlite3_column_int64(row, 5)) : 0;
	sink->missed = sqlite3_column_int64(row, 6);
	sink->still_ms = still_for(session, sink->lag_ms);
}

static enum status each_row(struct hub *hub, struct overview *overview, enum sql which, int64_t argument,
			    void (*take)(struct hub *, struct overview *, sqlite3_stmt *), struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, which, &row, err, "i", argument);

	while (status == OK && row) {
		take(hub, overview, row);
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, which);
	return status;
}

static enum status read_count(struct hub *hub, enum sql which, int64_t *count, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, which, &row, err, "");

	*count = row ? sqlite3_column_int64(row, 0) : 0;
	db_done(&hub->db, which);
	return status;
}

static int64_t pragma(struct hub *hub, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t value = 0;

	if (sqlite3_prepare_v2(hub->db.read, sql, -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW) {
		value = sqlite3_column_int64(row, 0);
	}
	sqlite3_finalize(row);
	return value;
}

static void read_disk(struct hub *hub, struct overview *overview)
{
	struct statvfs disk = {0};
	struct stat file = {0};

	statvfs(hub->context->config.bus.hub_dir, &disk);
	stat(sqlite3_db_filename(hub->db.write, "main"), &file);
	overview->free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	overview->wal_bytes = wal_bytes(hub);
	overview->db_bytes = file.st_size + overview->wal_bytes;
	overview->spare_bytes = pragma(hub, "PRAGMA freelist_count") * pragma(hub, "PRAGMA page_size");
}

static enum status allocate(struct hub *hub, struct overview *overview, struct err *err)
{
	overview->sources = calloc(hub->source_count + 1, sizeof *overview->sources);
	overview->sinks = calloc(OVERVIEW_SINKS_MAX + 1, sizeof *overview->sinks);
	if (!overview->sources || !overview->sinks) {
		return err_set(err, ERR_SYS, "out of memory for the status");
	}
	overview->source_count = hub->source_count;
	for (size_t i = 0; i < hub->source_count; i++) {
		struct source *source = &hub->sources[i];
		int64_t since = source->claimed_ms > 0 ? source->claimed_ms : hub->opened_passed_ms;

		overview->sources[i] =
			(struct source_state){.source = source, .asked_ms_ago = passed_ms() - since};
	}
	for (size_t i = 0; i < hub->lease_count; i++) {
		struct source_state *state = source_state(overview, text_of(hub->leases[i].source));

		if (state) {
			state->visits++;
		}
	}
	return OK;
}

enum status overview_read(struct hub *hub, struct overview *overview, struct err *err)
{
	enum status status;

	*overview = (struct overview){0};
	if ((status = allocate(hub, overview, err)) != OK ||
	    (status = each_row(hub, overview, SQL_READ_SOURCES, wall_ms(), take_targets, err)) != OK ||
	    (status = each_row(hub, overview, SQL_READ_OPEN, 1, take_open, err)) != OK ||
	    (status = each_row(hub, overview, SQL_READ_SINKS, OVERVIEW_SINKS_MAX, take_sink, err)) != OK ||
	    (status = read_count(hub, SQL_READ_OWED, &overview->owed, err)) != OK ||
	    (status = read_count(hub, SQL_DEAD_COUNT, &overview->dead, err)) != OK) {
		return status;
	}
	read_disk(hub, overview);
	return OK;
}

void overview_fini(struct overview *overview)
{
	for (size_t i = 0; i < overview->sink_count; i++) {
		free(overview->sinks[i].name);
	}
	free(overview->sinks);
	free(overview->sources);
	*overview = (struct overview){0};
}
