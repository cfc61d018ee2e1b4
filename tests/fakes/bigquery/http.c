/* The HTTP side: bodies in, answers out. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"

#include <criterion/criterion.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A request while its body comes. */
struct coming {
	char *body;
	size_t size;
};

static void collect(struct coming *coming, const char *data, size_t size)
{
	coming->body = realloc(coming->body, coming->size + size + 1);
	memcpy(coming->body + coming->size, data, size);
	coming->size += size;
	coming->body[coming->size] = '\0';
}

static void wait_ms(int64_t ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	if (ms > 0) {
		nanosleep(&time, NULL);
	}
}

static void add_headers(const struct fake_bigquery *fake, struct MHD_Response *response,
			const struct bq_reply *reply)
{
	time_t seconds = time(NULL) + (time_t)(fake->ahead_ms / 1000);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	MHD_add_response_header(response, "Date", text);
	MHD_add_response_header(response, "Content-Type", "application/json; charset=UTF-8");
	if (*reply->location) {
		MHD_add_response_header(response, "Location", reply->location);
	}
}

static enum MHD_Result send_reply(const struct fake_bigquery *fake, struct MHD_Connection *connection,
				  const struct bq_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (reply->code == 0) {
		free(reply->body);
		return MHD_NO;
	}
	response = MHD_create_response_from_buffer(strlen(reply->body), reply->body, MHD_RESPMEM_MUST_FREE);
	add_headers(fake, response, reply);
	result = MHD_queue_response(connection, (unsigned)reply->code, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(struct fake_bigquery *fake, struct MHD_Connection *connection, const char *path,
			      const char *method, struct coming *coming)
{
	struct bq_request request = {.method = method, .path = path, .size = coming->size};
	struct bq_reply reply = {.code = 204, .body = strdup("")};
	int64_t latency_ms;

#define ARGUMENT(name) MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name)
#define HEADER(name)   MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name)
	request.body = coming->body ? coming->body : (char[]){""};
	request.content_type = HEADER("Content-Type");
	request.upload_id = ARGUMENT("upload_id");
	request.max_results = ARGUMENT("maxResults");
	bq_lock(fake);
	if (ARGUMENT("uploadType") && strcmp(ARGUMENT("uploadType"), "resumable") == 0 &&
	    !request.upload_id) {
		request.upload_id = "";
	}
	bq_serve(fake, bq_route(&request), &request, HEADER("Authorization"), &reply);
	latency_ms = fake->latency_ms;
	bq_unlock(fake);
	wait_ms(latency_ms);
	return send_reply(fake, connection, &reply);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **state)
{
	struct coming *coming = *state;

	(void)version;
	if (!coming) {
		*state = calloc(1, sizeof *coming);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*data_size > 0) {
		collect(coming, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	return answer(context, connection, path, method, coming);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct coming *coming = *state;

	(void)context, (void)connection, (void)code;
	if (coming) {
		free(coming->body);
		free(coming);
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
	fake->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
					(uint16_t)fake->port, NULL, NULL, on_request, fake,
					MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	cr_assert(fake->daemon, "no HTTP server");
	fake->port = MHD_get_daemon_info(fake->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	snprintf(fake->url, sizeof fake->url, "http://127.0.0.1:%d", fake->port);
}

void fake_bigquery_stop(struct fake_bigquery *fake)
{
	if (fake->daemon) {
		MHD_stop_daemon(fake->daemon);
		sqlite3_close(fake->db);
	}
	fake->daemon = NULL;
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
