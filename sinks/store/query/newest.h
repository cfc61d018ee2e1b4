/* The newest builds of a pipeline: its bars, its last build, since when it is red. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/figures.h"

enum { BARS = 30 };

/* A pipeline as the file knows it. */
struct pipeline {
	int64_t id;
	struct text key; /* "buildkite/acme/web" */
};

/* An array of up to BARS, oldest first; *last: the rowid of the newest build in `builds`, INT_NULL: none. */
yyjson_mut_val *newest_bars(struct reader *reader, const struct pipeline *pipeline, const struct scope *scope,
			    yyjson_mut_doc *doc, int64_t *last, enum status *status, struct err *err);
/* The record of the build at that row, without its jobs, message cut to its first line. */
yyjson_mut_val *newest_last(struct reader *reader, int64_t build, yyjson_mut_doc *doc, enum status *status,
			    struct err *err);
/* {since, first: {id, number, url}, last_green_at}; NULL: it is not red. Red: its newest verdict is no
 * success. */
yyjson_mut_val *newest_red(struct reader *reader, const struct pipeline *pipeline, const struct scope *scope,
			   yyjson_mut_doc *doc, enum status *status, struct err *err);
