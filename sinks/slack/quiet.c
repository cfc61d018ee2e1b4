/* SPDX-License-Identifier: MIT */
#include "sinks/slack/quiet.h"

#include "common/time.h"
#include "common/zone.h"

#include <ctype.h>
#include <string.h>

#define DAY_MINUTES  (24 * 60)
#define WEEK_MINUTES (7 * DAY_MINUTES)
#define SPANS_MAX    32

struct span {
	int from_day, days; /* from Monday, 0 */
	int from, length;   /* minutes */
};

/* 0: Monday; -1: no day. */
static int day_of(const char *at)
{
	static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 0; i < 7; i++) {
		if (strncmp(at, names[i], 3) == 0) {
			return i;
		}
	}
	return -1;
}

/* `22:00` to minutes; -1: it is none. */
static int minute_of(const char *at)
{
	int minutes;

	for (int i = 0; i < 5; i++) {
		if (i == 2 ? at[i] != ':' : !isdigit((unsigned char)at[i])) {
			return -1;
		}
	}
	minutes = ((at[0] - '0') * 10 + at[1] - '0') * 60 + (at[3] - '0') * 10 + at[4] - '0';
	return minutes <= DAY_MINUTES && at[3] < '6' ? minutes : -1;
}

/* Behind the days of a span; NULL: they are none. */
static const char *parse_days(const char *at, struct span *out)
{
	int last;

	*out = (struct span){.from_day = 0, .days = 7, .from = 0, .length = DAY_MINUTES};
	if (!isalpha((unsigned char)*at)) {
		return at;
	}
	out->from_day = day_of(at);
	last = out->from_day;
	if (last < 0) {
		return NULL;
	}
	at += 3;
	if (*at == '-') {
		last = day_of(at + 1);
		at += 4;
	}
	out->days = (last - out->from_day + 7) % 7 + 1;
	return last >= 0 && (!*at || *at == ' ') ? at + strspn(at, " ") : NULL;
}

static bool parse_span(const char *text, struct span *out)
{
	const char *at = parse_days(text, out);
	int to;

	if (!at || !*at) {
		return at && *text;
	}
	if (strlen(at) != 11 || at[5] != '-') {
		return false;
	}
	out->from = minute_of(at);
	to = minute_of(at + 6);
	out->length = (to - out->from + DAY_MINUTES) % DAY_MINUTES;
	if (out->from == 0 && to == DAY_MINUTES) {
		out->length = DAY_MINUTES;
	}
	return out->from >= 0 && to >= 0 && out->length > 0;
}

/* The spans of a list that was checked. */
static size_t parse_all(const struct config_list *times, struct span out[static SPANS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < times->count && count < SPANS_MAX; i++) {
		count += parse_span(times->items[i], &out[count]);
	}
	return count;
}

static bool covers(const struct span *spans, size_t count, int minute)
{
	for (size_t i = 0; i < count; i++) {
		for (int day = 0; day < spans[i].days; day++) {
			int begin = (spans[i].from_day + day) * DAY_MINUTES + spans[i].from;

			if ((minute - begin + 2 * WEEK_MINUTES) % WEEK_MINUTES < spans[i].length) {
				return true;
			}
		}
	}
	return false;
}

/* What the clocks of the zone show, counted from Monday. */
static int week_minute(const struct zone *zone, int64_t utc_ms)
{
	int64_t minutes = (utc_ms + zone_offset_ms(zone, utc_ms)) / MINUTE_MS + 3 * DAY_MINUTES;

	return (int)((minutes % WEEK_MINUTES + WEEK_MINUTES) % WEEK_MINUTES);
}

/* Minute by minute: what the clocks show then decides, whatever they jump over. */
bool quiet_in(const struct quiet *quiet, int64_t utc_ms, int64_t *ends_ms)
{
	struct span spans[SPANS_MAX];
	size_t count = parse_all(&quiet->times, spans);
	const struct zone *zone;
	int64_t at;

	if (count == 0 || zone_find(quiet->time_zone, &zone, NULL) != OK ||
	    !covers(spans, count, week_minute(zone, utc_ms))) {
		return false;
	}
	at = utc_ms - utc_ms % MINUTE_MS;
	for (int i = 0; i <= WEEK_MINUTES && covers(spans, count, week_minute(zone, at)); i++) {
		at += MINUTE_MS;
	}
	if (ends_ms) {
		*ends_ms = at;
	}
	return true;
}

enum status quiet_check_span(const char *span, struct err *err)
{
	struct span parsed;

	if (parse_span(span, &parsed)) {
		return OK;
	}
	return err_set(err, ERR_CONFIG,
		       "\"%.60s\" is no span: write [DAY|DAY-DAY] [HH:MM-HH:MM], as in \"22:00-07:00\", "
		       "\"sat-sun\", \"fri 18:00-24:00\"",
		       span);
}

static bool leaves_time(const struct quiet *quiet)
{
	struct span spans[SPANS_MAX];
	size_t count = parse_all(&quiet->times, spans);

	for (int minute = 0; minute < WEEK_MINUTES; minute++) {
		if (!covers(spans, count, minute)) {
			return true;
		}
	}
	return false;
}

enum status quiet_check_zone(const char *name, struct err *err)
{
	const struct zone *zone;

	return zone_find(name, &zone, err);
}

enum status quiet_check(const struct quiet *quiet, struct err *err)
{
	if (quiet->times.count == 0) {
		return !quiet->time_zone ? OK
					 : err_set(err, ERR_CONFIG,
						   "quiet_hours.times is missing, as in \"22:00-07:00\"");
	}
	if (quiet->times.count > SPANS_MAX) {
		return err_set(err, ERR_CONFIG, "quiet_hours.times: more than %d spans", SPANS_MAX);
	}
	if (!quiet->time_zone) {
		return err_set(err, ERR_CONFIG,
			       "quiet_hours.time_zone is missing: write whose clocks are meant, as in "
			       "Europe/Berlin, UTC or +02:00");
	}
	return leaves_time(quiet) ? OK
				  : err_set(err, ERR_CONFIG,
					    "quiet_hours.times: they leave no time to say anything; to say "
					    "nothing ever, write channel: none");
}
