/* A record as a row of `build_events`: one JSON object a line, as load jobs and insertAll take it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"

/* Larger rows are refused by BigQuery (quotas of load jobs: 100 MB; of streaming: 10 MB). */
#define ROW_MAX_BYTES (9 << 20)

/* Writes the row without a line end into arena. ERR_DATA: BigQuery would refuse it; err says why. */
enum status row_write(const struct build *build, struct arena *arena, struct text *out,
		      struct err *err) MUST_CHECK;
