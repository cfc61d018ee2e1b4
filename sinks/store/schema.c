/* SPDX-License-Identifier: MIT */
#include "sinks/store/schema.h"

#include <string.h>

static void put_columns(sqlite3_str *sql, const struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++) {
		sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", columns->at[i].name);
	}
}

static void put_parameters(sqlite3_str *sql, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		sqlite3_str_appendall(sql, i ? ", ?" : "?");
	}
}

char *schema_upsert_sql(const struct columns *columns)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendall(sql, "INSERT INTO builds (");
	put_columns(sql, columns);
	sqlite3_str_appendall(sql, ") VALUES (");
	put_parameters(sql, columns->count);
	sqlite3_str_appendall(sql, ") ON CONFLICT (id) DO UPDATE SET ");
	for (size_t i = 0; i < columns->count; i++) {
		sqlite3_str_appendf(sql, "%s\"%w\" = excluded.\"%w\"", i ? ", " : "", columns->at[i].name,
				    columns->at[i].name);
	}
	sqlite3_str_appendall(sql, " WHERE excluded.version > builds.version");
	return sqlite3_str_finish(sql);
}

char *schema_same_sql(const struct columns *columns)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);
	size_t id = 0;

	sqlite3_str_appendall(sql, "SELECT 1");
	for (size_t i = 0; i < columns->count; i++) {
		const char *name = columns->at[i].name;

		id = strcmp(name, "id") == 0 ? i : id;
		if (strcmp(name, "version") != 0 && strcmp(name, "origin") != 0) {
			sqlite3_str_appendf(sql, " AND \"%w\" IS ?%d", name, (int)i + 1);
		}
	}
	/* The last parameter is named, so that all can be bound. */
	sqlite3_str_appendf(sql, " FROM builds WHERE id = ?%d AND ?%d IS ?%d", (int)id + 1,
			    (int)columns->count, (int)columns->count);
	return sqlite3_str_finish(sql);
}

char *schema_job_sql(const struct columns *columns)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendall(sql, "INSERT INTO jobs (build_id, position, ");
	put_columns(sql, columns);
	sqlite3_str_appendall(sql, ") VALUES (");
	put_parameters(sql, columns->count + 2);
	sqlite3_str_appendall(sql, ")");
	return sqlite3_str_finish(sql);
}

static enum status run_sql(struct store_db *store, const char *sql, struct err *err)
{
	int code = sql ? sqlite3_exec(store->db, sql, NULL, NULL, NULL) : SQLITE_NOMEM;

	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

static enum status query_int(struct store_db *store, const char *sql, sqlite3_int64 *out, struct err *err)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK) {
		code = sqlite3_step(statement);
		*out = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	}
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? OK : store_fail(store, code, err);
}

/* Every column is added by itself: a record with more keys than the file has columns needs nothing else. */
static enum status add_columns(struct store_db *store, const char *table, const struct columns *columns,
			       struct err *err)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < columns->count; i++) {
		const struct column *column = &columns->at[i];
		sqlite3_int64 there = 0;
		char *ask = sqlite3_mprintf("SELECT 1 FROM pragma_table_info('%q') WHERE name = '%q'", table,
					    column->name);
		char *add = sqlite3_mprintf("ALTER TABLE \"%w\" ADD COLUMN \"%w\" %s", table, column->name,
					    column_type(column));

		status = ask ? query_int(store, ask, &there, err) : err_sys(err, "memory for a statement");
		if (status == OK && !there) {
			status = run_sql(store, add, err);
		}
		sqlite3_free(ask);
		sqlite3_free(add);
	}
	return status;
}

static enum status create_table(struct store_db *store, const char *head, const struct columns *columns,
				const char *tail, struct err *err)
{
	sqlite3_str *sql = sqlite3_str_new(store->db);
	enum status status;
	char *text;

	sqlite3_str_appendall(sql, head);
	for (size_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->at[i];
		sqlite3_str_appendf(sql, "%s\"%w\" %s", i ? ", " : "", column->name, column_type(column));
	}
	sqlite3_str_appendall(sql, tail);
	text = sqlite3_str_finish(sql);
	status = run_sql(store, text, err);
	sqlite3_free(text);
	return status;
}

static enum status create(struct store_db *store, struct err *err)
{
	enum status status = create_table(store, "CREATE TABLE IF NOT EXISTS builds (", &store->build,
					  ", PRIMARY KEY (id))", err);

	if (status == OK) {
		status = create_table(store,
				      "CREATE TABLE IF NOT EXISTS jobs (build_id TEXT NOT NULL, "
				      "position INTEGER NOT NULL, ",
				      &store->job, ", PRIMARY KEY (build_id, position)) WITHOUT ROWID", err);
	}
	if (status == OK) {
		status = add_columns(store, "builds", &store->build, err);
	}
	if (status == OK) {
		status = add_columns(store, "jobs", &store->job, err);
	}
	if (status == OK) {
		status =
			run_sql(store,
				"CREATE INDEX IF NOT EXISTS builds_created_at ON builds (created_at);"
				"CREATE INDEX IF NOT EXISTS builds_pipeline ON builds (pipeline, created_at)",
				err);
	}
	return status;
}

static enum status mark(struct store_db *store, struct err *err)
{
	char *sql = sqlite3_mprintf("PRAGMA application_id = %d; PRAGMA user_version = %d",
				    STORE_APPLICATION_ID, STORE_VERSION);
	enum status status = run_sql(store, sql, err);

	sqlite3_free(sql);
	return status;
}

static enum status create_figures(struct store_db *store, struct err *err)
{
	int code = runs_create(store->db);

	if (code == SQLITE_OK) {
		code = days_create(store->db);
	}
	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

/* Of a file from before there was a dashboard. */
static enum status fill_figures(struct store_db *store, struct err *err)
{
	int code = runs_fill(store->db);

	if (code == SQLITE_OK) {
		code = days_open(&store->days, store->db);
	}
	if (code == SQLITE_OK) {
		code = days_fill(&store->days, store->db);
	}
	days_close(&store->days);
	return code == SQLITE_OK ? OK : store_fail(store, code, err);
}

static enum status check(struct store_db *store, sqlite3_int64 *version, struct err *err)
{
	sqlite3_int64 application = 0, tables = 0;
	enum status status = query_int(store, "PRAGMA application_id", &application, err);

	if (status == OK) {
		status = query_int(store, "PRAGMA user_version", version, err);
	}
	if (status == OK) {
		status = query_int(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
	}
	if (status == OK && tables > 0 && application != STORE_APPLICATION_ID) {
		return err_set(err, ERR_CONFIG,
			       "%s is a database of another program: move it away, or name another "
			       "bus.state_dir",
			       store->path);
	}
	if (status == OK && *version > STORE_VERSION) {
		return err_set(
			err, ERR_CONFIG,
			"%s has schema %lld, this buildbus knows %d: upgrade buildbus, or move the file away",
			store->path, (long long)*version, STORE_VERSION);
	}
	return status;
}

enum status schema_update(struct store_db *store, struct err *err)
{
	sqlite3_int64 version = 0;
	enum status status = run_sql(store, "BEGIN IMMEDIATE", err);

	if (status == OK) {
		status = check(store, &version, err);
	}
	if (status == OK) {
		status = create(store, err);
	}
	if (status == OK) {
		status = create_figures(store, err);
	}
	if (status == OK && version < STORE_VERSION) {
		status = fill_figures(store, err);
	}
	if (status == OK) {
		status = mark(store, err);
	}
	if (status == OK) {
		status = run_sql(store, "COMMIT", err);
	}
	if (status != OK && !sqlite3_get_autocommit(store->db)) {
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	}
	return status;
}
