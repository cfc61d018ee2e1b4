/* buildbus-sink-bigquery, the real executable, between a hand-written hub and a fake BigQuery. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/bigquery/bigquery.h"
#include "tests/pipeline/fake_hub.h"
#include "tests/support/child.h"

extern struct bq_run {
	zloop_t *loop;
	struct fake_hub *hub;
	struct place *place;
	struct child *sink;
	struct fake_bigquery bigquery;
	char metadata[64];  /* GCE_METADATA_HOST=… */
	const char *env[8]; /* of the sink */
} run;

/* For TestSuite(.init, .fini): everything but the sink runs. */
void run_init(void);
void run_fini(void);
/* What follows project_id, dataset and api_url: ", mode: stream". */
void run_configure(const char *more);
/* Does not wait until it is ready. */
void run_start(void);
int run_end(void);
/* kill -9, and a new one. */
void run_restart(void);

#define CREATED INT64_C(1767225600000) /* of build 1; each next one a minute later */
/* Finished builds of acme/web with two jobs. */
void builds_come(int from, int to);
/* One of them with this message. */
void build_comes(int number, int64_t version, const char *message);

/* Runs the hub until everything is acknowledged. */
#define all_acked() all_acked_at(HERE)
void all_acked_at(struct spot spot);
#define said(text) said_at(HERE, text)
void said_at(struct spot spot, const char *text);
/* Until it ended with 100, having said a sentence with each of these. */
#define refuses(...) refuses_at(HERE, ARGS(__VA_ARGS__))
void refuses_at(struct spot spot, const char *const *words);
/* Rows of build_events; distinct versions among them. */
int64_t rows(void);
int64_t versions(void);
