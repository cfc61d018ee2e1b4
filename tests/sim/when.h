/* Times: int64 ms since the epoch UTC, and the three ways in which the API writes them. No time zones, no
 * libc state. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define SECOND_MS ((int64_t)1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
/* A time that does not come. */
#define NEVER INT64_MAX

#define WHEN_MAX 40 /* room for any of the forms below */

/* "2015-05-09T21:05:59.874Z", the form of the REST API. */
const char *when_rest(int64_t ms, char out[WHEN_MAX]);
/* "2013-09-03 13:24:38 UTC": the same API's pipelines and access token in the documented examples. */
const char *when_spaced(int64_t ms, char out[WHEN_MAX]);
/* "Sat, 09 May 2015 21:05:59 GMT", the `Date` header: whole seconds, cut off. */
const char *when_http(int64_t ms, char out[WHEN_MAX]);

/* RFC 3339 with optional fraction and Z or ±hh:mm, or a bare date (midnight UTC). False when it is none. */
bool when_parse(const char *text, int64_t *ms);
/* "50ms", "30s", "5m", "1h", "30d", "2w". */
bool when_parse_duration(const char *text, int64_t *ms);
