/* Each quirk of Buildkite as a payload and the whole record that it must become: tests/tables/buildkite/. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/whole.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static void run(const char *name, const char *body, size_t size)
{
	char path[300];
	size_t want_size;
	struct normal_notes notes = {0};
	struct err err = {0};
	char *want, *json;

	snprintf(path, sizeof path, "buildkite/%s.out.json", name);
	want = whole_file(path, &want_size);
	if (table_normalize((struct text){body, size}, NULL, &notes, &json, &err) == OK) {
		cr_expect(whole_matches(name, json, &notes, want), "%s", name);
	} else {
		cr_expect_fail("%s: %s", name, err.text);
	}
	free(json);
	free(want);
}

Test(buildkite_whole, every_quirk_becomes_the_expected_record)
{
	cr_expect(whole_each(run) >= 45);
}
