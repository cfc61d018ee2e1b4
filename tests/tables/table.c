/* SPDX-License-Identifier: MIT */
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define URL "https://api.buildkite.com/v2/organizations/acme/pipelines/web/builds/7"

char *table_json(const char *quoted)
{
	char *out = strdup(quoted);

	for (char *at = out; *at; at++) {
		*at = *at == '\'' ? '"' : *at;
	}
	return out;
}

/* What a sink reads is what was normalised. */
static void expect_round_trip(const struct build *build, const char *json, struct arena *arena)
{
	msgpack_sbuffer packed;
	struct build back;
	struct err err = {0};
	uint64_t hash;
	size_t size;
	char *again;

	msgpack_sbuffer_init(&packed);
	build_pack(build, &packed, &hash);
	cr_assert(build_unpack(packed.data, packed.size, arena, &back, &err) == OK, "%s", err.text);
	back.version = INT_NULL; /* these two are the hub's */
	back.origin = ORIGIN_NULL;
	again = build_json(&back, &size);
	cr_assert_str_eq(again, json);
	free(again);
	msgpack_sbuffer_destroy(&packed);
}

enum status table_normalize(struct text body, const char *url, struct normal_notes *notes, char **json,
			    struct err *err)
{
	struct raw raw = {
		.provider = TEXT("buildkite"), .kind = RAW_BUILD, .url = text_of(url), .body = body};
	struct arena arena;
	struct build *builds = NULL;
	size_t count = 0, size;
	enum status status;

	*json = NULL;
	arena_init(&arena, 64 << 20);
	status = buildkite_provider.normalize(&raw, &arena, &builds, &count, notes, err);
	if (status == OK) {
		cr_assert(count == 1);
		cr_assert(builds->version == INT_NULL && builds->origin == ORIGIN_NULL);
		*json = build_json(builds, &size);
		expect_round_trip(builds, *json, &arena);
	}
	arena_fini(&arena);
	return status;
}

static bool same(yyjson_val *got, yyjson_val *want, const char *name, const char *place)
{
	size_t index, max;
	yyjson_val *key, *value;
	char below[256];
	bool ok = true;

	if (yyjson_is_obj(want) && yyjson_is_obj(got)) {
		yyjson_obj_foreach(want, index, max, key, value)
		{
			snprintf(below, sizeof below, "%s.%s", place, yyjson_get_str(key));
			ok &= same(yyjson_obj_get(got, yyjson_get_str(key)), value, name, below);
		}
		return ok;
	}
	if (yyjson_is_arr(want) && yyjson_is_arr(got) && yyjson_arr_size(want) == yyjson_arr_size(got)) {
		yyjson_arr_foreach(want, index, max, value)
		{
			snprintf(below, sizeof below, "%s[%zu]", place, index);
			ok &= same(yyjson_arr_get(got, index), value, name, below);
		}
		return ok;
	}
	if (!got || !yyjson_equals(got, want)) {
		char *is = got ? yyjson_val_write(got, 0, NULL) : NULL;
		char *wanted = yyjson_val_write(want, 0, NULL);
		cr_log_error("%s: %s is %s, not %s", name, place, is ? is : "absent", wanted);
		free(is);
		free(wanted);
		return false;
	}
	return true;
}

bool table_matches(const char *name, const char *json, const char *want)
{
	char *wanted = table_json(want);
	yyjson_doc *got_doc = yyjson_read(json, strlen(json), 0);
	yyjson_doc *want_doc = yyjson_read(wanted, strlen(wanted), 0);
	bool ok;

	cr_assert(want_doc, "%s: the row's want isn't JSON: %s", name, wanted);
	ok = same(yyjson_doc_get_root(got_doc), yyjson_doc_get_root(want_doc), name, "$");
	yyjson_doc_free(got_doc);
	yyjson_doc_free(want_doc);
	free(wanted);
	return ok;
}

void table_run(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		struct normal_notes notes = {0};
		struct err err = {0};
		char *members = table_json(row->members), *body = NULL, *json;
		int size = asprintf(&body, "{\"url\":\"" URL "\",\"number\":7%s%s}", *members ? "," : "",
				    members);
		enum status status =
			table_normalize((struct text){body, (size_t)size}, URL, &notes, &json, &err);

		cr_expect(status == OK, "%s: %s", row->name, err.text);
		if (status == OK) {
			cr_expect(table_matches(row->name, json, row->want), "%s", row->name);
			cr_expect(notes.unknown_words == row->unknown_words, "%s: %d unknown words",
				  row->name, (int)notes.unknown_words);
		}
		free(json);
		free(body);
		free(members);
	}
}

/* A wanted sentence that ends with ": " goes on in the JSON library's words. */
static bool is_error(const char *got, const char *want)
{
	size_t size = strlen(want);

	return size > 2 && strcmp(want + size - 2, ": ") == 0 ? strncmp(got, want, size) == 0
							      : strcmp(got, want) == 0;
}

void table_run_bad(const struct bad_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct normal_notes notes = {0};
		struct err err = {0};
		char *body = table_json(rows[i].body), *json;
		enum status status = table_normalize(text_of(body), NULL, &notes, &json, &err);

		cr_expect(status == ERR_DATA, "%s: accepted", rows[i].name);
		cr_expect(err.status == status);
		cr_expect(is_error(err.text, rows[i].error), "%s: \"%s\", not \"%s\"", rows[i].name, err.text,
			  rows[i].error);
		free(json);
		free(body);
	}
}
