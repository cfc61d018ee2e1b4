/* BigQuery v2 as far as a sink, a tester and Google's `bq` need it, in the test's own process: datasets,
 * tables, insertAll, load jobs by multipart and resumable upload, with SQLite behind. What it says is what
 * the REST API says (facts of its discovery document and of google-cloud clients); rows are checked against
 * the table's schema, and a load job loads all or nothing. It never removes duplicates by insertId: that is
 * best effort there too. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/server.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <yyjson.h>

enum bq_verb {
	BQ_TOKEN,
	BQ_DATASET_LIST,
	BQ_DATASET_GET,
	BQ_DATASET_INSERT,
	BQ_TABLE_LIST,
	BQ_TABLE_GET,
	BQ_TABLE_INSERT,
	BQ_TABLE_PATCH,
	BQ_TABLE_DELETE,
	BQ_INSERT_ALL,
	BQ_DATA_LIST,
	BQ_UPLOAD_START, /* resumable */
	BQ_UPLOAD,       /* multipart, or the bytes of a resumable one */
	BQ_QUERY,        /* estimates only */
	BQ_JOB_INSERT,
	BQ_JOB_GET,
	BQ_JOB_LIST,
	BQ_VERBS
};

/* The next `times` requests of a verb are answered so instead. */
struct bq_failure {
	int times; /* -1: for ever */
	long code; /* 0: the connection ends */
	const char *reason, *message;
	bool after; /* the work is done first: only the answer is lost */
};

struct fake_bigquery {
	struct fake_server server;
	int port;
	char url[64];
	pthread_mutex_t mutex;
	sqlite3 *db;
	FILE *bodies; /* a line a request: METHOD PATH BODY; NULL: nobody wants them */
	/* Knobs: under bq_lock once it runs. */
	struct bq_failure failures[BQ_VERBS];
	struct bq_failure job; /* of the next load jobs: reason and message, `times` of them */
	int permille;          /* of requests that fail somehow, and of load jobs; drawn from seed */
	uint64_t seed;
	const char *poison; /* rows that hold this text are refused, in rows and in load jobs */
	bool names_nobody;  /* and it is not said which */
	int64_t job_ms;     /* that a load job runs */
	int64_t latency_ms; /* of each answer */
	int64_t ahead_ms;   /* the server's clock before the test's */
	bool any_token;     /* no matter which bearer */
	int valid_from;     /* tokens with a smaller number are refused */
	/* What it did. */
	int asked[BQ_VERBS];
	int token;    /* number of the newest */
	int drawn[8]; /* kinds of faults that `permille` chose */
	int64_t upload_bytes, rows_stored;
	int most_loads_a_second;
	int64_t load_times[4096]; /* when load jobs came, ms */
	int load_count;
};

void fake_bigquery_start(struct fake_bigquery *fake);
void fake_bigquery_stop(struct fake_bigquery *fake);
void bq_lock(struct fake_bigquery *fake);
void bq_unlock(struct fake_bigquery *fake);
void bq_fail(struct fake_bigquery *fake, enum bq_verb verb, int times, long code, const char *reason,
	     const char *message);
int bq_asked(struct fake_bigquery *fake, enum bq_verb verb);
/* One integer of a query on its database: tables dataset(id, body), tbl(dataset, id, created, body),
 * row(dataset, tbl, insert_id, job, body), job(id, body, error, done_at). INT64_MIN: no row. */
int64_t bq_sql(struct fake_bigquery *fake, const char *sql);
/* Makes, changes, drops a table as somebody else would; body is its resource. */
void bq_drop(struct fake_bigquery *fake, const char *dataset, const char *table);

/* Between the files of the fake; under the lock. */
struct bq_request {
	const char *method, *path;
	const char *dataset, *table, *job; /* of the path; NULL: not in it */
	char names[3][160];
	const char *content_type, *upload_id, *max_results;
	char *body;
	size_t size;
};
struct bq_reply {
	long code; /* 0: the connection ends */
	char *body;
	char location[256]; /* header, of an upload that starts; "": none */
};
void bq_error(struct bq_reply *reply, long code, const char *reason, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Takes over the document. */
void bq_answer(struct bq_reply *reply, yyjson_mut_doc *doc);
void bq_serve(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
	      const char *bearer, struct bq_reply *reply);
/* Which verb it is; the names in its path go into request. */
enum bq_verb bq_route(struct bq_request *request);
void bq_resources(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
		  struct bq_reply *reply);
void bq_insert_all(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply);
void bq_data_list(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply);
void bq_uploads(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
		struct bq_reply *reply);
void bq_jobs(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
	     struct bq_reply *reply);
/* A load job with its data: loads all or nothing, once for each job id. */
void bq_load(struct fake_bigquery *fake, const char *metadata, size_t metadata_size, const char *data,
	     size_t size, struct bq_reply *reply);
bool bq_draw(struct fake_bigquery *fake);

/* A statement with text parameters; NULL ends them. */
sqlite3_stmt *bq_query(struct fake_bigquery *fake, const char *sql, ...) __attribute__((sentinel));
void bq_exec(struct fake_bigquery *fake, const char *sql, ...) __attribute__((sentinel));
/* The schema of a table: its `fields`, in a document that the caller frees; NULL: there is no such table. */
yyjson_doc *bq_table(struct fake_bigquery *fake, const char *dataset, const char *table);

/* Why a row can't be stored. */
struct bq_fault {
	char location[200], message[400];
	const char *reason;
};
bool bq_row_fits(const struct fake_bigquery *fake, yyjson_val *fields, yyjson_val *row,
		 struct bq_fault *fault);
