/* Times, durations, sizes: tables of text and value, and of what must be refused. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"

#include <criterion/criterion.h>
#include <string.h>

#define UNTOUCHED INT64_C(-42)
#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *text;
	int64_t value;
};

static enum status parse_whole(const char *text, int64_t *out)
{
	return time_parse(text, strlen(text), out);
}

static enum status parse_http(const char *text, int64_t *out)
{
	return time_parse_http(text, strlen(text), out);
}

static void accepts(enum status (*parse)(const char *, int64_t *), const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t value = UNTOUCHED;

		cr_expect(parse(rows[i].text, &value) == OK, "refused: %s", rows[i].text);
		cr_expect(value == rows[i].value, "%s: %lld, not %lld", rows[i].text, (long long)value,
			  (long long)rows[i].value);
	}
}

static void refuses(enum status (*parse)(const char *, int64_t *), const char *const *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t value = UNTOUCHED;

		cr_expect(parse(texts[i], &value) == ERR_DATA, "accepted: '%s' as %lld", texts[i],
			  (long long)value);
		cr_expect(value == UNTOUCHED, "touched the result: '%s'", texts[i]);
	}
}

Test(time, reads_every_form_that_providers_send)
{
	static const struct row rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01", 0},
		{"2026-11-21T00:00:00.000Z", 1795219200000},
		{"2018-03-25 03:58:14 UTC", 1521950294000},
		{"2018-03-25T03:58:14Z", 1521950294000},
		{"2018-03-25T03:58:14+00:00", 1521950294000},
		{"2018-03-25T03:58:14-00:00", 1521950294000},
		{"2018-03-25t05:28:14.5+01:30", 1521950294500},
		{"2018-03-24T20:58:14.5-07:00", 1521950294500},
		{"2018-03-25 03:58:14z", 1521950294000},
		{"2020-01-01", 1577836800000},
		{"2015-05-09T21:05:59.874Z", 1431205559874},
	};

	accepts(parse_whole, rows, COUNT(rows));
}

Test(time, cuts_a_fraction_to_milliseconds)
{
	static const struct row rows[] = {
		{"1970-01-01T00:00:00.1Z", 100},         {"1970-01-01T00:00:00.12Z", 120},
		{"1970-01-01T00:00:00.123Z", 123},       {"1970-01-01T00:00:00.1239Z", 123},
		{"1970-01-01T00:00:00.999999999Z", 999}, {"1970-01-01T00:00:00.000999Z", 0},
		{"1969-12-31T23:59:59.9999Z", -1},
	};

	accepts(parse_whole, rows, COUNT(rows));
}

Test(time, knows_the_calendar)
{
	static const struct row rows[] = {
		{"2000-02-29", 951782400000},
		{"2024-02-29T12:00:00Z", 1709208000000},
		{"2024-12-31", 1735603200000},
		{"1900-02-28", -2203977600000},
		{"1900-03-01", -2203891200000},
		{"0000-01-01", TIME_MIN_MS},
		{"0000-02-29", -62162121600000},
		{"9999-12-31T23:59:59.999Z", TIME_MAX_MS},
		{"1969-12-31T23:59:59Z", -1000},
		{"2016-12-31T23:59:60Z", 1483228800000},
		{"2038-01-19T03:14:08Z", 2147483648000},
		{"2017-01-01T01:29:60+01:30", 1483228800000},
	};

	accepts(parse_whole, rows, COUNT(rows));
}

Test(time, refuses_what_is_no_time)
{
	static const char *const texts[] = {
		"",
		" ",
		"now",
		"2020",
		"2020-01",
		"2020-1-1",
		"2020-01-01T",
		"2020-01-01T00:00Z",
		"2020-01-01T00:00:00",
		"2020-01-01T00:00:00.Z",
		"2020-01-01T00:00:00.1234567890Z",
		"2020-01-01T00:00:00+0100",
		"2020-01-01T00:00:00+24:00",
		"2020-01-01T00:00:00+01:60",
		"2020-01-01 00:00:00 CET",
		"2020-01-01 00:00:00 UTC ",
		" 2020-01-01",
		"2020-01-01T24:00:00Z",
		"2020-01-01T00:60:00Z",
		"2020-01-01T00:00:60Z",
		"2020-01-01T00:00:61Z",
		"2020-00-01",
		"2020-13-01",
		"2020-01-00",
		"2020-04-31",
		"2021-02-29",
		"1900-02-29",
		"-001-01-01",
		"20200-01-01",
		"0000-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
		"2020-01-01T00:00:00Zgarbage",
		"1577836800",
	};

	refuses(parse_whole, texts, COUNT(texts));
}

Test(time, reads_no_byte_past_the_length)
{
	int64_t value = UNTOUCHED;
	const char nul[] = "2020-01-01\0T00:00:00Z";

	cr_expect(time_parse("2020-01-01T00:00:00Z", 10, &value) == OK);
	cr_expect(value == 1577836800000);
	cr_expect(time_parse("2020-01-01", 9, &value) == ERR_DATA);
	cr_expect(time_parse(nul, sizeof nul - 1, &value) == ERR_DATA);
	cr_expect(time_parse("", 0, &value) == ERR_DATA);
}

Test(time, reads_the_three_forms_of_an_http_date)
{
	static const struct row rows[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777000},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777000},
		{"Sun Nov  6 08:49:37 1994", 784111777000},
		{"Sat Nov 26 08:49:37 1994", 785839777000},
		{"Sat, 21 Nov 2026 00:00:00 GMT", 1795219200000},
		{"Saturday, 21-Nov-26 00:00:00 GMT", 1795219200000},
	};
	static const char *const texts[] = {
		"",
		"Sun",
		"0",
		", 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:37 CET",
		"Sun, 06 Nov 1994 08:49:37 GMT ",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 06-Nov 1994 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994",
		"2026-11-21T00:00:00Z",
	};

	accepts(parse_http, rows, COUNT(rows));
	refuses(parse_http, texts, COUNT(texts));
}

Test(time, writes_what_it_reads)
{
	static const struct row rows[] = {
		{"2026-11-21T00:00:00.000Z", 1795219200000},
		{"1970-01-01T00:00:00.000Z", 0},
		{"1969-12-31T23:59:59.999Z", -1},
		{"0000-01-01T00:00:00.000Z", TIME_MIN_MS},
		{"9999-12-31T23:59:59.999Z", TIME_MAX_MS},
		{"2000-02-29T23:59:59.001Z", 951868799001},
	};
	char out[32];

	for (size_t i = 0; i < COUNT(rows); i++) {
		cr_expect(time_format(rows[i].value, out) == strlen(rows[i].text));
		cr_expect_str_eq(out, rows[i].text);
	}
	cr_expect(time_format(TIME_MAX_MS + 1, out) == 0);
	cr_expect(time_format(TIME_MIN_MS - 1, out) == 0);
	cr_expect(time_format(INT64_MIN, out) == 0);
	cr_expect_str_eq(out, "");
}

Test(time, comes_back_from_every_day_of_ten_thousand_years)
{
	char out[32];

	for (int64_t ms = TIME_MIN_MS; ms < TIME_MAX_MS; ms += DAY_MS) {
		int64_t back = UNTOUCHED;
		size_t len = time_format(ms, out);

		cr_assert(time_parse(out, len, &back) == OK && back == ms, "%s", out);
		cr_assert(time_parse(out, 10, &back) == OK && back == ms, "%s", out);
	}
}

Test(duration, is_a_number_and_a_unit)
{
	static const struct row rows[] = {
		{"0", 0},        {"0s", 0},         {"30s", 30000},     {"5m", 300000},
		{"1h", 3600000}, {"7d", 604800000}, {"2w", 1209600000}, {"36500d", 3153600000000},
		{"007s", 7000},
	};
	static const char *const texts[] = {
		"",
		"s",
		"30",
		"1",
		"-1s",
		"+1s",
		"1.5h",
		"1 h",
		"1hour",
		"1h30m",
		" 1h",
		"1h ",
		"1S",
		"99999999999999999999s",
		"9223372036854775807w",
	};

	accepts(duration_parse, rows, COUNT(rows));
	refuses(duration_parse, texts, COUNT(texts));
}

Test(duration, reads_well)
{
	static const struct row rows[] = {
		{"0.0 s", 0},
		{"0.2 s", 250},
		{"3.2 s", 3249},
		{"59.9 s", 59999},
		{"1m", 60000},
		{"1m 5s", 65000},
		{"1h 5m", 3900000},
		{"1h", 3600000},
		{"1d", 86400000},
		{"3d 2h", 266400000},
		{"-1m", -60000},
		{"106751991167d 7h", INT64_MAX},
		{"-106751991167d 7h", INT64_MIN},
	};
	char out[32];

	for (size_t i = 0; i < COUNT(rows); i++) {
		cr_expect(duration_format(rows[i].value, out) == strlen(rows[i].text));
		cr_expect_str_eq(out, rows[i].text);
	}
}

Test(size, is_bytes_or_a_number_and_a_unit)
{
	static const struct row rows[] = {
		{"0", 0},
		{"1048576", 1048576},
		{"512B", 512},
		{"64KiB", 65536},
		{"512MiB", 536870912},
		{"1GiB", 1073741824},
		{"2TiB", 2199023255552},
		{"1kB", 1000},
		{"1KB", 1000},
		{"1MB", 1000000},
		{"1GB", 1000000000},
		{"1TB", 1000000000000},
	};
	static const char *const texts[] = {
		"",
		"MiB",
		"-1",
		"1.5GiB",
		"1 GiB",
		"1G",
		"1gib",
		"9223372036854775808",
		"9999999TiB9",
		"99999999999TiB",
	};

	accepts(size_parse, rows, COUNT(rows));
	refuses(size_parse, texts, COUNT(texts));
}
