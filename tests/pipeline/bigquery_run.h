/* buildbus-sink-bigquery between a hand-written hub and a fake BigQuery. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/bigquery/bigquery.h"
#include "tests/pipeline/sink_run.h"

extern struct fake_bigquery bigquery;

/* For TestSuite(.init, .fini): everything but the sink runs. */
void run_init(void);
void run_fini(void);
/* What follows project_id, dataset and api_url: ", mode: stream". */
void run_configure(const char *more);

#define CREATED INT64_C(1767225600000) /* of build 1; each next one a minute later */
/* Finished builds of acme/web with two jobs. */
void builds_come(int from, int to);
/* One of them with this message. */
void build_comes(int number, int64_t version, const char *message);

/* Rows of build_events; distinct versions among them. */
int64_t rows(void);
int64_t versions(void);
