/* SPDX-License-Identifier: MIT */
#include "tests/sim/when.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct civil {
	int64_t year;
	int month, day, hour, minute, second, milli, weekday; /* month and day from 1; weekday 0 = Sunday */
};

/* Proleptic Gregorian, years shifted to begin in March so that the leap day comes last. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static struct civil civil_from_ms(int64_t ms)
{
	int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
	int64_t rest = ms - days * DAY_MS;
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int month = (int)((5 * doy + 2) / 153);
	struct civil c = {.day = (int)(doy - (153 * month + 2) / 5 + 1),
			  .month = month < 10 ? month + 3 : month - 9};

	c.year = yoe + era * 400 + (c.month <= 2);
	c.hour = (int)(rest / HOUR_MS);
	c.minute = (int)(rest / MINUTE_MS % 60);
	c.second = (int)(rest / SECOND_MS % 60);
	c.milli = (int)(rest % SECOND_MS);
	c.weekday = (int)(((days + 4) % 7 + 7) % 7);
	return c;
}

const char *when_rest(int64_t ms, char out[WHEN_MAX])
{
	struct civil c = civil_from_ms(ms);

	snprintf(out, WHEN_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)c.year, c.month, c.day, c.hour,
		 c.minute, c.second, c.milli);
	return out;
}

const char *when_spaced(int64_t ms, char out[WHEN_MAX])
{
	struct civil c = civil_from_ms(ms);

	snprintf(out, WHEN_MAX, "%04d-%02d-%02d %02d:%02d:%02d UTC", (int)c.year, c.month, c.day, c.hour,
		 c.minute, c.second);
	return out;
}

const char *when_http(int64_t ms, char out[WHEN_MAX])
{
	static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c = civil_from_ms(ms);

	snprintf(out, WHEN_MAX, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[c.weekday], c.day,
		 months[c.month - 1], (int)c.year, c.hour, c.minute, c.second);
	return out;
}

/* Exactly `digits` digits; NULL when there are fewer. */
static const char *number(const char *at, int digits, int *out)
{
	*out = 0;
	for (int i = 0; i < digits; i++, at++) {
		if (!isdigit((unsigned char)*at)) {
			return NULL;
		}
		*out = *out * 10 + (*at - '0');
	}
	return at;
}

static const char *literal(const char *at, char c)
{
	return at && *at == c ? at + 1 : NULL;
}

static const char *fraction(const char *at, int *milli)
{
	int scale = 100;

	if (*at != '.') {
		return at;
	}
	at++;
	if (!isdigit((unsigned char)*at)) {
		return NULL;
	}
	for (; isdigit((unsigned char)*at); at++, scale /= 10) {
		*milli += (*at - '0') * scale;
	}
	return at;
}

/* Z or ±hh:mm up to the end of the text. */
static bool zone(const char *at, int64_t *offset_ms)
{
	int hours, minutes;
	int64_t sign = *at == '-' ? -1 : 1;

	*offset_ms = 0;
	if (*at == 'Z' || *at == 'z') {
		return at[1] == '\0';
	}
	if (*at != '+' && *at != '-') {
		return false;
	}
	at = number(at + 1, 2, &hours);
	at = literal(at, ':');
	at = at ? number(at, 2, &minutes) : NULL;
	if (!at || *at) {
		return false;
	}
	*offset_ms = sign * (hours * HOUR_MS + minutes * MINUTE_MS);
	return true;
}

static const char *date(const char *at, struct civil *c)
{
	int year;

	at = number(at, 4, &year);
	at = literal(at, '-');
	at = at ? number(at, 2, &c->month) : NULL;
	at = literal(at, '-');
	at = at ? number(at, 2, &c->day) : NULL;
	c->year = at ? year : 0;
	return at && c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= 31 ? at : NULL;
}

static const char *time_of_day(const char *at, struct civil *c)
{
	at = number(at, 2, &c->hour);
	at = literal(at, ':');
	at = at ? number(at, 2, &c->minute) : NULL;
	at = literal(at, ':');
	at = at ? number(at, 2, &c->second) : NULL;
	at = at ? fraction(at, &c->milli) : NULL;
	return at && c->hour < 24 && c->minute < 60 && c->second < 61 ? at : NULL;
}

bool when_parse(const char *text, int64_t *ms)
{
	struct civil c = {0};
	int64_t offset = 0;
	const char *at = date(text, &c);

	if (!at) {
		return false;
	}
	if (*at) {
		if (*at != 'T' && *at != 't') {
			return false;
		}
		at = time_of_day(at + 1, &c);
		if (!at || !zone(at, &offset)) {
			return false;
		}
	}
	*ms = days_from_civil(c.year, c.month, c.day) * DAY_MS + c.hour * HOUR_MS + c.minute * MINUTE_MS +
	      c.second * SECOND_MS + c.milli - offset;
	return true;
}

bool when_parse_duration(const char *text, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1},      {"s", SECOND_MS}, {"m", MINUTE_MS},
		     {"h", HOUR_MS}, {"d", DAY_MS},    {"w", 7 * DAY_MS}};
	int64_t value = 0;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && value < 1000000000; at++) {
		value = value * 10 + (*at - '0');
	}
	if (at == text) {
		return false;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(at, units[i].unit) == 0) {
			*ms = value * units[i].ms;
			return true;
		}
	}
	return false;
}
