/* The client that back-fill is compared with: it asks for one page after the other. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"
#include "tests/bench/provider.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

static size_t on_bytes(char *bytes, size_t one, size_t count, void *user)
{
	struct answer *answer = user;
	char *more = realloc(answer->bytes, answer->size + one * count + 1);

	if (!more) {
		return 0;
	}
	answer->bytes = more;
	memcpy(answer->bytes + answer->size, bytes, one * count);
	answer->size += one * count;
	answer->bytes[answer->size] = '\0';
	return one * count;
}

void answer_get(CURL *curl, const char *url, struct answer *answer)
{
	answer->size = 0;
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	if (curl_easy_perform(curl) != CURLE_OK) {
		fail(url);
	}
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fail(sqlite3_errmsg(db));
	}
}

static void bind_text(sqlite3_stmt *put, int index, yyjson_val *value)
{
	sqlite3_bind_text(put, index, yyjson_get_str(value), (int)yyjson_get_len(value), SQLITE_STATIC);
}

static void store(sqlite3_stmt *put, yyjson_val *build)
{
	size_t size;
	char *json = yyjson_val_write(build, 0, &size);

	bind_text(put, 1, yyjson_obj_get(build, "id"));
	bind_text(put, 2, yyjson_obj_get(build, "state"));
	bind_text(put, 3, yyjson_obj_get(build, "created_at"));
	bind_text(put, 4, yyjson_obj_get(build, "finished_at"));
	sqlite3_bind_blob(put, 5, json, (int)size, free);
	if (sqlite3_step(put) != SQLITE_DONE) {
		fail("the client's database");
	}
	sqlite3_reset(put);
}

static size_t store_page(sqlite3 *db, sqlite3_stmt *put, const struct answer *answer)
{
	yyjson_doc *doc = yyjson_read(answer->bytes, answer->size, 0);
	yyjson_val *build;
	size_t i, count;

	run(db, "BEGIN");
	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, count, build)
	{
		store(put, build);
	}
	run(db, "COMMIT");
	yyjson_doc_free(doc);
	return count;
}

double naive_walk(CURL *curl, const char *base, const char *dir, int per_page)
{
	struct answer answer = {0};
	char url[256], path[300];
	sqlite3_stmt *put;
	sqlite3 *db;
	double start;
	int page = 0;

	snprintf(path, sizeof path, "%s/naive-%d.db", dir, per_page);
	if (sqlite3_open(path, &db) != SQLITE_OK) {
		fail(path);
	}
	run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		"CREATE TABLE build(id TEXT PRIMARY KEY, state TEXT, created_at TEXT, finished_at TEXT, body "
		"BLOB)");
	if (sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO build VALUES(?, ?, ?, ?, ?)", -1, &put, NULL) !=
	    SQLITE_OK) {
		fail(sqlite3_errmsg(db));
	}
	start = seconds();
	do {
		snprintf(url, sizeof url, "%s/v2/organizations/acme/pipelines/web/builds?per_page=%d&page=%d",
			 base, per_page, ++page);
		answer_get(curl, url, &answer);
	} while (store_page(db, put, &answer) == (size_t)per_page);
	sqlite3_finalize(put);
	sqlite3_close(db);
	free(answer.bytes);
	return seconds() - start;
}
