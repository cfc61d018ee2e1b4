/* The rule that holds after the last change that a zoneinfo file lists: `CET-1CEST,M3.5.0,M10.5.0/3` (POSIX
 * TZ, as RFC 8536 extends it). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* A day of the year and a time on it. */
struct zone_change {
	char form; /* M: of a month's week; J: 1..365, without 29 February; 0: 0..365 */
	int month, week, day;
	int32_t time_s; /* by the clock before the change; may lie on another day */
};

struct zone_rule {
	int32_t standard_s, summer_s; /* ahead of UTC */
	bool has_summer;
	struct zone_change begin, end;
};

/* false: it is none. */
bool zone_rule_parse(const char *text, struct zone_rule *out);
int32_t zone_rule_offset_s(const struct zone_rule *rule, int64_t utc_s);
