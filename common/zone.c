/* SPDX-License-Identifier: MIT */
#include "common/zone.h"

#include "common/config_file.h"
#include "common/time.h"
#include "common/zone_rule.h"

#include <ctype.h>
#include <endian.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_LEN_MAX  64
#define FILE_SIZE_MAX (256 * 1024)
#define HEADER_SIZE   44 /* RFC 8536 section 3.1 */
#define TYPE_SIZE     6

struct zone {
	struct zone *next;
	char name[NAME_LEN_MAX + 1];
	int64_t *changes_s; /* when an offset begins, in order */
	int32_t *offsets_s; /* one more than changes: the first holds before them all */
	size_t count;
	bool ruled;
	struct zone_rule rule; /* from the last change on */
};

static struct zone *zones;

static void zone_free(struct zone *zone)
{
	free(zone->changes_s);
	free(zone->offsets_s);
	free(zone);
}

static uint32_t number32(const char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return be32toh(value);
}

static int64_t number64(const char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof value);
	return (int64_t)be64toh(value);
}

/* The counts of a header, in the order of the file. */
struct counts {
	size_t utc, standard, leaps, changes, types, letters;
};

static bool read_counts(const char *at, const char *end, struct counts *out)
{
	if (end - at < HEADER_SIZE || memcmp(at, "TZif", 4) != 0 || at[4] < '2') {
		return false;
	}
	*out = (struct counts){number32(at + 20), number32(at + 24), number32(at + 28),
			       number32(at + 32), number32(at + 36), number32(at + 40)};
	return out->utc <= FILE_SIZE_MAX && out->standard <= FILE_SIZE_MAX && out->leaps <= FILE_SIZE_MAX &&
	       out->changes <= FILE_SIZE_MAX && out->types <= 256 && out->types > 0 &&
	       out->letters <= FILE_SIZE_MAX;
}

static size_t body_size(const struct counts *counts, size_t time_size)
{
	return counts->changes * (time_size + 1) + counts->types * TYPE_SIZE + counts->letters +
	       counts->leaps * (time_size + 4) + counts->standard + counts->utc;
}

static bool read_changes(struct zone *zone, const char *times, const struct counts *counts)
{
	const char *indexes = times + counts->changes * 8, *types = indexes + counts->changes;

	zone->changes_s = calloc(counts->changes + 1, sizeof *zone->changes_s);
	zone->offsets_s = calloc(counts->changes + 1, sizeof *zone->offsets_s);
	if (!zone->changes_s || !zone->offsets_s) {
		return false;
	}
	zone->count = counts->changes;
	zone->offsets_s[0] = (int32_t)number32(types);
	for (size_t i = 0; i < zone->count; i++) {
		size_t type = (unsigned char)indexes[i];

		if (type >= counts->types) {
			return false;
		}
		zone->changes_s[i] = number64(times + i * 8);
		zone->offsets_s[i + 1] = (int32_t)number32(types + type * TYPE_SIZE);
	}
	return true;
}

/* The file has everything twice: with times of 32 bits, which are passed over, then with 64. */
static bool parse(struct zone *zone, const char *at, const char *end)
{
	struct counts counts;
	size_t len;
	char rule[128];

	if (!read_counts(at, end, &counts) || (size_t)(end - at) < HEADER_SIZE + body_size(&counts, 4)) {
		return false;
	}
	at += HEADER_SIZE + body_size(&counts, 4);
	if (!read_counts(at, end, &counts) || (size_t)(end - at) < HEADER_SIZE + body_size(&counts, 8) + 2 ||
	    !read_changes(zone, at + HEADER_SIZE, &counts)) {
		return false;
	}
	at += HEADER_SIZE + body_size(&counts, 8) + 1; /* a line of its own */
	len = strcspn(at, "\n");                       /* file_read ends it with a NUL */
	snprintf(rule, sizeof rule, "%.*s", (int)len, at);
	zone->ruled = len > 0;
	return len < sizeof rule && (len == 0 || zone_rule_parse(rule, &zone->rule));
}

/* `+02:00`, `-03:30` */
static bool parse_fixed(struct zone *zone, const char *name)
{
	int32_t minutes;

	if ((*name != '+' && *name != '-') || strlen(name) != 6 || name[3] != ':' ||
	    !isdigit((unsigned char)name[1]) || !isdigit((unsigned char)name[2]) ||
	    !isdigit((unsigned char)name[4]) || !isdigit((unsigned char)name[5])) {
		return false;
	}
	minutes = ((name[1] - '0') * 10 + name[2] - '0') * 60 + (name[4] - '0') * 10 + name[5] - '0';
	zone->ruled = true;
	zone->rule.standard_s = (*name == '-' ? -60 : 60) * minutes;
	return minutes <= 14 * 60 && name[4] < '6';
}

/* A name can't lead out of the folder. */
static bool is_name(const char *name)
{
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("_-+/", *c)) {
			return false;
		}
	}
	return isalpha((unsigned char)*name) && !strstr(name, "//");
}

static enum status read_zone(struct zone *zone, const char *name, struct err *err)
{
	const char *folder = getenv("TZDIR");
	char path[PATH_MAX], *text = NULL;
	size_t size = 0;
	bool good;

	snprintf(path, sizeof path, "%s/%s", folder && *folder ? folder : "/usr/share/zoneinfo", name);
	if (!is_name(name) || file_read(path, FILE_SIZE_MAX, &text, &size, err) != OK) {
		return err_set(
			err, ERR_CONFIG,
			"\"%.64s\" is no time zone of this machine: write one such as Europe/Berlin (the "
			"package tzdata has them), UTC, or a fixed offset such as +02:00",
			name);
	}
	good = parse(zone, text, text + size);
	free(text);
	return good ? OK : err_set(err, ERR_CONFIG, "%.200s is no file of a time zone", path);
}

static enum status zone_new(const char *name, struct zone **out, struct err *err)
{
	struct zone *zone = calloc(1, sizeof *zone);
	enum status status = OK;

	if (!zone) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	snprintf(zone->name, sizeof zone->name, "%s", name);
	if (strcmp(name, "UTC") == 0) {
		zone->ruled = true;
	} else if (!parse_fixed(zone, name)) {
		status = read_zone(zone, name, err);
	}
	if (status != OK) {
		zone_free(zone);
		zone = NULL;
	}
	*out = zone;
	return status;
}

enum status zone_find(const char *name, const struct zone **out, struct err *err)
{
	struct zone *zone = zones;
	enum status status;

	while (zone && strcmp(zone->name, name) != 0) {
		zone = zone->next;
	}
	*out = zone;
	if (zone) {
		return OK;
	}
	status = zone_new(name, &zone, err);
	if (status == OK) {
		zone->next = zones;
		zones = zone;
	}
	*out = zone;
	return status;
}

int64_t zone_offset_ms(const struct zone *zone, int64_t utc_ms)
{
	int64_t utc_s = utc_ms >= 0 ? utc_ms / SECOND_MS : -((-utc_ms + SECOND_MS - 1) / SECOND_MS);
	size_t low = 0, high = zone->count;

	if (zone->ruled && (zone->count == 0 || utc_s >= zone->changes_s[zone->count - 1])) {
		return zone_rule_offset_s(&zone->rule, utc_s) * SECOND_MS;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->changes_s[middle] <= utc_s) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return zone->offsets_s[low] * SECOND_MS;
}
