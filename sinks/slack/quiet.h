/* Quiet hours: spans of a week, by the clocks of a time zone.
 *
 * A span is `[DAY|DAY-DAY] [HH:MM-HH:MM]`: `22:00-07:00` each night, `sat-sun` whole days, `fri 18:00-24:00`.
 * Its days are those on which it begins, so `fri 22:00-07:00` ends on Saturday. Where a clock is put forward
 * or back, it counts what the clock shows. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/config.h"

#include <stdbool.h>

/* Is it quiet? Then *ends_ms (or NULL) is when it ends; spans that touch end together. */
bool quiet_in(const struct quiet *quiet, int64_t utc_ms, int64_t *ends_ms);
enum status quiet_check_span(const char *span, struct err *err) MUST_CHECK;
enum status quiet_check_zone(const char *name, struct err *err) MUST_CHECK;
/* Of all spans together, and whether there is a zone. */
enum status quiet_check(const struct quiet *quiet, struct err *err) MUST_CHECK;
