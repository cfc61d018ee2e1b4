/* SPDX-License-Identifier: MIT */
#include "tests/tables/whole.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define UNKNOWN_WORDS "unknown_words"

struct comparison {
	const char *name;
	bool ok;
};

static void differ(struct comparison *it, const char *place, yyjson_val *got, yyjson_val *want)
{
	char *is = got ? yyjson_val_write(got, 0, NULL) : NULL, *wanted = yyjson_val_write(want, 0, NULL);

	cr_log_error("%s: %s is %s, not %s", it->name, place, is ? is : "absent", wanted ? wanted : "there");
	it->ok = false;
	free(is);
	free(wanted);
}

/* The C library's own reading of `2026-01-01T00:00:00[.250]Z`: the code under test has another. */
bool whole_is_time(yyjson_val *got, const char *want)
{
	struct tm tm = {0};
	int ms = 0, end = 0;
	const char *rest = strptime(want, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!rest || (*rest == '.' ? sscanf(rest, ".%3dZ%n", &ms, &end) : sscanf(rest, "Z%n", &end)) < 0 ||
	    rest[end] || !end) {
		return false;
	}
	return yyjson_is_int(got) && yyjson_get_sint(got) == (int64_t)timegm(&tm) * 1000 + ms;
}

static bool is_nothing(yyjson_val *got)
{
	return yyjson_is_null(got) || yyjson_is_false(got) ||
	       (yyjson_is_arr(got) && yyjson_arr_size(got) == 0);
}

static void compare(struct comparison *it, yyjson_val *got, yyjson_val *want, const char *place);

static const char *name_of(yyjson_val *key)
{
	const char *name = yyjson_get_str(key);

	return name ? name : ""; /* a key is a text: only the compiler doesn't know */
}

static void compare_objects(struct comparison *it, yyjson_val *got, yyjson_val *want, const char *place)
{
	yyjson_val *key, *value;
	char below[256];
	size_t i, n;

	yyjson_obj_foreach(want, i, n, key, value)
	{
		if (strcmp(name_of(key), UNKNOWN_WORDS) == 0) {
			continue;
		}
		snprintf(below, sizeof below, "%s.%s", place, name_of(key));
		compare(it, yyjson_obj_get(got, name_of(key)), value, below);
	}
	yyjson_obj_foreach(got, i, n, key, value)
	{
		if (!yyjson_obj_get(want, name_of(key)) && !is_nothing(value)) {
			snprintf(below, sizeof below, "%s.%s", place, name_of(key));
			differ(it, below, value, NULL);
		}
	}
}

static void compare(struct comparison *it, yyjson_val *got, yyjson_val *want, const char *place)
{
	size_t size = strlen(place), i, n;
	yyjson_val *value;
	char below[256];

	if (yyjson_is_obj(want) && yyjson_is_obj(got)) {
		compare_objects(it, got, want, place);
		return;
	}
	if (yyjson_is_arr(want) && yyjson_arr_size(got) == yyjson_arr_size(want)) {
		yyjson_arr_foreach(want, i, n, value)
		{
			snprintf(below, sizeof below, "%s[%zu]", place, i);
			compare(it, yyjson_arr_get(got, i), value, below);
		}
		return;
	}
	if (yyjson_is_str(want) && size > 3 && strcmp(place + size - 3, "_at") == 0
		    ? !whole_is_time(got, yyjson_get_str(want))
		    : !got || !yyjson_equals(got, want)) {
		differ(it, place, got, want);
	}
}

bool whole_matches(const char *name, const char *json, const struct normal_notes *notes, const char *want)
{
	struct comparison it = {.name = name, .ok = true};
	yyjson_read_err why;
	yyjson_doc *wanted = yyjson_read_opts((char *)(uintptr_t)want, strlen(want), 0, NULL, &why);
	yyjson_doc *got = yyjson_read(json, strlen(json), 0);

	int64_t unknown_words;

	cr_assert(wanted, "%s: what is wanted isn't JSON: %s at byte %zu", name, why.msg, why.pos);
	compare(&it, yyjson_doc_get_root(got), yyjson_doc_get_root(wanted), "$");
	unknown_words = yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(wanted), UNKNOWN_WORDS));
	if (notes->unknown_words != unknown_words) {
		cr_log_error("%s: %d unknown words, not %d", name, (int)notes->unknown_words,
			     (int)unknown_words);
		it.ok = false;
	}
	yyjson_doc_free(got);
	yyjson_doc_free(wanted);
	return it.ok;
}

char *whole_file(const char *path, size_t *size)
{
	char whole[1024], *out;
	FILE *file;

	snprintf(whole, sizeof whole, SOURCE_DIR "/tests/tables/%s", path);
	file = fopen(whole, "rb");
	cr_assert(file, "no %s", whole);
	out = calloc(1, 1 << 20);
	*size = fread(out, 1, (1 << 20) - 1, file);
	fclose(file);
	return out;
}

int whole_each(void (*run)(const char *name, const char *body, size_t size))
{
	DIR *folder = opendir(SOURCE_DIR "/tests/tables/buildkite");
	int inputs = 0, outputs = 0;

	cr_assert(folder, "no tests/tables/buildkite");
	for (struct dirent *entry; (entry = readdir(folder));) {
		char *end = strstr(entry->d_name, ".in.json"), path[300], *body;
		size_t size;

		outputs += strstr(entry->d_name, ".out.json") != NULL;
		if (!end) {
			continue;
		}
		snprintf(path, sizeof path, "buildkite/%s", entry->d_name);
		*end = '\0';
		body = whole_file(path, &size);
		run(entry->d_name, body, size);
		free(body);
		inputs++;
	}
	closedir(folder);
	cr_assert(inputs == outputs, "%d payloads, %d records", inputs, outputs);
	return inputs;
}
