/* Rows of provider JSON and the record that must come of it. In rows ' stands for ". */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/provider.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *name;
	const char *members;   /* of the build's object, beside url and number */
	const char *want;      /* part of the record as JSON: what it names must be so, lists item by item */
	int64_t unknown_words; /* expected */
};

struct bad_row {
	const char *name, *body; /* the whole body */
	const char *error;
};

/* Normalises each row as build 7 of acme/web and compares. */
void table_run(const struct row *rows, size_t count);
/* Each must be ERR_DATA with exactly that sentence (or beginning, where it ends with ": "). */
void table_run_bad(const struct bad_row *rows, size_t count);
/* One body; *json is the record (heap). */
enum status table_normalize(struct text body, const char *url, struct normal_notes *notes, char **json,
			    struct err *err);
/* Whether the record has all that want says; reports what differs. */
bool table_matches(const char *name, const char *json, const char *want);
/* ' to " on the heap. */
char *table_json(const char *quoted);
