/* Rows of the overview that were made lately, for all threads: only pipelines of which something was stored
 * since are made anew. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"
#include "sinks/store/query/table.h"

#include <pthread.h>
#include <stdint.h>

enum { ROWS_VARIANTS = 4, ROWS_BYTES_MAX = 4 << 20 /* of a variant */ };

/* What a row depends on beside its pipeline. */
struct rows_variant {
	int64_t days, today;
	int side_max;
};

struct rows {
	pthread_mutex_t lock;
	struct table changed; /* pipeline to when something of it was stored last */
	struct kept_rows {
		struct rows_variant variant;
		struct table rows;
		size_t bytes;
		int64_t used; /* the higher the later */
	} kept[ROWS_VARIANTS];
	int64_t uses;
};

/* As JSON; at NULL: nothing. */
struct row_text {
	struct text row, red;
	int64_t since_ms; /* red */
};

void rows_init(struct rows *rows);
void rows_fini(struct rows *rows);
/* From the writer, after its commit: number n of what was stored is of this pipeline. */
void rows_changed(struct rows *rows, struct text pipeline, int64_t n);
/* True: *text is a copy (heap, one piece, at text->row.at; free row_text_free), as good as made now. */
bool rows_find(struct rows *rows, const struct rows_variant *variant, struct text pipeline,
	       struct row_text *text);
void row_text_free(struct row_text *text);
/* text was read from the file when all before number n was in it. Copied. */
void rows_keep(struct rows *rows, const struct rows_variant *variant, struct text pipeline, int64_t n,
	       const struct row_text *text);
