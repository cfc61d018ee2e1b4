/* Time zones: what clocks show elsewhere. Read from the machine's zoneinfo, so that neither TZ nor the zone
 * of the process counts (docs/decisions/0023). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdint.h>

struct zone;

/* `Europe/Berlin`, `UTC`, or a fixed offset, `+02:00`. What was found once is kept for the life of the
 * process. Blocks for a file. ERR_CONFIG: there is none of that name. */
enum status zone_find(const char *name, const struct zone **out, struct err *err) MUST_CHECK;
/* What a clock there is ahead of UTC then. */
int64_t zone_offset_ms(const struct zone *zone, int64_t utc_ms);
