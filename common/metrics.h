/* Numbers about this process for Prometheus, and whether it is well. Counting costs one addition: a metric is
 * an int64_t that its owner changes in place, from the loop's thread. Served by process_main on --metrics. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Label names and values: LABELS("sink", name, "kind", kind), at most METRICS_LABELS_MAX pairs; NULL: none.
 */
#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})
enum { METRICS_LABELS_MAX = 8 };

/* Each returns the number behind one series, 0 at first, valid for ever and the same for the same name and
 * labels. Names and label names are constants of the program: `buildbus_[a-z_]*`, counters end in `_total`.
 * Label values are copied and may be any text, but only a bounded set of them (each series is kept for ever).
 * Never NULL. */
int64_t *metrics_counter(const char *name, const char *help, const char *const *labels);
int64_t *metrics_gauge(const char *name, const char *help, const char *const *labels);
/* The number counts milliseconds and is shown in seconds, as Prometheus wants it: names end in `_seconds`,
 * `_seconds_total`. */
int64_t *metrics_gauge_ms(const char *name, const char *help, const char *const *labels);
int64_t *metrics_counter_ms(const char *name, const char *help, const char *const *labels);

/* How often something took how long: a histogram with buckets of 1, 2, 4 … 8192 s. */
struct metrics_histogram;
struct metrics_histogram *metrics_histogram(const char *name, const char *help, const char *const *labels);
void metrics_observe_ms(struct metrics_histogram *histogram, int64_t ms);

/* Every series of that name ends, and the numbers behind them are no longer valid: for gauges whose labels
 * come and go, which are set anew at each collect. */
void metrics_drop(const char *name);

/* For a module with many: a table of rows, closed by METRICS_END. Fills each *value. */
struct metrics_row {
	int64_t *(*kind)(const char *name, const char *help,
			 const char *const *labels); /* metrics_counter … */
	const char *name, *help;
	int64_t **value;
};
#define METRICS_END                                                                                          \
	{                                                                                                    \
		.kind = NULL                                                                                 \
	}
void metrics_table(const struct metrics_row *rows, const char *const *labels);

/* collect is called before each answer to /metrics, to set gauges that are dear to keep. It must not block.
 * Forgotten when the process's close() has returned. */
void metrics_on_collect(void (*collect)(void *context), void *context);

/* What /healthz says: 200 "ok", or 503 with the sentence (copied; never a secret). Well until said otherwise;
 * it takes back by metrics_health(true, NULL). Before a daemon is ready /healthz is 503 "starting" in any
 * case. */
void metrics_health(bool ok, const char *sentence);
