/* What a damaged payload becomes: the reason and the place, or a record that is only poorer; never a crash.
 * Each payload of tests/tables/buildkite/ is cut at each byte, and each of its values becomes one of every
 * type. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/whole.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define URL "https://api.buildkite.com/v2/organizations/acme/pipelines/web/builds/7"

static enum status normalize(const char *body, size_t size, struct err *err)
{
	struct normal_notes notes = {0};
	char *json;
	/* A copy of its own: what reads beyond the end is seen by the address sanitizer. */
	char *copy = size ? memcpy(malloc(size), body, size) : NULL;
	enum status status = table_normalize((struct text){copy, size}, URL, &notes, &json, err);

	free(json);
	free(copy);
	return status;
}

static void cut_everywhere(const char *name, const char *body, size_t size)
{
	const char *end = memrchr(body, '}', size);
	struct err err;

	cr_assert(end);
	for (size_t cut = 0; cut < (size_t)(end - body); cut++) {
		cr_assert(normalize(body, cut, &err) == ERR_DATA, "%s, %zu bytes", name, cut);
		cr_assert(strncmp(err.text, "$: not JSON: ", 13) == 0, "%s, %zu bytes: %s", name, cut,
			  err.text);
	}
	cr_expect(normalize(body, (size_t)(end - body) + 1, &err) == OK, "%s: %s", name, err.text);
}

Test(buildkite_bad, cut_anywhere_is_no_json)
{
	cr_expect(whole_each(cut_everywhere) >= 45);
}

/* No byte of UTF-8 is 0xff, and 0xc0 begins nothing. */
static void spoil_everywhere(const char *name, const char *body, size_t size)
{
	char *copy = malloc(size);
	struct err err;

	for (size_t i = 0; i + 1 < size; i++) {
		memcpy(copy, body, size);
		copy[i] = (char)(i % 2 ? 0xff : 0xc0);
		cr_assert(normalize(copy, size, &err) == ERR_DATA, "%s, byte %zu", name, i);
		cr_assert(strncmp(err.text, "$: not JSON: ", 13) == 0, "%s, byte %zu: %s", name, i, err.text);
	}
	free(copy);
}

Test(buildkite_bad, broken_utf_8_is_no_json)
{
	cr_expect(whole_each(spoil_everywhere) >= 45);
}

struct flip {
	const char *name;
	yyjson_mut_doc *doc;
	size_t refused, accepted;
};

/* In place or inside it. */
static bool is_at(const char *text, const char *place)
{
	size_t size = strlen(place);

	return strncmp(text, place, size) == 0 && strchr(":.[", text[size]);
}

/* The document as it stands, in which the value at place was changed. */
static void judge(struct flip *it, const char *place, const char *value)
{
	size_t size;
	char *body = yyjson_mut_write(it->doc, 0, &size);
	struct err err;

	cr_assert(body);
	if (normalize(body, size, &err) == OK) {
		it->accepted++;
	} else {
		it->refused++;
		cr_assert(is_at(err.text, place), "%s: %s is %s, but: %s", it->name, place, value, err.text);
		cr_assert(strcmp(value, "null") != 0 || strcmp(place, "$") == 0, "%s: %s", it->name,
			  err.text);
	}
	free(body);
}

static void flip_value(struct flip *it, yyjson_mut_val *value, const char *place)
{
	static const char *const others[] = {"null",
					     "true",
					     "false",
					     "7",
					     "-1",
					     "1.5",
					     "1e300",
					     "18446744073709551615",
					     "\"\"",
					     "\"x\"",
					     "\"2026-01-01T00:00:00\"",
					     "[]",
					     "[null,7]",
					     "{}",
					     "{\"id\":[1]}"};
	yyjson_mut_val before = *value;

	for (size_t i = 0; i < COUNT(others); i++) {
		yyjson_doc *other = yyjson_read(others[i], strlen(others[i]), 0);
		const yyjson_mut_val *copy = yyjson_val_mut_copy(it->doc, yyjson_doc_get_root(other));

		value->tag = copy->tag;
		value->uni = copy->uni;
		judge(it, place, others[i]);
		yyjson_doc_free(other);
	}
	*value = before;
}

static void flip_all(struct flip *it, yyjson_mut_val *value, const char *place)
{
	yyjson_mut_val *key, *below;
	char inner[256];
	size_t i, n;

	yyjson_mut_obj_foreach(value, i, n, key, below)
	{
		snprintf(inner, sizeof inner, "%s.%s", place, yyjson_mut_get_str(key));
		flip_all(it, below, inner);
	}
	yyjson_mut_arr_foreach(value, i, n, below)
	{
		snprintf(inner, sizeof inner, "%s[%zu]", place, i);
		flip_all(it, below, inner);
	}
	flip_value(it, value, place);
}

static size_t refused, accepted;

static void flip_everywhere(const char *name, const char *body, size_t size)
{
	yyjson_doc *doc =
		yyjson_read_opts((char *)(uintptr_t)body, size, YYJSON_READ_BIGNUM_AS_RAW, NULL, NULL);
	struct flip it = {.name = name, .doc = yyjson_doc_mut_copy(doc, NULL)};

	cr_assert(it.doc);
	flip_all(&it, yyjson_mut_doc_get_root(it.doc), "$");
	refused += it.refused;
	accepted += it.accepted;
	yyjson_mut_doc_free(it.doc);
	yyjson_doc_free(doc);
}

Test(buildkite_bad, a_wrong_type_is_refused_with_its_place)
{
	cr_expect(whole_each(flip_everywhere) >= 45);
	cr_expect(refused > 5000 && accepted > 5000, "%zu refused, %zu accepted", refused, accepted);
}

/* Which types each kind of value takes: the rest is refused. */
Test(buildkite_bad, says_what_it_should_have_been)
{
#define U "{'url':'" URL "',"
	static const struct bad_row rows[] = {
		{"a text as a list", U "'branch':['main']}", "$.branch: not a text"},
		{"a text as true", U "'commit':true}", "$.commit: not a text"},
		{"a time without an offset", U "'created_at':'2026-01-01T00:00:00'}",
		 "$.created_at: not a time"},
		{"a time as a number", U "'jobs':[{'runnable_at':1767225600}]}",
		 "$.jobs[0].runnable_at: not a time"},
		{"a day that isn't", U "'finished_at':'2026-02-30T00:00:00Z'}", "$.finished_at: not a time"},
		{"a time of 1e300", U "'jobs':[null,{'finished_at':1e300}]}",
		 "$.jobs[1].finished_at: not a time"},
		{"an object as a list", U "'pull_request':[7]}", "$.pull_request: not an object"},
		{"an object as true", U "'creator':true}", "$.creator: not an object"},
		{"an agent as a text", U "'jobs':[{'agent':'runner-1'}]}", "$.jobs[0].agent: not an object"},
		{"a retry's origin as a text", U "'jobs':[{'retry_source':'a'}]}",
		 "$.jobs[0].retry_source: not an object"},
		{"soft_failed as a text", U "'jobs':[{'soft_failed':'yes'}]}",
		 "$.jobs[0].soft_failed: neither true nor false"},
		{"an exit status with a fraction", U "'jobs':[{'exit_status':0.5}]}",
		 "$.jobs[0].exit_status: not an integer"},
		{"an index of a list", U "'jobs':[{'parallel_group_index':[0]}]}",
		 "$.jobs[0].parallel_group_index: not an integer"},
		{"a job within a list", U "'jobs':[[{}]]}", "$.jobs[0]: not an object"},
		{"two documents", U "'state':'passed'}{}", "$: not JSON: "},
		{"half of a surrogate", U "'branch':'\\ud83d'}", "$: not JSON: "},
		{"an overlong character", U "'branch':'\xc0\xaf'}", "$: not JSON: "},
		{"a surrogate in UTF-8", U "'branch':'\xed\xa0\x80'}", "$: not JSON: "},
		{"a NUL between", U "'branch':'\x01'}", "$: not JSON: "},
	};

	table_run_bad(rows, COUNT(rows));
}

/* A key that comes twice has one of its values, the rest of the record is untouched. */
Test(buildkite_bad, a_key_that_comes_twice_has_one_value)
{
	static const struct row rows[] = {
		{"state", "'state':'passed','state':'passed','branch':'main'",
		 "{'state':'finished','result':'success','branch':'main'}", 0},
		{"jobs", "'jobs':[{'id':'a'}],'jobs':[{'id':'a'}]", "{'jobs':[{'id':'a'}]}", 0},
		{"in a job",
		 "'jobs':[{'id':'a','name':'n','name':'n','id':'a','state':'running','state':'running'}]",
		 "{'jobs':[{'id':'a','name':'n','state':'running'}]}", 0},
	};

	table_run(rows, COUNT(rows));
}

static char *many_jobs(int count, size_t *size)
{
	char *body = NULL;
	FILE *out = open_memstream(&body, size);

	fprintf(out, "{\"url\":\"" URL "\",\"state\":\"passed\",\"jobs\":[");
	for (int i = 0; i < count; i++) {
		fprintf(out,
			"%s{\"id\":\"job-%d\",\"type\":\"script\",\"name\":\"Test "
			"%d\",\"group_key\":\"g\",\"state\":"
			"\"passed\",\"exit_status\":0,\"agent\":{\"name\":\"runner-%d\",\"meta_data\":["
			"\"queue=big\"]},"
			"\"created_at\":\"2026-01-01T00:00:00Z\",\"runnable_at\":\"2026-01-01T00:00:00Z\","
			"\"started_at\":\"2026-01-01T00:%02d:%02dZ\",\"finished_at\":\"2026-01-01T01:%02d:%"
			"02dZ\","
			"\"parallel_group_index\":%d,\"parallel_group_total\":%d}",
			i ? "," : "", i, i, i, i / 60 % 60, i % 60, i / 60 % 60, i % 60, i, count);
	}
	fprintf(out, "]}");
	fclose(out);
	return body;
}

static void expect_many(int count)
{
	size_t size, i, n;
	char *body = many_jobs(count, &size), *json;
	struct normal_notes notes = {0};
	struct err err;
	yyjson_doc *doc;
	yyjson_val *job;

	cr_assert(table_normalize((struct text){body, size}, NULL, &notes, &json, &err) == OK, "%s",
		  err.text);
	doc = yyjson_read(json, strlen(json), 0);
	cr_assert(yyjson_arr_size(yyjson_obj_get(yyjson_doc_get_root(doc), "jobs")) == (size_t)count);
	yyjson_arr_foreach(yyjson_obj_get(yyjson_doc_get_root(doc), "jobs"), i, n, job)
	{
		yyjson_val *parallel = yyjson_obj_get(job, "parallel");

		cr_assert_eq(yyjson_get_sint(yyjson_obj_get(parallel, "index")), (int64_t)i);
		cr_assert_eq(yyjson_get_sint(yyjson_obj_get(job, "queue_ms")), (int64_t)(i % 3600) * 1000);
		cr_assert_eq(yyjson_get_sint(yyjson_obj_get(job, "duration_ms")), 3600000);
	}
	yyjson_doc_free(doc);
	free(json);
	free(body);
}

Test(buildkite_bad, so_many_jobs_are_all_there)
{
	expect_many(500);
	expect_many(5000);
}

Test(buildkite_bad, what_nobody_reads_may_be_deep)
{
	enum { DEPTH = 200000 };
	char *body = malloc(2 * DEPTH + 200);
	int size = snprintf(body, 200, "{\"url\":\"" URL "\",\"env\":");
	struct err err;

	memset(body + size, '[', DEPTH);
	memset(body + size + DEPTH, ']', DEPTH);
	body[size + 2 * DEPTH] = '}';
	cr_expect(normalize(body, (size_t)size + 2 * DEPTH + 1, &err) == OK, "%s", err.text);
	free(body);
}
