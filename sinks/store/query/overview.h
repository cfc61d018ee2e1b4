/* Every pipeline a row. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/figures.h"
#include "sinks/store/query/newest.h"
#include "sinks/store/query/rows.h"

struct overview_ask {
	int64_t now_ms, days;
	int64_t limit_ms; /* an answer that takes longer is ERR_AGAIN; 0: none is */
	int side_max;
	struct text branch;   /* at NULL: by side_max */
	struct text pipeline; /* this one alone; at NULL: all */
	struct rows *rows;    /* those that are kept; NULL: none are */
	int64_t n;            /* everything stored before that number is in the file */
};

/* {now, pipelines, red}. */
yyjson_mut_val *overview(struct reader *reader, const struct overview_ask *ask, yyjson_mut_doc *doc,
			 enum status *status, struct err *err);
/* One row; figures are read into figures. Its `last` is null where the pipeline has no build in scope. NULL:
 * status. */
yyjson_mut_val *overview_row(struct reader *reader, const struct overview_ask *ask,
			     const struct pipeline *pipeline, struct figures *figures, yyjson_mut_doc *doc,
			     enum status *status, struct err *err);
/* False: there is none of that key. */
bool pipeline_find(struct reader *reader, struct text key, struct pipeline *pipeline, enum status *status,
		   struct err *err);
