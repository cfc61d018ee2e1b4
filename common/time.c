/* SPDX-License-Identifier: MIT */
#include "common/time.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A reader that remembers its first mismatch, so that a grammar reads top to bottom without a test a line. */
struct scan {
	const char *at, *end;
	bool bad;
};

struct civil {
	int year, month, day, hour, minute, second, milli;
	int offset_minutes; /* east of UTC */
};

static bool scan_at(const struct scan *scan, const char *choices)
{
	if (scan->bad || scan->at == scan->end) {
		return false;
	}
	while (*choices && *choices != *scan->at) {
		choices++;
	}
	return *choices;
}

static void scan_one_of(struct scan *scan, const char *choices)
{
	if (scan_at(scan, choices)) {
		scan->at++;
	} else {
		scan->bad = true;
	}
}

static void scan_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if (scan->bad || (size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0) {
		scan->bad = true;
		return;
	}
	scan->at += len;
}

static int scan_digits(struct scan *scan, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (scan->at == scan->end || *scan->at < '0' || *scan->at > '9') {
			scan->bad = true;
			return 0;
		}
		value = value * 10 + (*scan->at++ - '0');
	}
	return value;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. The year is counted from March, so that the leap
 * day is its last; 400 years are exactly 146097 days. */
static int64_t days_from_civil(int year, int month, int day)
{
	int shifted = year + 400 - (month <= 2); /* + 400: year 0 stays positive */
	int era = shifted / 400, year_of_era = shifted % 400;
	int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return (era - 1) * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
	       719468;
}

static void civil_from_days(int64_t days, struct civil *out)
{
	int64_t shifted = days + 719468 + 146097; /* one era more, as above */
	int64_t era = shifted / 146097, day_of_era = shifted % 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */

	out->day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
	out->month = (int)(month < 10 ? month + 3 : month - 9);
	out->year = (int)((era - 1) * 400 + year_of_era + (out->month <= 2));
}

static bool in_calendar(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 && c->day <= days_in_month(c->year, c->month) &&
	       c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

static enum status civil_to_ms(const struct civil *c, int64_t *out_ms)
{
	int64_t seconds;

	if (!in_calendar(c)) {
		return ERR_DATA;
	}
	seconds = days_from_civil(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 +
		  c->second - (int64_t)c->offset_minutes * 60;
	/* A leap second ends a day in UTC; here it is the same instant as the next day's start. */
	if (c->second == 60 && seconds % 86400 != 0) {
		return ERR_DATA;
	}
	if (seconds * 1000 < TIME_MIN_MS || seconds * 1000 > TIME_MAX_MS) {
		return ERR_DATA;
	}
	*out_ms = seconds * 1000 + c->milli;
	return OK;
}

static void scan_clock(struct scan *scan, struct civil *c)
{
	c->hour = scan_digits(scan, 2);
	scan_one_of(scan, ":");
	c->minute = scan_digits(scan, 2);
	scan_one_of(scan, ":");
	c->second = scan_digits(scan, 2);
}

static void scan_fraction(struct scan *scan, struct civil *c)
{
	static const int worth[] = {100, 10, 1};
	int count = 0;

	if (!scan_at(scan, ".")) {
		return;
	}
	scan->at++;
	for (; scan_at(scan, "0123456789"); scan->at++, count++) {
		c->milli += count < 3 ? worth[count] * (*scan->at - '0') : 0;
	}
	scan->bad |= count < 1 || count > 9;
}

static void scan_offset(struct scan *scan, struct civil *c)
{
	int sign, hours, minutes;

	if (scan_at(scan, "Zz")) {
		scan->at++;
		return;
	}
	if (scan_at(scan, " ")) {
		scan_word(scan, " UTC");
		return;
	}
	sign = scan_at(scan, "-") ? -1 : 1;
	scan_one_of(scan, "+-");
	hours = scan_digits(scan, 2);
	scan_one_of(scan, ":");
	minutes = scan_digits(scan, 2);
	scan->bad |= hours > 23 || minutes > 59;
	c->offset_minutes = sign * (hours * 60 + minutes);
}

static enum status finish(const struct scan *scan, const struct civil *c, int64_t *out_ms)
{
	return scan->bad || scan->at != scan->end ? ERR_DATA : civil_to_ms(c, out_ms);
}

/* *bad is set, never cleared: one test for a whole time. */
static inline int two_digits(const char *at, unsigned *bad)
{
	unsigned tens = (unsigned)(at[0] - '0'), ones = (unsigned)(at[1] - '0');

	*bad |= (tens > 9) | (ones > 9);
	return (int)(tens * 10 + ones);
}

/* `2026-11-20T10:00:05.123Z`, as nearly every time is written: a build has thirty, and reading what is known
 * to be where takes a third of the time. */
static bool read_usual(const char *text, size_t len, struct civil *c)
{
	unsigned bad = 0;

	if (len != 24 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
	    text[16] != ':' || text[19] != '.' || text[23] != 'Z') {
		return false;
	}
	*c = (struct civil){
		.year = two_digits(text, &bad) * 100 + two_digits(text + 2, &bad),
		.month = two_digits(text + 5, &bad),
		.day = two_digits(text + 8, &bad),
		.hour = two_digits(text + 11, &bad),
		.minute = two_digits(text + 14, &bad),
		.second = two_digits(text + 17, &bad),
		.milli = (text[20] - '0') * 100 + two_digits(text + 21, &bad),
	};
	return !bad && text[20] >= '0' && text[20] <= '9';
}

enum status time_parse(const char *text, size_t len, int64_t *out_ms)
{
	struct scan scan = {.at = text, .end = text + len};
	struct civil c = {0};

	if (read_usual(text, len, &c)) {
		return civil_to_ms(&c, out_ms);
	}
	c = (struct civil){0};
	c.year = scan_digits(&scan, 4);
	scan_one_of(&scan, "-");
	c.month = scan_digits(&scan, 2);
	scan_one_of(&scan, "-");
	c.day = scan_digits(&scan, 2);
	if (scan.at != scan.end) {
		scan_one_of(&scan, "Tt ");
		scan_clock(&scan, &c);
		scan_fraction(&scan, &c);
		scan_offset(&scan, &c);
	}
	return finish(&scan, &c, out_ms);
}

static int scan_month(struct scan *scan)
{
	static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	for (int i = 0; i < 12; i++) {
		if (!scan->bad && scan->end - scan->at >= 3 && memcmp(scan->at, names[i], 3) == 0) {
			scan->at += 3;
			return i + 1;
		}
	}
	scan->bad = true;
	return 0;
}

/* `Sun Nov  6 08:49:37 1994`, after the weekday */
static void scan_asctime(struct scan *scan, struct civil *c)
{
	scan_one_of(scan, " ");
	c->month = scan_month(scan);
	scan_one_of(scan, " ");
	if (scan_at(scan, " ")) {
		scan->at++;
		c->day = scan_digits(scan, 1);
	} else {
		c->day = scan_digits(scan, 2);
	}
	scan_one_of(scan, " ");
	scan_clock(scan, c);
	scan_one_of(scan, " ");
	c->year = scan_digits(scan, 4);
}

/* `Sun, 06 Nov 1994 08:49:37 GMT` and `Sunday, 06-Nov-94 08:49:37 GMT`, after the weekday */
static void scan_fixdate(struct scan *scan, struct civil *c)
{
	bool rfc850;

	scan_word(scan, ", ");
	c->day = scan_digits(scan, 2);
	rfc850 = scan_at(scan, "-");
	scan_one_of(scan, " -");
	c->month = scan_month(scan);
	scan_one_of(scan, rfc850 ? "-" : " ");
	c->year = scan_digits(scan, rfc850 ? 2 : 4);
	if (rfc850) {
		c->year += c->year < 70 ? 2000 : 1900;
	}
	scan_one_of(scan, " ");
	scan_clock(scan, c);
	scan_word(scan, " GMT");
}

enum status time_parse_http(const char *text, size_t len, int64_t *out_ms)
{
	struct scan scan = {.at = text, .end = text + len};
	struct civil c = {0};

	/* The weekday says nothing that the date doesn't. */
	while (scan.at < scan.end && isalpha((unsigned char)*scan.at)) {
		scan.at++;
	}
	scan.bad = scan.at == text;
	if (scan_at(&scan, " ")) {
		scan_asctime(&scan, &c);
	} else {
		scan_fixdate(&scan, &c);
	}
	return finish(&scan, &c, out_ms);
}

size_t time_format(int64_t ms, char out[static 32])
{
	struct civil c;
	int64_t days, rest;

	out[0] = '\0';
	if (ms < TIME_MIN_MS || ms > TIME_MAX_MS) {
		return 0;
	}
	rest = (ms % DAY_MS + DAY_MS) % DAY_MS; /* also right before 1970 */
	days = (ms - rest) / DAY_MS;
	civil_from_days(days, &c);
	return (size_t)snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", c.year, c.month, c.day,
				(int)(rest / HOUR_MS), (int)(rest / MINUTE_MS % 60),
				(int)(rest / SECOND_MS % 60), (int)(rest % 1000));
}
