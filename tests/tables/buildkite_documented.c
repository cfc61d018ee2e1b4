/* Every payload of Buildkite's documentation, in place: each build and job in it, however deep, passes; what
 * is neither is refused with a place. The records are known by their digests: the payloads aren't the
 * project's. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/whole.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* Of what one file has in it. */
struct tally {
	const char *file;
	int builds, jobs;
	uint64_t digest; /* of the records, in order */
};

static const struct tally expected[] = {

	{"observability__amazon_eventbridge__05-job-activated.json", 0, 1, 0x6806c9223b0243b8},
	{"rest_api__agents__01-list-agents.json", 0, 1, 0x03129541c51a951f},
	{"rest_api__agents__02-get-an-agent.json", 0, 1, 0x03129541c51a951f},
	{"rest_api__builds__00-list-builds-for-a-pipeline.json", 1, 0, 0xcd4e8b4cc49081be},
	{"rest_api__builds__01-get-a-build.json", 1, 0, 0xb322c42848138ef8},
	{"rest_api__builds__02-get-a-build.json", 0, 1, 0xf1ecb7de34a86ea8},
	{"rest_api__builds__03-cancel-a-build.json", 1, 0, 0xc468c13b7ff29b1d},
	{"rest_api__builds__04-rebuild-a-build.json", 1, 0, 0xe4f26a55b1a7e0e0},
	{"rest_api__builds__05-retry-failed-jobs-for-a-build.json", 1, 0, 0xe4f26a55b1a7e0e0},
	{"rest_api__jobs__03-retry-a-job.json", 0, 1, 0x48998310f7054d0e},
	{"rest_api__jobs__04-reprioritize-a-job.json", 0, 1, 0x4aafbf469e9b5dbf},
	{"rest_api__jobs__05-unblock-a-job.json", 0, 1, 0xc26d742570db3ec9},
};

static DIR *open_samples(char *folder, size_t size)
{
	const char *const folders[] = {getenv("BUILDBUS_SAMPLES"), SOURCE_DIR "/../shared/samples",
				       SOURCE_DIR "/../../shared/samples"};
	DIR *dir = NULL;

	for (size_t i = 0; i < COUNT(folders) && !dir; i++) {
		if (folders[i]) {
			snprintf(folder, size, "%s/buildkite/docs", folders[i]);
			dir = opendir(folder);
		}
	}
	return dir;
}

/* FNV-1a */
static uint64_t digest(uint64_t h, const char *text)
{
	for (; *text; text++) {
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	}
	return h;
}

static const char *text_in(yyjson_val *object, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, key));

	return text ? text : "";
}

static void expect_same(const char *file, yyjson_val *theirs, const char *their_key, yyjson_val *ours,
			const char *key)
{
	yyjson_val *a = yyjson_obj_get(theirs, their_key), *b = yyjson_obj_get(ours, key);

	bool none = (!a || yyjson_is_null(a)) && (!b || yyjson_is_null(b));

	cr_expect(none || yyjson_equals(a, b), "%s: %s isn't the payload's %s", file, key, their_key);
}

static void expect_time(const char *file, yyjson_val *theirs, yyjson_val *ours, const char *key)
{
	yyjson_val *time = yyjson_obj_get(theirs, key), *ms = yyjson_obj_get(ours, key);

	cr_expect(yyjson_is_str(time) ? whole_is_time(ms, yyjson_get_str(time)) : yyjson_is_null(ms),
		  "%s: %s isn't %s", file, key, text_in(theirs, key));
}

/* What the words of the documentation's examples mean, said once more. */
static void expect_state(const char *file, yyjson_val *theirs, yyjson_val *ours)
{
	static const char *const words[][3] = {{"passed", "finished", "success"},
					       {"finished", "finished", "success"},
					       {"unblocked", "finished", "success"},
					       {"canceled", "finished", "cancellation"},
					       {"scheduled", "queued", ""}};
	const char *word = text_in(theirs, "state");
	size_t i = 0;

	while (i < COUNT(words) && strcmp(words[i][0], word) != 0) {
		i++;
	}
	cr_assert(i < COUNT(words), "%s: state %s", file, word);
	cr_expect_str_eq(text_in(ours, "state"), words[i][1], "%s", file);
	cr_expect_str_eq(text_in(ours, "result"), words[i][2], "%s", file);
	cr_expect_str_eq(text_in(ours, "provider_state"), word, "%s", file);
}

static void expect_job(const char *file, yyjson_val *theirs, yyjson_val *ours)
{
	expect_same(file, theirs, "id", ours, "id");
	expect_same(file, theirs, "exit_status", ours, "exit_status");
	expect_same(file, theirs, "web_url", ours, "url");
	expect_same(file, theirs, "group_key", ours, "group");
	expect_same(file, theirs, yyjson_obj_get(theirs, "name") ? "name" : "label", ours, "name");
	expect_same(file, yyjson_obj_get(theirs, "agent"), "name", yyjson_obj_get(ours, "runner"), "name");
	expect_time(file, theirs, ours, "started_at");
	expect_time(file, theirs, ours, "finished_at");
	expect_state(file, theirs, ours);
}

static void expect_build(const char *file, yyjson_val *theirs, yyjson_val *ours)
{
	static const char *const same[] = {"number", "branch", "commit", "message"};
	yyjson_val *jobs = yyjson_obj_get(theirs, "jobs"), *job;
	size_t i, n;

	expect_same(file, theirs, "id", ours, "uid");
	expect_same(file, theirs, "web_url", ours, "url");
	expect_same(file, theirs, "url", ours, "api_url");
	expect_same(file, yyjson_obj_get(theirs, "creator"), "name", yyjson_obj_get(ours, "author"), "name");
	for (i = 0; i < COUNT(same); i++) {
		expect_same(file, theirs, same[i], ours, same[i]);
	}
	expect_time(file, theirs, ours, "created_at");
	expect_time(file, theirs, ours, "started_at");
	if (strcmp(text_in(ours, "state"), "finished") == 0) { /* a rebuilt one still shows an older finish */
		expect_time(file, theirs, ours, "finished_at");
	}
	expect_state(file, theirs, ours);
	cr_expect(yyjson_arr_size(jobs) == yyjson_arr_size(yyjson_obj_get(ours, "jobs")), "%s: jobs", file);
	yyjson_arr_foreach(jobs, i, n, job)
	{
		expect_job(file, job, yyjson_arr_get(yyjson_obj_get(ours, "jobs"), i));
	}
}

static bool is_build(yyjson_val *value)
{
	return strstr(text_in(value, "url"), "/builds/") && yyjson_obj_get(value, "pipeline");
}

static bool is_job(yyjson_val *value)
{
	static const char *const types[] = {"script", "waiter", "manual", "trigger"};
	bool found = false;

	for (size_t i = 0; i < COUNT(types); i++) {
		found |= strcmp(text_in(value, "type"), types[i]) == 0;
	}
	return found && yyjson_obj_get(value, "state");
}

/* The record of a body; the test fails without one. */
static yyjson_doc *record_of(struct tally *it, const char *body)
{
	struct normal_notes notes = {0};
	struct err err = {0};
	yyjson_doc *doc;
	char *json;

	cr_assert(table_normalize(text_of(body), NULL, &notes, &json, &err) == OK, "%s: %s", it->file,
		  err.text);
	cr_expect(notes.unknown_words == 0, "%s: unknown words", it->file);
	it->digest = digest(it->digest, json);
	doc = yyjson_read(json, strlen(json), 0);
	free(json);
	return doc;
}

static void take_build(struct tally *it, yyjson_val *value)
{
	char *body = yyjson_val_write(value, 0, NULL);
	yyjson_doc *record = record_of(it, body);

	expect_build(it->file, value, yyjson_doc_get_root(record));
	it->builds++;
	yyjson_doc_free(record);
	free(body);
}

/* A job that comes alone, put into a build. */
static void take_job(struct tally *it, yyjson_val *value)
{
	char *job = yyjson_val_write(value, 0, NULL), *body = NULL;
	yyjson_doc *record;

	cr_assert(asprintf(&body, "{\"url\":\"/organizations/a/pipelines/b/builds/1\",\"jobs\":[%s]}", job) >
		  0);
	record = record_of(it, body);
	expect_job(it->file, value,
		   yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(record), "jobs")));
	it->jobs++;
	yyjson_doc_free(record);
	free(body);
	free(job);
}

static void take(struct tally *it, yyjson_val *value)
{
	yyjson_val *key, *below;
	size_t i, n;

	if (is_build(value)) {
		take_build(it, value);
		return;
	}
	if (is_job(value)) {
		take_job(it, value);
		return;
	}
	yyjson_obj_foreach(value, i, n, key, below)
	{
		take(it, below);
	}
	yyjson_arr_foreach(value, i, n, below)
	{
		take(it, below);
	}
}

static const struct tally *expected_of(const char *file)
{
	static const struct tally none;

	for (size_t i = 0; i < COUNT(expected); i++) {
		if (strcmp(expected[i].file, file) == 0) {
			return &expected[i];
		}
	}
	return &none;
}

/* As it stands, as if a fetcher had taken it for a build. */
static void take_as_it_is(const char *file, yyjson_doc *doc)
{
	char *body = yyjson_write(doc, 0, NULL), *json;
	struct normal_notes notes = {0};
	struct err err = {0};

	if (table_normalize(text_of(body), NULL, &notes, &json, &err) != OK) {
		cr_expect(*err.text == '$', "%s: %s", file, err.text);
	}
	free(json);
	free(body);
}

Test(documented, every_build_and_job_passes)
{
	char folder[2048], path[4096];
	DIR *dir = open_samples(folder, sizeof folder);
	int files = 0;

	if (!dir) {
		cr_skip_test(
			"no samples of Buildkite's documentation beside the project or in $BUILDBUS_SAMPLES");
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct tally it = {.file = entry->d_name};
		const struct tally *want = expected_of(entry->d_name);
		yyjson_doc *doc;

		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		doc = strstr(path, ".json") ? yyjson_read_file(path, 0, NULL, NULL) : NULL;
		if (!doc) {
			continue;
		}
		take(&it, yyjson_doc_get_root(doc));
		take_as_it_is(it.file, doc);
		cr_expect(it.builds == want->builds && it.jobs == want->jobs && it.digest == want->digest,
			  "{\"%s\", %d, %d, 0x%016llx},", it.file, it.builds, it.jobs,
			  (unsigned long long)it.digest);
		yyjson_doc_free(doc);
		files++;
	}
	closedir(dir);
	cr_expect(files >= 150, "only %d payloads", files);
}
