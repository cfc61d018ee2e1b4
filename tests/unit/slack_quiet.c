/* Quiet hours: across midnight, weekends, and the two nights when clocks are changed. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/quiet.h"

#include "common/time.h"
#include "tests/unit/config_case.h"

#include <criterion/criterion.h>
#include <string.h>

static int64_t at(const char *text)
{
	int64_t ms;

	cr_assert(time_parse(text, strlen(text), &ms) == OK, "%s", text);
	return ms;
}

/* 2026-11-20 is a Friday. */
static const struct {
	const char *times[3], *zone, *now, *ends; /* NULL: it is not quiet */
} rows[] = {
	/* across midnight */
	{{"22:00-07:00"}, "UTC", "2026-11-20T21:59:59.999Z", NULL},
	{{"22:00-07:00"}, "UTC", "2026-11-20T22:00:00Z", "2026-11-21T07:00:00Z"},
	{{"22:00-07:00"}, "UTC", "2026-11-21T06:59:59.999Z", "2026-11-21T07:00:00Z"},
	{{"22:00-07:00"}, "UTC", "2026-11-21T07:00:00Z", NULL},
	{{"00:00-06:30"}, "UTC", "2026-11-21T00:00:00Z", "2026-11-21T06:30:00Z"},
	{{"12:00-13:00"}, "UTC", "2026-11-21T12:30:00Z", "2026-11-21T13:00:00Z"},
	{{"18:00-24:00"}, "UTC", "2026-11-21T23:59:00Z", "2026-11-22T00:00:00Z"},
	/* by the clocks of the zone, and over Sunday night into the next week */
	{{"22:00-07:00"}, "Europe/Berlin", "2026-11-22T21:00:00Z", "2026-11-23T06:00:00Z"},
	{{"22:00-07:00"}, "America/New_York", "2026-11-22T21:00:00Z", NULL},
	{{"22:00-07:00"}, "+05:30", "2026-11-22T16:30:00Z", "2026-11-23T01:30:00Z"},
	{{"22:00-07:00"}, "-08:00", "1969-12-31T10:00:00Z", "1969-12-31T15:00:00Z"},
	/* days: those on which it begins */
	{{"sat-sun"}, "UTC", "2026-11-20T23:59:59Z", NULL},
	{{"sat-sun"}, "UTC", "2026-11-21T00:00:00Z", "2026-11-23T00:00:00Z"},
	{{"sun"}, "UTC", "2026-11-22T12:00:00Z", "2026-11-23T00:00:00Z"},
	{{"fri 22:00-07:00"}, "UTC", "2026-11-21T06:00:00Z", "2026-11-21T07:00:00Z"},
	{{"fri 22:00-07:00"}, "UTC", "2026-11-20T06:00:00Z", NULL},
	{{"sun 22:00-07:00"}, "UTC", "2026-11-23T06:00:00Z", "2026-11-23T07:00:00Z"},
	{{"sat-mon 09:00-10:00"}, "UTC", "2026-11-23T09:30:00Z", "2026-11-23T10:00:00Z"},
	{{"sat-mon 09:00-10:00"}, "UTC", "2026-11-24T09:30:00Z", NULL},
	/* spans that touch or overlap end together */
	{{"22:00-07:00", "sat-sun"}, "UTC", "2026-11-20T22:30:00Z", "2026-11-23T07:00:00Z"},
	{{"fri 18:00-24:00", "sat-sun", "mon 00:00-08:00"},
	 "UTC",
	 "2026-11-20T18:00:00Z",
	 "2026-11-23T08:00:00Z"},
	/* Berlin, 2026-03-29: 02:00 becomes 03:00. The night has eight hours. */
	{{"22:00-07:00"}, "Europe/Berlin", "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"},
	{{"22:00-07:00"}, "Europe/Berlin", "2026-03-29T05:00:00Z", NULL},
	/* What ends in the hour that does not exist ends when the clocks jump; what lies in it does not
	   happen. */
	{{"22:00-02:30"}, "Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"},
	{{"22:00-02:30"}, "Europe/Berlin", "2026-03-29T01:00:00Z", NULL},
	{{"02:10-02:50"}, "Europe/Berlin", "2026-03-29T01:00:00Z", NULL},
	{{"02:10-03:10"}, "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T01:10:00Z"},
	/* Berlin, 2026-10-25: 03:00 becomes 02:00. Ten hours; 02:30 comes twice. */
	{{"22:00-07:00"}, "Europe/Berlin", "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"},
	{{"02:00-02:30"}, "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"},
	{{"02:00-02:30"}, "Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z"},
	{{"02:00-02:30"}, "Europe/Berlin", "2026-10-25T00:30:00Z", NULL},
};

Test(slack_quiet, hours_are_by_the_clocks_of_the_zone)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct quiet quiet = {{(char **)(uintptr_t)rows[i].times, 0},
				      (char *)(uintptr_t)rows[i].zone};
		int64_t ends = 0;
		bool is_quiet;
		struct err err;

		while (quiet.times.count < 3 && rows[i].times[quiet.times.count]) {
			quiet.times.count++;
		}
		cr_assert(quiet_check(&quiet, &err) == OK, "row %zu: %s", i, err.text);
		is_quiet = quiet_in(&quiet, at(rows[i].now), &ends);
		cr_expect(is_quiet == (rows[i].ends != NULL), "row %zu: %s at %s", i, rows[i].times[0],
			  rows[i].now);
		cr_expect(!rows[i].ends || ends == at(rows[i].ends), "row %zu: %s at %s ends at %lld", i,
			  rows[i].times[0], rows[i].now, (long long)ends);
		cr_expect(quiet_in(&quiet, at(rows[i].now), NULL) == is_quiet);
	}
}

Test(slack_quiet, nothing_said_is_never_quiet)
{
	struct quiet quiet = {0};

	cr_expect(!quiet_in(&quiet, 0, NULL));
}

Test(slack_quiet, spans_have_one_form)
{
	static const char *const bad[] = {"",
					  "22-07",
					  "22:00",
					  "22:00-22:00",
					  "25:00-07:00",
					  "22:60-07:00",
					  "fry",
					  "fri-",
					  "fri-sa",
					  "fri 22:00",
					  "22:00-07:00 fri",
					  "24:00-24:00",
					  "Fri",
					  "fri,sat",
					  "fri  22:00-07:00x",
					  "22:00 - 07:00",
					  "-1:00-02:00"};
	static const char *const good[] = {"22:00-07:00",         "fri",        "fri-mon", "sun 00:00-24:00",
					   "mon-fri 12:00-13:00", "24:00-07:00"};
	struct err err;

	for (size_t i = 0; i < COUNT(bad); i++) {
		cr_expect(quiet_check_span(bad[i], &err) == ERR_CONFIG, "%s", bad[i]);
	}
	for (size_t i = 0; i < COUNT(good); i++) {
		cr_expect(quiet_check_span(good[i], &err) == OK, "%s", good[i]);
	}
}
