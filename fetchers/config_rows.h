/* The rows that the section of every source has: SECTION is its struct, the other words are the provider's.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/time.h"

#define SOURCE_SINCE_ROW(SECTION, TARGET, BUILDS)                                                            \
	{                                                                                                    \
		.key = "since", .type = CONFIG_SINCE, .offset = offsetof(struct SECTION, since),             \
		.fallback = "30d",                                                                           \
		.help = "how far back to read when a " TARGET                                                \
			" is new: a duration, a date, or a number of " BUILDS,                               \
	}

#define SOURCE_POLL_ROW(SECTION, TARGET)                                                                     \
	{                                                                                                    \
		.key = "poll_interval", .type = CONFIG_DURATION,                                             \
		.offset = offsetof(struct SECTION, poll_interval_ms), .fallback = "30s", .min = SECOND_MS,   \
		.max = DAY_MS, .help = "the shortest time between two visits of a " TARGET,                  \
	}

#define SOURCE_REDACT_ROW(SECTION, CHECK, WHERE, ALWAYS)                                                     \
	{                                                                                                    \
		.key = "redact", .type = CONFIG_LIST, .offset = offsetof(struct SECTION, redact),            \
		.check = CHECK,                                                                              \
		.help = "paths in " WHERE " that are left out, beside " ALWAYS                               \
			" and the queries of URLs, which always are",                                        \
	}

#define SOURCE_API_ROW(SECTION, URL, WHAT)                                                                   \
	{                                                                                                    \
		.key = "api_url", .type = CONFIG_URL, .offset = offsetof(struct SECTION, api_url),           \
		.fallback = URL, .help = WHAT,                                                               \
	}
