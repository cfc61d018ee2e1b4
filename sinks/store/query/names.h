/* Texts that many rows share, as numbers: a table (id, text), and the ids of the last ones in memory. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"

#include <sqlite3.h>
#include <stdint.h>

enum { NAMES_KEPT = 64, NAME_KEPT_MAX = 120 };

struct name {
	int64_t id; /* 0: none here */
	size_t size;
	char text[NAME_KEPT_MAX];
};

/* Zeroed is empty. */
struct names {
	sqlite3 *db;
	sqlite3_stmt *find, *add;
	struct name kept[NAMES_KEPT];
};

/* find: SELECT id … = ?1; add: INSERT … (?1). Each returns SQLite's code. */
int names_open(struct names *names, sqlite3 *db, const char *find, const char *add);
void names_close(struct names *names);
/* The number of text, new where it has none. */
int names_id(struct names *names, struct text text, int64_t *id);
/* Of a transaction that was taken back: some may be gone. */
void names_forget(struct names *names);
