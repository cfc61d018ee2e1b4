/* The figures of one pipeline over a window of whole days (UTC), by the rules of docs/dashboard.md. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/days.h"
#include "sinks/store/query/reader.h"

enum { DAYS_MAX = 365, WEEK_DAYS = 7 };

struct window {
	int64_t first, last; /* days since the epoch, both inclusive */
};

/* The last `days` days, today being the last. */
struct window window_of(int64_t now_ms, int64_t days);

/* Which builds of a pipeline. */
struct scope {
	int64_t pipeline;
	int side_max;       /* SIDE_DEFAULT: the default branch; SIDE_OTHER: all */
	struct text branch; /* this one alone, whatever side_max; at NULL: by side */
};

struct day_figures {
	int64_t counts[DAY_COUNTS];
	int64_t p50_ms, p90_ms, queue_p50_ms, queue_p90_ms;
};

/* Zeroed is empty. */
struct figures {
	struct window window;
	struct day_figures *days; /* one for each day of the window */
	int64_t counts[DAY_COUNTS];
	int64_t week; /* builds of the last seven days */
	int64_t p50_ms, p90_ms, queue_p50_ms, queue_p90_ms;
	double coverage;
	int64_t coverage_at_ms;
	/* scratch */
	struct times durations, queues, day_durations, day_queues;
};

enum status figures_read(struct figures *figures, struct reader *reader, const struct scope *scope,
			 const struct window *window, struct err *err) MUST_CHECK;
void figures_fini(struct figures *figures);

int64_t counts_sum(const int64_t counts[static DAY_COUNTS]);
/* success / (success + failure + error + timeout); REAL_NULL: there are none. */
double counts_success_rate(const int64_t counts[static DAY_COUNTS]);
