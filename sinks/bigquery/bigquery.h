/* Between the files of this sink:
 *   bigquery.c  the struct and main
 *   account.c   whose token: service account, or that of the machine
 *   call.c      one request with a token; reply.c what its answer means
 *   prepare.c   dataset, table and views, made or extended when needed
 *   columns.c   the table's schema; row.c a record as its row; views.c the SQL of views
 *   load.c      mode load: a batch as one load job; load_body.c its bytes; job.c what became of it; note.c
 *               what is announced of it; pace.c how often
 *   stream.c    mode stream: a batch as one insertAll
 *   check.c     `--check` */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/alarm.h"
#include "sinks/bigquery/account.h"
#include "sinks/bigquery/call.h"
#include "sinks/bigquery/config.h"
#include "sinks/bigquery/note.h"
#include "sinks/sink.h"

struct load;
struct stream;

struct bigquery_numbers {
	int64_t *rows, *requests, *jobs, *jobs_failed, *bytes, *refused, *made;
};

struct bigquery {
	struct sink_context *context;
	const struct bigquery_config *config;
	struct account account;
	struct caller caller;
	struct bigquery_numbers numbers;
	/* prepare.c */
	bool open, preparing;
	size_t step;              /* what is looked at: the dataset, the table, then the views */
	unsigned tries;           /* that failed in a row */
	struct alarm alarm;       /* the next try */
	struct alarm hold;        /* of `buildbus sync`: until everything was fetched */
	struct arena arena;       /* of the step */
	char created[32];         /* the table's creation time, ms */
	char location[64];        /* the dataset's */
	char refilled[32];        /* the creation time of the table for which everything came anew */
	struct position position; /* up to which all is loaded */
	/* load.c */
	struct load *load; /* the one in flight; NULL: none */
	struct note note;  /* as the hub has it, or is told at present */
	bool well;         /* the last load succeeded */
	int repairs;       /* loads that look for a bad row and need not wait for the interval */
	bool resumes;      /* what the note announces may be done or not: it comes first, exactly so */
	/* Batches that came before the table was ready; at most the sink's concurrency. */
	struct sink_batch *waiting[8];
	size_t waiting_count;
};

/* Looks at dataset, table and views, makes what is missing, then lets the batches go on. What fails is tried
 * again; what only an operator can mend stops the sink. */
void prepare_start(struct bigquery *bigquery);
/* A session and the table are there, or one of them is another one: the announced range is looked for, or,
 * when the table lost what was acknowledged, everything comes anew (false). */
bool bigquery_go_on(struct bigquery *bigquery);
/* The table is gone: everything waits until there is one again. */
void prepare_again(struct bigquery *bigquery);
/* The sentence for a refusal, with the role to grant; stops the sink. */
void bigquery_stop(struct bigquery *bigquery, const char *what, const struct reply *reply);
/* The table is there: a batch begins. False: it ended at once, all verdicts are said. */
bool bigquery_begin(struct bigquery *bigquery, struct sink_batch *batch);

bool load_start(struct bigquery *bigquery, struct sink_batch *batch);
/* Whether what the note announces is still to be looked for. */
void load_attached(struct bigquery *bigquery);
/* Forgets the batch. */
void load_free(struct bigquery *bigquery);
/* Lets the hub know which table has what is acknowledged. */
void stream_attached(struct bigquery *bigquery);
bool stream_start(struct bigquery *bigquery, struct sink_batch *batch);

/* A request of fewer bytes is not too large, whatever a proxy says. */
#define SMALL_BYTES (1 << 20)

extern const struct sink_checker bigquery_checker;
