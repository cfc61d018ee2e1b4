/* The HTTP side: bodies in, answers out. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void answer(struct fake_bigquery *fake, const struct fake_request *asked, struct bq_reply *reply)
{
	struct bq_request request = {.method = asked->method,
				     .path = asked->path,
				     .body = asked->body,
				     .size = asked->size,
				     .content_type = fake_request_header(asked, "Content-Type"),
				     .upload_id = fake_request_argument(asked, "upload_id"),
				     .max_results = fake_request_argument(asked, "maxResults")};
	const char *type = fake_request_argument(asked, "uploadType");

	if (type && strcmp(type, "resumable") == 0 && !request.upload_id) {
		request.upload_id = "";
	}
	bq_serve(fake, bq_route(&request), &request, fake_request_header(asked, "Authorization"), reply);
}

static void serve(void *context, const struct fake_request *request, struct fake_answer *out)
{
	struct fake_bigquery *fake = context;
	struct bq_reply reply = {.code = 204, .body = strdup("")};
	int64_t latency_ms;

	bq_lock(fake);
	answer(fake, request, &reply);
	latency_ms = fake->latency_ms;
	bq_unlock(fake);
	fake_wait_ms(latency_ms);
	*out = (struct fake_answer){
		.code = reply.code, .body = reply.body, .at_ms = (int64_t)time(NULL) * 1000 + fake->ahead_ms};
	fake_answer_header(out, "Content-Type", "application/json; charset=UTF-8");
	if (*reply.location) {
		fake_answer_header(out, "Location", reply.location);
	}
}

static const char tables[] =
	"CREATE TABLE dataset(id TEXT PRIMARY KEY, body TEXT NOT NULL);"
	"CREATE TABLE tbl(dataset TEXT, id TEXT, created INTEGER, body TEXT NOT NULL, PRIMARY KEY(dataset, "
	"id));"
	"CREATE TABLE row(number INTEGER PRIMARY KEY, dataset TEXT, tbl TEXT, insert_id TEXT, job TEXT, body "
	"TEXT "
	"NOT NULL);"
	"CREATE INDEX row_table ON row(dataset, tbl);"
	"CREATE TABLE job(id TEXT PRIMARY KEY, body TEXT NOT NULL, done_at INTEGER NOT NULL, error TEXT);"
	"CREATE TABLE upload(id TEXT PRIMARY KEY, metadata TEXT NOT NULL);";

void fake_bigquery_start(struct fake_bigquery *fake)
{
	pthread_mutex_init(&fake->mutex, NULL);
	cr_assert(sqlite3_open(":memory:", &fake->db) == SQLITE_OK);
	cr_assert(sqlite3_exec(fake->db, tables, NULL, NULL, NULL) == SQLITE_OK, "%s",
		  sqlite3_errmsg(fake->db));
	fake->server.serve = serve;
	fake->server.context = fake;
	fake->server.port = fake->port;
	fake_server_start(&fake->server);
	fake->port = fake->server.port;
	snprintf(fake->url, sizeof fake->url, "http://127.0.0.1:%d", fake->port);
}

void fake_bigquery_stop(struct fake_bigquery *fake)
{
	fake_server_stop(&fake->server);
	sqlite3_close(fake->db);
	fake->db = NULL;
}

static sqlite3_stmt *prepare(struct fake_bigquery *fake, const char *sql, va_list values)
{
	const char *value;
	sqlite3_stmt *statement;

	cr_assert(sqlite3_prepare_v2(fake->db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s",
		  sqlite3_errmsg(fake->db), sql);
	for (int i = 1; (value = va_arg(values, const char *)); i++) {
		sqlite3_bind_text(statement, i, value, -1, SQLITE_TRANSIENT);
	}
	return statement;
}

sqlite3_stmt *bq_query(struct fake_bigquery *fake, const char *sql, ...)
{
	sqlite3_stmt *statement;
	va_list values;

	va_start(values, sql);
	statement = prepare(fake, sql, values);
	va_end(values);
	return statement;
}

void bq_exec(struct fake_bigquery *fake, const char *sql, ...)
{
	sqlite3_stmt *statement;
	va_list values;

	va_start(values, sql);
	statement = prepare(fake, sql, values);
	va_end(values);
	cr_assert(sqlite3_step(statement) == SQLITE_DONE, "%s: %s", sqlite3_errmsg(fake->db), sql);
	sqlite3_finalize(statement);
}

int64_t bq_sql(struct fake_bigquery *fake, const char *sql)
{
	int64_t value = INT64_MIN;
	sqlite3_stmt *statement;

	bq_lock(fake);
	statement = bq_query(fake, sql, NULL);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		value = sqlite3_column_int64(statement, 0);
	}
	sqlite3_finalize(statement);
	bq_unlock(fake);
	return value;
}
