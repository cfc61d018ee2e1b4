/* Each quirk of Buildkite as a payload and the whole record that it must become: tests/tables/buildkite/. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/whole.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>

#define FOLDER SOURCE_DIR "/tests/tables/buildkite"

static void run(const char *name)
{
	char path[300];
	size_t size, want_size;
	struct normal_notes notes = {0};
	struct err err = {0};
	char *body, *want, *json;

	snprintf(path, sizeof path, "buildkite/%s.in.json", name);
	body = whole_file(path, &size);
	snprintf(path, sizeof path, "buildkite/%s.out.json", name);
	want = whole_file(path, &want_size);
	if (table_normalize((struct text){body, size}, NULL, &notes, &json, &err) == OK) {
		cr_expect(whole_matches(name, json, &notes, want), "%s", name);
	} else {
		cr_expect_fail("%s: %s", name, err.text);
	}
	free(json);
	free(want);
	free(body);
}

Test(buildkite_whole, every_quirk_becomes_the_expected_record)
{
	DIR *folder = opendir(FOLDER);
	int inputs = 0, outputs = 0;

	cr_assert(folder, "no " FOLDER);
	for (struct dirent *entry; (entry = readdir(folder));) {
		char *end = strstr(entry->d_name, ".in.json");

		outputs += strstr(entry->d_name, ".out.json") != NULL;
		if (end) {
			*end = '\0';
			run(entry->d_name);
			inputs++;
		}
	}
	closedir(folder);
	cr_expect(inputs == outputs, "%d payloads, %d records", inputs, outputs);
	cr_expect(inputs >= 45, "only %d payloads", inputs);
}
