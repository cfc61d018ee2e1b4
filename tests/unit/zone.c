/* Time zones: this machine's zoneinfo as the C library reads it is the truth. Each test is a process of its
 * own, so TZ may be set here. */
/* SPDX-License-Identifier: MIT */
#include "common/zone.h"
#include "common/time.h"
#include "common/zone_rule.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/usr/share/zoneinfo/"

static const struct zone *find(const char *name)
{
	const struct zone *zone;
	struct err err;

	cr_assert(zone_find(name, &zone, &err) == OK, "%s", err.text);
	return zone;
}

static int64_t at(const char *text)
{
	int64_t ms;

	cr_assert(time_parse(text, strlen(text), &ms) == OK, "%s", text);
	return ms;
}

static long truth_s(int64_t utc_s)
{
	time_t time = utc_s;
	struct tm tm;

	cr_assert_not_null(localtime_r(&time, &tm));
	return tm.tm_gmtoff;
}

static size_t zones, differ;

static void compare(const char *name, const struct zone *zone, int64_t utc_s)
{
	long want = truth_s(utc_s), got = (long)(zone_offset_ms(zone, utc_s * SECOND_MS) / SECOND_MS);

	if (want != got && ++differ <= 20) {
		cr_expect(false, "%s at %lld: %ld, not %ld", name, (long long)utc_s, got, want);
	}
}

static int compare_file(const char *path, const struct stat *stat, int type, struct FTW *walk)
{
	const char *name = path + strlen(FOLDER);
	const struct zone *zone;
	(void)stat;
	(void)walk;

	if (type != FTW_F || strncmp(name, "right/", 6) == 0 || strncmp(name, "posix/", 6) == 0 ||
	    strchr(name, '.') || zone_find(name, &zone, NULL) != OK) {
		return 0;
	}
	zones++;
	setenv("TZ", name, 1);
	tzset();
	for (int64_t day = -20000; day < 60000;
	     day += 97) { /* 1915..2134, at all times of a day and a year */
		compare(name, zone, day * 86400 + day % 97 * 887);
	}
	return 0;
}

Test(zone, shows_what_the_c_library_shows_everywhere)
{
	if (access(FOLDER "Europe/Berlin", R_OK) != 0) {
		cr_skip_test("no tzdata here");
	}
	cr_assert(nftw(FOLDER, compare_file, 16, FTW_PHYS) == 0);
	cr_expect(zones > 100, "%zu", zones);
	cr_expect(differ == 0, "%zu", differ);
}

Test(zone, changes_at_the_second)
{
	const struct zone *berlin = find("Europe/Berlin"), *new_york = find("America/New_York");

	cr_expect(zone_offset_ms(berlin, at("2026-03-29T00:59:59.999Z")) == HOUR_MS);
	cr_expect(zone_offset_ms(berlin, at("2026-03-29T01:00:00Z")) == 2 * HOUR_MS);
	cr_expect(zone_offset_ms(berlin, at("2026-10-25T00:59:59.999Z")) == 2 * HOUR_MS);
	cr_expect(zone_offset_ms(berlin, at("2026-10-25T01:00:00Z")) == HOUR_MS);
	cr_expect(zone_offset_ms(new_york, at("2100-07-01T00:00:00Z")) == -4 * HOUR_MS); /* by the rule */
	cr_expect(find("Europe/Berlin") == berlin);
}

Test(zone, takes_fixed_offsets)
{
	cr_expect(zone_offset_ms(find("UTC"), 0) == 0);
	cr_expect(zone_offset_ms(find("+05:30"), 0) == 330 * MINUTE_MS);
	cr_expect(zone_offset_ms(find("-03:00"), INT64_C(1800000000000)) == -3 * HOUR_MS);
}

Test(zone, says_what_is_no_zone)
{
	static const char *const names[] = {
		"Berlin",    "Europe/Berlinn", "../../etc/passwd", "/etc/localtime", "",
		"+2",        "+15:00",         "+02:60",           "zone.tab",       "Europe",
		"CET-1CEST", "+0a:00",         "Europe//Berlin"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct zone *zone;
		struct err err;

		cr_expect(zone_find(names[i], &zone, &err) == ERR_CONFIG, "%s", names[i]);
		cr_expect_null(zone);
	}
}

/* As POSIX and RFC 8536 have them; those that no zone of today has. */
Test(zone, reads_rules_of_every_form)
{
	static const struct {
		const char *rule, *utc;
		int32_t offset_s;
	} rows[] = {
		{"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -5 * 3600},
		{"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -4 * 3600},
		{"AAA0BBB,J60/0,J300/0", "2024-02-29T12:00:00Z", 0}, /* day 60 is 1 March */
		{"AAA0BBB,J60/0,J300/0", "2024-03-01T00:00:00Z", 3600},
		{"AAA0BBB,J60/0,J300/0", "2023-03-01T00:00:00Z", 3600},
		{"AAA0BBB,59/0,299/0", "2024-02-29T00:00:00Z", 3600}, /* day 59, from 0, is 29 February */
		{"AAA0BBB-2,M4.1.0,M10.1.0", "2026-01-01T00:00:00Z", 0},
		{"AAA0BBB-2,M4.1.0,M10.1.0", "2026-07-01T00:00:00Z", 7200},
		{"AAA0BBB,M10.1.0,M4.1.0", "2026-01-01T00:00:00Z", 3600}, /* the south: over the new year */
		{"AAA0BBB,M10.1.0,M4.1.0", "2026-07-01T00:00:00Z", 0},
		{"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-01T00:00:00Z", 0},
		{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200},
		{"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
		{"<+0545>-5:45", "2026-01-01T00:00:00Z", 20700},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct zone_rule rule;

		cr_assert(zone_rule_parse(rows[i].rule, &rule), "%s", rows[i].rule);
		cr_expect(zone_rule_offset_s(&rule, at(rows[i].utc) / SECOND_MS) == rows[i].offset_s,
			  "%s %s: %d", rows[i].rule, rows[i].utc,
			  zone_rule_offset_s(&rule, at(rows[i].utc) / SECOND_MS));
	}
}

Test(zone, refuses_what_is_no_rule)
{
	static const char *const texts[] = {"",
					    "CE-1",
					    "CET",
					    "CET-1CEST",
					    "CET-1CEST,M13.1.0,M1.1.0",
					    "CET-1x",
					    "CET-1CEST,M3.5.0",
					    "<CET-1",
					    "CET-168",
					    "CET-1CEST,M3.5.0,M10.5.0,",
					    "CET-1CEST,J0,J3",
					    "CET-1CEST,M3.6.0,M1.1.0"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct zone_rule rule;

		cr_expect(!zone_rule_parse(texts[i], &rule), "%s", texts[i]);
	}
}

/* Whatever stands in a file of TZDIR: an error or a zone, no crash. */
Test(zone, survives_broken_files)
{
	char folder[] = "/tmp/buildbus-zone-XXXXXX", path[64], bytes[4096];
	FILE *real = fopen(FOLDER "Europe/Berlin", "r");
	size_t size;

	if (!real) {
		cr_skip_test("no tzdata here");
	}
	size = fread(bytes, 1, sizeof bytes, real);
	fclose(real);
	cr_assert_not_null(mkdtemp(folder));
	setenv("TZDIR", folder, 1);
	for (int i = 0; i < 400; i++) {
		char name[16], copy[sizeof bytes];
		const struct zone *zone;
		FILE *file;

		snprintf(name, sizeof name, "Zone%d", i);
		snprintf(path, sizeof path, "%s/%s", folder, name);
		memcpy(copy, bytes, size);
		copy[(size_t)i * 7919 % 200] = (char)(i * 31);
		copy[(size_t)i * 104729 % size] = (char)(i * 17);
		file = fopen(path, "w");
		cr_assert_not_null(file);
		fwrite(copy, 1, i % 3 ? size : (size_t)i * 5 % size, file);
		fclose(file);
		if (zone_find(name, &zone, NULL) == OK) {
			(void)zone_offset_ms(zone, i * INT64_C(4000000000));
		}
		unlink(path);
	}
	rmdir(folder);
}
