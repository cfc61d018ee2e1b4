/* What `buildbus status` shows: a map, built from memory and a few indexed reads. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/hub.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#define ROWS_MAX   10000
#define STATUS_MAX (WIRE_HEAD_MAX - 8192) /* no row is bigger than the rest */

static void put_pair(struct wire_head *head, const char *key, int64_t value)
{
	wire_put_string(head, key);
	wire_put_int(head, value);
}

static void put_truth(struct wire_head *head, const char *key, bool value)
{
	wire_put_string(head, key);
	wire_put_bool(head, value);
}

static struct lease *lease_on(struct hub *hub, struct text target)
{
	for (size_t i = 0; i < hub->lease_count; i++) {
		if (text_is(target, hub->leases[i].target)) {
			return &hub->leases[i];
		}
	}
	return NULL;
}

static void put_lease(struct wire_head *head, const struct lease *lease)
{
	wire_put_string(head, "lease");
	if (!lease) {
		wire_put_nil(head);
		return;
	}
	wire_put_map(head, 4);
	wire_put_string(head, "worker");
	wire_put_string(head, lease->worker);
	put_pair(head, "fence", lease->fence);
	put_pair(head, "last", lease->last);
	put_pair(head, "age_ms", wall_ms() - lease->since_ms);
}

static void put_target(struct hub *hub, struct wire_head *head, sqlite3_stmt *row)
{
	struct text name = db_text(row, 0);

	wire_put_map(head, 7);
	wire_put_string(head, "target");
	wire_put_text(head, name);
	wire_put_string(head, "due_in_ms");
	if (sqlite3_column_type(row, 1) == SQLITE_NULL) {
		wire_put_nil(head);
	} else {
		wire_put_int(head, sqlite3_column_int64(row, 1) - wall_ms());
	}
	wire_put_string(head, "visited_ms_ago");
	if (sqlite3_column_type(row, 2) == SQLITE_NULL) {
		wire_put_nil(head);
	} else {
		wire_put_int(head, wall_ms() - sqlite3_column_int64(row, 2));
	}
	put_pair(head, "open", sqlite3_column_int64(row, 3));
	put_pair(head, "cursor_bytes", sqlite3_column_int64(row, 4));
	wire_put_string(head, "last_error");
	wire_put_text(head, db_text(row, 5));
	put_lease(head, lease_on(hub, name));
}

static bool attached(const struct hub *hub, struct text name)
{
	for (size_t i = 0; i < hub->session_count; i++) {
		if (hub->sessions[i].name && text_is(name, hub->sessions[i].name)) {
			return true;
		}
	}
	return false;
}

static void put_sink(struct hub *hub, struct wire_head *head, sqlite3_stmt *row)
{
	struct text name = db_text(row, 0);
	int64_t position = sqlite3_column_int64(row, 1);
	bool behind = sqlite3_column_type(row, 5) != SQLITE_NULL;

	wire_put_map(head, 8);
	wire_put_string(head, "name");
	wire_put_text(head, name);
	put_truth(head, "attached", attached(hub, name));
	put_pair(head, "position", position);
	put_pair(head, "lag_records", hub->head - position);
	put_pair(head, "lag_ms", behind ? wall_ms() - sqlite3_column_int64(row, 5) : 0);
	put_pair(head, "seen_ms_ago", wall_ms() - sqlite3_column_int64(row, 2));
	put_truth(head, "lapsed", sqlite3_column_type(row, 3) != SQLITE_NULL);
	put_pair(head, "dead", sqlite3_column_int64(row, 4));
}

/* A list of unknown length: rows are packed aside and counted. */
static enum status put_rows(struct hub *hub, struct wire_head *head, const char *key, enum sql which,
			    void (*put)(struct hub *, struct wire_head *, sqlite3_stmt *), bool *cut,
			    struct err *err)
{
	struct wire_head rows;
	uint32_t count = 0;
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, which, &row, err, "i", (int64_t)ROWS_MAX);

	msgpack_sbuffer_init(&rows.buffer);
	msgpack_packer_init(&rows.packer, &rows.buffer, msgpack_sbuffer_write);
	while (status == OK && row && head->buffer.size + rows.buffer.size < STATUS_MAX) {
		put(hub, &rows, row);
		count++;
		status = db_next(&hub->db, &row, err);
	}
	*cut |= row != NULL || count == ROWS_MAX;
	db_done(&hub->db, which);
	wire_put_string(head, key);
	wire_put_array(head, count);
	msgpack_sbuffer_write(&head->buffer, rows.buffer.data, rows.buffer.size);
	msgpack_sbuffer_destroy(&rows.buffer);
	return status;
}

static enum status count_of(struct hub *hub, enum sql which, int64_t *count, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, which, &row, err, "");

	*count = row ? sqlite3_column_int64(row, 0) : 0;
	db_done(&hub->db, which);
	return status;
}

static int64_t size_of(const char *file)
{
	struct stat info;

	return stat(file, &info) == 0 ? info.st_size : 0;
}

static void put_disk(struct hub *hub, struct wire_head *head)
{
	const char *file = sqlite3_db_filename(hub->db.write, "main");
	struct statvfs disk = {0};

	statvfs(hub->context->config.bus.hub_dir, &disk);
	wire_put_string(head, "disk");
	wire_put_map(head, 5);
	put_pair(head, "free_bytes", (int64_t)disk.f_bavail * (int64_t)disk.f_frsize);
	put_pair(head, "min_free_bytes", hub->context->config.bus.min_free_bytes);
	put_truth(head, "taking", hub->taking);
	put_pair(head, "db_bytes", size_of(file) + size_of(sqlite3_filename_wal(file)));
	wire_put_string(head, "why");
	wire_put_string(head, hub->taking ? NULL : hub->not_taking);
}

static void put_counts(struct hub *hub, struct wire_head *head)
{
	wire_put_string(head, "since_start");
	wire_put_map(head, 9);
	put_pair(head, "publishes", *hub->counts.publishes);
	put_pair(head, "changed", *hub->counts.changed);
	put_pair(head, "unchanged", *hub->counts.unchanged);
	put_pair(head, "stale", *hub->counts.stale);
	put_pair(head, "sent", *hub->counts.sent);
	put_pair(head, "acked", *hub->counts.acked);
	put_pair(head, "commits", *hub->counts.commits);
	put_pair(head, "rollbacks", *hub->counts.rollbacks);
	put_pair(head, "errors", hub->refused);
}

enum status status_map(struct hub *hub, struct wire_message *out, struct err *err)
{
	struct wire_head head;
	int64_t open = 0, dead = 0;
	bool cut = false; /* there are more rows than a head may hold */
	enum status status = count_of(hub, SQL_BUILD_OPEN_COUNT, &open, err);

	if (status == OK) {
		status = count_of(hub, SQL_DEAD_COUNT, &dead, err);
	}
	if (status != OK) {
		return status;
	}
	wire_begin(&head, "status", 1);
	wire_put_map(&head, 12);
	wire_put_string(&head, "version");
	wire_put_string(&head, BUILDBUS_VERSION);
	put_pair(&head, "epoch", hub->epoch);
	put_pair(&head, "head", hub->head);
	put_pair(&head, "uptime_ms", now_ms() - hub->started_ms);
	put_pair(&head, "builds", hub->builds);
	put_pair(&head, "open", open);
	put_pair(&head, "dead", dead);
	put_disk(hub, &head);
	put_counts(hub, &head);
	status = put_rows(hub, &head, "sinks", SQL_READ_SINKS, put_sink, &cut, err);
	if (status == OK) {
		status = put_rows(hub, &head, "targets", SQL_READ_TARGETS, put_target, &cut, err);
	}
	if (status != OK) {
		msgpack_sbuffer_destroy(&head.buffer);
		return status;
	}
	put_truth(&head, "cut", cut);
	return wire_end(&head, out) == OK ? OK : err_set(err, ERR_SYS, "out of memory for the status");
}
