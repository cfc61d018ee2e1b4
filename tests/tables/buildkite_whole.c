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

/* The members of each object in the opposite order, but for a matrix: its order is that of the job's name. */
static yyjson_mut_val *reversed(yyjson_mut_doc *doc, yyjson_val *value)
{
	yyjson_mut_val *out = yyjson_is_arr(value) ? yyjson_mut_arr(doc) : yyjson_mut_obj(doc);
	yyjson_val *key, *below;
	size_t i, n;

	if (!yyjson_is_ctn(value)) {
		return yyjson_val_mut_copy(doc, value);
	}
	yyjson_arr_foreach(value, i, n, below)
	{
		yyjson_mut_arr_append(out, reversed(doc, below));
	}
	yyjson_obj_foreach(value, i, n, key, below)
	{
		bool matrix = yyjson_equals_str(key, "matrix");

		yyjson_mut_obj_insert(out, yyjson_val_mut_copy(doc, key),
				      matrix ? yyjson_val_mut_copy(doc, below) : reversed(doc, below), 0);
	}
	return out;
}

static void run_reversed(const char *name, const char *body, size_t size)
{
	yyjson_doc *doc =
		yyjson_read_opts((char *)(uintptr_t)body, size, YYJSON_READ_BIGNUM_AS_RAW, NULL, NULL);
	yyjson_mut_doc *other = yyjson_mut_doc_new(NULL);
	size_t other_size;
	char *text;

	yyjson_mut_doc_set_root(other, reversed(other, yyjson_doc_get_root(doc)));
	text = yyjson_mut_write(other, 0, &other_size);
	cr_assert(text);
	run(name, text, other_size);
	free(text);
	yyjson_mut_doc_free(other);
	yyjson_doc_free(doc);
}

Test(buildkite_whole, the_order_of_members_is_nothing)
{
	cr_expect(whole_each(run_reversed) >= 45);
}
