/* One batch as one load job. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/bigquery/bigquery.h"
#include "sinks/bigquery/gzip.h"

struct load_row {
	size_t offset; /* of its line in the text */
	struct sink_record *record;
};

struct load {
	struct bigquery *bigquery;
	struct sink_batch *batch;
	char job[JOB_ID_MAX];
	struct gzip body; /* the whole request: metadata, and rows as gzip */
	struct load_row *rows;
	size_t count;
	unsigned tries; /* requests in a row that brought nothing */
	unsigned looks; /* at a job that runs */
	struct alarm alarm;
	void (*due)(struct load *load); /* what the alarm starts */
};

#define LOAD_BOUNDARY "=-buildbus-3d7f0c9a51e8-rows-="

/* Metadata and rows; rows that can't be are rejected on the way. */
enum status load_body(struct load *load, struct err *err) MUST_CHECK;
/* What became of the job, as the service tells it. */
void load_judge(struct load *load, const struct http_answer *answer);
/* Between load.c and job.c. */
void load_ask_in(struct load *load, int64_t ms);
void load_end(struct load *load);
/* The announced range is settled: done, or to be announced anew; the batch ends. */
void load_settle(struct load *load);
/* The batch is all of the announced range. After a restart it may be a part: the limits of a batch are
 * others, or rows that were refused take room again. Then the old job can be looked up, but must not be run
 * with a part. */
bool load_is_whole(const struct load *load);
/* Its rows are announced anew. */
void load_abandon(struct load *load);
/* The next load may come in ms, or later when the day's number is spent. */
void load_may_come(struct bigquery *bigquery, int64_t ms);
