/* Test results and artifacts of jobs, page by page. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/err.h"
#include "fetchers/circleci/cursor.h"

#include <yyjson.h>

#define RESULT_WORDS      16
#define RESULT_WORD_BYTES 32
#define FILE_BYTES        2048

/* How often each word was the result of a test. */
struct results {
	struct result_count {
		char word[RESULT_WORD_BYTES];
		int64_t count;
	} words[RESULT_WORDS];
	size_t count;
};

/* Adds a page of a job's tests; next: where the list goes on. ERR_DATA: it is none; nothing was added. */
enum status results_read(struct results *results, struct arena *arena, struct text body,
			 char next[static TOKEN_BYTES], struct err *err) MUST_CHECK;

/* The file of a job that tells its coverage: the one in the fewest folders, of these the first. */
struct coverage_file {
	char url[FILE_BYTES]; /* "": none yet */
	size_t folders;
};

/* Looks through a page of a job's artifacts; likewise. */
enum status artifacts_read(struct coverage_file *file, struct arena *arena, struct text body,
			   char next[static TOKEN_BYTES], struct err *err) MUST_CHECK;

/* {"coverage_summary": …, "test_results": {…}}: coverage at NULL, results of no words: without it. at NULL:
 * it is too big. */
struct text results_json(struct arena *arena, struct text coverage, const struct results *results);
