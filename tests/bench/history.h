/* A made-up past of many pipelines, straight into a store.db. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/db.h"

struct history {
	int builds, pipelines, days, jobs;
	int64_t now_ms; /* it ends there */
};

/* Writes it in transactions of `batch` builds, pipeline by pipeline as a back-fill does; returns the seconds.
 */
double history_write(const struct history *history, struct store_db *store, int batch);
/* Build i of it as a record; what it points to lives until the next call. */
void history_build(const struct history *history, int i, struct build *build);
