/* Durations and sizes as people write them: a number and a unit. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"

#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t worth;
};

static const struct unit durations[] = {
	{"s", SECOND_MS}, {"m", MINUTE_MS}, {"h", HOUR_MS}, {"d", DAY_MS}, {"w", WEEK_MS}, {NULL, 0},
};

static const struct unit sizes[] = {
	{"", 1},
	{"B", 1},
	{"KiB", INT64_C(1) << 10},
	{"MiB", INT64_C(1) << 20},
	{"GiB", INT64_C(1) << 30},
	{"TiB", INT64_C(1) << 40},
	{"kB", 1000},
	{"KB", 1000},
	{"MB", 1000 * 1000},
	{"GB", 1000 * 1000 * 1000},
	{"TB", INT64_C(1000) * 1000 * 1000 * 1000},
	{NULL, 0},
};

static enum status quantity_parse(const char *text, const struct unit *units, int64_t *out)
{
	int64_t number = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, *at - '0', &number)) {
			return ERR_DATA;
		}
	}
	for (; at != text && units->name; units++) {
		if (strcmp(at, units->name) == 0) {
			return __builtin_mul_overflow(number, units->worth, out) ? ERR_DATA : OK;
		}
	}
	return ERR_DATA;
}

enum status duration_parse(const char *text, int64_t *out_ms)
{
	int64_t ms;

	if (strcmp(text, "0") == 0) {
		*out_ms = 0;
		return OK;
	}
	if (quantity_parse(text, durations, &ms)) {
		return ERR_DATA;
	}
	*out_ms = ms;
	return OK;
}

enum status size_parse(const char *text, int64_t *out_bytes)
{
	int64_t bytes;

	if (quantity_parse(text, sizes, &bytes)) {
		return ERR_DATA;
	}
	*out_bytes = bytes;
	return OK;
}

static size_t two_units(char out[static 32], const char *sign, uint64_t ms, uint64_t big, char big_name,
			uint64_t small, char small_name)
{
	unsigned long long whole = ms / big, rest = ms % big / small;

	if (rest == 0) {
		return (size_t)snprintf(out, 32, "%s%llu%c", sign, whole, big_name);
	}
	return (size_t)snprintf(out, 32, "%s%llu%c %llu%c", sign, whole, big_name, rest, small_name);
}

size_t duration_format(int64_t ms, char out[static 32])
{
	const char *sign = ms < 0 ? "-" : "";
	uint64_t abs_ms = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;

	if (abs_ms >= DAY_MS) {
		return two_units(out, sign, abs_ms, DAY_MS, 'd', HOUR_MS, 'h');
	}
	if (abs_ms >= HOUR_MS) {
		return two_units(out, sign, abs_ms, HOUR_MS, 'h', MINUTE_MS, 'm');
	}
	if (abs_ms >= MINUTE_MS) {
		return two_units(out, sign, abs_ms, MINUTE_MS, 'm', SECOND_MS, 's');
	}
	return (size_t)snprintf(out, 32, "%s%u.%u s", sign, (unsigned)(abs_ms / 1000),
				(unsigned)(abs_ms % 1000 / 100));
}
