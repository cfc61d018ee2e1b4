/* SPDX-License-Identifier: MIT */
#include "common/zone_rule.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define DAY_S 86400

/* Reads from *at and goes on; *bad once something was not as it should be. */
struct scan {
	const char *at;
	bool bad;
};

static bool take(struct scan *scan, char c)
{
	bool there = *scan->at == c;

	scan->at += there;
	return there;
}

static int number(struct scan *scan, int min, int max)
{
	int value = 0, digits = 0;

	for (; isdigit((unsigned char)*scan->at) && digits < 4; digits++) {
		value = value * 10 + (*scan->at++ - '0');
	}
	scan->bad |= digits == 0 || value < min || value > max;
	return value;
}

/* `CET`, `<+0330>` */
static void skip_name(struct scan *scan)
{
	size_t len = 0;

	if (take(scan, '<')) {
		len = strcspn(scan->at, ">");
		scan->at += len;
		scan->bad |= !take(scan, '>');
	} else {
		while (isalpha((unsigned char)scan->at[len])) {
			len++;
		}
		scan->at += len;
	}
	scan->bad |= len < 3;
}

/* `-5`, `1:30:00` */
static int32_t clock_s(struct scan *scan)
{
	int sign = take(scan, '-') ? -1 : 1, seconds;

	take(scan, '+');
	seconds = number(scan, 0, 167) * 3600;
	if (take(scan, ':')) {
		seconds += number(scan, 0, 59) * 60;
		seconds += take(scan, ':') ? number(scan, 0, 59) : 0;
	}
	return sign * seconds;
}

/* `,M3.5.0/2`, `,J60`, `,59/-1` */
static void change(struct scan *scan, struct zone_change *out)
{
	scan->bad |= !take(scan, ',');
	out->form = take(scan, 'M') ? 'M' : take(scan, 'J') ? 'J' : '0';
	if (out->form == 'M') {
		out->month = number(scan, 1, 12);
		scan->bad |= !take(scan, '.');
		out->week = number(scan, 1, 5);
		scan->bad |= !take(scan, '.');
		out->day = number(scan, 0, 6);
	} else {
		out->day = number(scan, out->form == 'J', 365);
	}
	out->time_s = take(scan, '/') ? clock_s(scan) : 2 * 3600;
}

bool zone_rule_parse(const char *text, struct zone_rule *out)
{
	struct scan scan = {.at = text};

	*out = (struct zone_rule){0};
	skip_name(&scan);
	out->standard_s = -clock_s(&scan); /* POSIX counts what UTC is ahead */
	out->has_summer = *scan.at != '\0';
	if (out->has_summer) {
		skip_name(&scan);
		out->summer_s = *scan.at && *scan.at != ',' ? -clock_s(&scan) : out->standard_s + 3600;
		change(&scan, &out->begin);
		change(&scan, &out->end);
	}
	return !scan.bad && !*scan.at;
}

/* Midnight of a day, as a clock there says it, in seconds. */
static int64_t midnight(int year, int month, int day)
{
	struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

	return timegm(&tm);
}

static int weekday(int64_t midnight_s)
{
	return (int)(((midnight_s / DAY_S + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

static int64_t week_day(const struct zone_change *change, int year)
{
	int64_t first = midnight(year, change->month, 1);
	int64_t next = midnight(year, change->month + 1, 1);
	int64_t day = first + (change->day - weekday(first) + 7) % 7 * DAY_S + (change->week - 1) * 7 * DAY_S;

	return day < next ? day : day - 7 * DAY_S; /* week 5 is the last */
}

static int64_t change_at(const struct zone_change *change, int year)
{
	int64_t day;

	switch (change->form) {
	case 'M':
		day = week_day(change, year);
		break;
	case 'J':
		day = midnight(year, 1, change->day);
		/* 1 March is day 60 of every year. */
		day += change->day >= 60 && midnight(year, 2, 29) != midnight(year, 3, 1) ? DAY_S : 0;
		break;
	default:
		day = midnight(year, 1, 1 + change->day);
	}
	return day + change->time_s;
}

int32_t zone_rule_offset_s(const struct zone_rule *rule, int64_t utc_s)
{
	time_t standard = utc_s + rule->standard_s;
	struct tm tm;
	int64_t begin, end;
	bool summer;

	if (!rule->has_summer || !gmtime_r(&standard, &tm)) {
		return rule->standard_s;
	}
	begin = change_at(&rule->begin, tm.tm_year + 1900) - rule->standard_s;
	end = change_at(&rule->end, tm.tm_year + 1900) - rule->summer_s;
	summer = begin < end ? begin <= utc_s && utc_s < end : !(end <= utc_s && utc_s < begin);
	return summer ? rule->summer_s : rule->standard_s;
}
