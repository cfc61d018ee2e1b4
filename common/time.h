/* Times, durations and sizes as text: RFC 3339 and its neighbours to int64 milliseconds since the epoch UTC
 * and back. Own arithmetic on civil dates: no locale, no time zone of the machine, no global state. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define WEEK_MS   (7 * DAY_MS)

/* The years that have four digits: what time_parse returns and time_format takes. */
#define TIME_MIN_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define TIME_MAX_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* RFC 3339 with any offset and up to nine digits of fraction (cut to milliseconds), `2018-03-25 03:58:14 UTC`
 * (Buildkite's second form, facts of its REST API) and `2020-01-01`, which is that day's start in UTC. A time
 * without an offset is refused: nobody knows when it was. Anything else, and what lies outside the years
 * 0000..9999, is ERR_DATA and leaves *out_ms alone. text needs no terminating NUL. */
enum status time_parse(const char *text, size_t len, int64_t *out_ms) MUST_CHECK;

/* The value of an HTTP Date header, in the three forms of RFC 7231 section 7.1.1.1. The two digits of an RFC
 * 850 year are 1970..2069. ERR_DATA as above. */
enum status time_parse_http(const char *text, size_t len, int64_t *out_ms) MUST_CHECK;

/* `2026-11-21T00:00:00.000Z`; returns its length. Outside TIME_MIN_MS..TIME_MAX_MS out is "" and the length
 * 0. */
size_t time_format(int64_t ms, char out[static 32]);

/* `30s`, `5m`, `1h`, `7d`, `2w` or `0` to milliseconds. Never negative; ERR_DATA otherwise. */
enum status duration_parse(const char *text, int64_t *out_ms) MUST_CHECK;

/* For people: `0.3 s`, `3.2 s`, `1m 5s`, `1h 5m`, `3d 2h`. Returns its length. Negative: with a leading `-`.
 */
size_t duration_format(int64_t ms, char out[static 32]);

/* Bytes: `1048576`, `512B`, `64KiB`, `512MiB`, `1GiB`, `2TiB` (powers of 1024), `1kB`, `1MB`, `1GB`, `1TB`
 * (powers of 1000). ERR_DATA otherwise. */
enum status size_parse(const char *text, int64_t *out_bytes) MUST_CHECK;
