/* SPDX-License-Identifier: MIT */
#include "tests/faults/compare.h"

#include "common/record.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 12

struct differences {
	size_t count;
	FILE *out;
	char *text;
	size_t size;
};

static void open_differences(struct differences *found)
{
	*found = (struct differences){0};
	found->out = open_memstream(&found->text, &found->size);
}

static void __attribute__((format(printf, 2, 3))) differ(struct differences *found, const char *format, ...)
{
	va_list args;

	if (found->count++ < SHOWN) {
		va_start(args, format);
		vfprintf(found->out, format, args);
		va_end(args);
		fputc('\n', found->out);
	}
}

static size_t close_differences(struct differences *found, char **what)
{
	fclose(found->out);
	if (what) {
		*what = found->text;
	} else {
		free(found->text);
	}
	return found->count;
}

static sqlite3 *open_readonly(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		sqlite3_close(db);
		return NULL;
	}
	sqlite3_busy_timeout(db, 5000);
	return db;
}

/* One record against the one before it of the same build. */
struct previous {
	char id[256];
	int64_t version;
	uint64_t hash;
};

static void check_record(struct differences *found, sqlite3_stmt *row, struct arena *arena,
			 struct previous *previous)
{
	const char *id = (const char *)sqlite3_column_text(row, 0);
	long long seq = sqlite3_column_int64(row, 1);
	msgpack_sbuffer content;
	struct build build;
	struct err err;
	uint64_t hash;

	arena_reset(arena);
	if (build_unpack(sqlite3_column_blob(row, 2), (size_t)sqlite3_column_bytes(row, 2), arena, &build,
			 &err) != OK) {
		differ(found, "%s: record %lld: %s", id, seq, err.text);
		return;
	}
	msgpack_sbuffer_init(&content);
	build_pack_content(&build, &content, &hash);
	msgpack_sbuffer_destroy(&content);
	if (strcmp(previous->id, id) == 0) {
		if (build.version <= previous->version) {
			differ(found, "%s: version %lld after %lld", id, (long long)build.version,
			       (long long)previous->version);
		}
		if (hash == previous->hash) {
			differ(found, "%s: record %lld says nothing new", id, seq);
		}
	}
	snprintf(previous->id, sizeof previous->id, "%s", id);
	previous->version = build.version;
	previous->hash = hash;
}

size_t compare_log(const char *path, char **what)
{
	struct previous previous = {.id = ""};
	struct differences found;
	sqlite3 *db = open_readonly(path);
	sqlite3_stmt *row = NULL;
	struct arena arena;

	open_differences(&found);
	arena_init(&arena, 64 << 20);
	sqlite3_prepare_v2(db, "SELECT id, seq, record FROM log ORDER BY id, seq", -1, &row, NULL);
	while (row && sqlite3_step(row) == SQLITE_ROW) {
		check_record(&found, row, &arena, &previous);
	}
	if (!row) {
		differ(&found, "no log in %s", path);
	}
	sqlite3_finalize(row);
	sqlite3_close(db);
	arena_fini(&arena);
	return close_differences(&found, what);
}
