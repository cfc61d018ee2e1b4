/* SPDX-License-Identifier: MIT */
#include "tests/support/documents.h"
#include "tests/support/web.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yyjson.h>

#define PAGE_MAX 512

struct stored {
	const char *id;
	yyjson_val *document;
	bool in_truth;
};

/* All documents of the collection `build`. */
struct documents {
	yyjson_doc *pages[PAGE_MAX];
	size_t page_count;
	struct stored *items; /* by id */
	size_t count;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct stored *)a)->id, ((const struct stored *)b)->id);
}

static void add_page(struct documents *all, yyjson_val *root)
{
	yyjson_val *list = yyjson_obj_get(root, "documents"), *document;
	size_t i, count;

	all->items = reallocarray(all->items, all->count + yyjson_arr_size(list) + 1, sizeof *all->items);
	yyjson_arr_foreach(list, i, count, document)
	{
		const char *name = yyjson_get_str(yyjson_obj_get(document, "name"));
		all->items[all->count++] = (struct stored){strrchr(name, '/') + 1, document, false};
	}
}

static void documents_open(struct documents *all, const char *firebase_project)
{
	const char *token = "";

	*all = (struct documents){0};
	do {
		char url[1024], *body;
		yyjson_doc *doc;

		snprintf(url, sizeof url,
			 "http://%s/v1/projects/%s/databases/(default)/documents/"
			 "build?pageSize=300&pageToken=%s",
			 firestore_host(), firebase_project, token);
		body = web_get(HERE, url, "owner");
		doc = yyjson_read(body, strlen(body), 0);
		free(body);
		cr_assert(doc && all->page_count < PAGE_MAX);
		all->pages[all->page_count++] = doc;
		add_page(all, yyjson_doc_get_root(doc));
		token = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc), "nextPageToken"));
	} while (token && *token);
	qsort(all->items, all->count, sizeof *all->items, by_id);
}

static void documents_close(struct documents *all)
{
	for (size_t i = 0; i < all->page_count; i++) {
		yyjson_doc_free(all->pages[i]);
	}
	free(all->items);
}

static int64_t int_of(yyjson_val *build, const char *key)
{
	yyjson_val *value = yyjson_obj_get(build, key);

	return yyjson_is_int(value) ? yyjson_get_sint(value) : -1;
}

static bool is(yyjson_val *build, const char *key, const char *word)
{
	return yyjson_equals_str(yyjson_obj_get(build, key), word);
}

static const char *status_of(yyjson_val *build)
{
	return !is(build, "state", "finished")  ? "BuildStatus.inProgress"
	       : is(build, "result", "success") ? "BuildStatus.successful"
	       : is(build, "result", "failure") || is(build, "result", "error") ||
			       is(build, "result", "timeout")
		       ? "BuildStatus.failed"
		       : "BuildStatus.unknown";
}

static void time_text(int64_t ms, char out[static 40])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t used;

	gmtime_r(&seconds, &tm);
	used = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	if (ms % 1000) {
		snprintf(out + used, 8, ".%03dZ", (int)(ms % 1000));
	} else {
		snprintf(out + used, 8, "Z");
	}
}

/* The nine keys as the emulator shows them, without spaces. */
static char *expected(yyjson_val *build, const char *project)
{
	int64_t started = int_of(build, "started_at"), finished = int_of(build, "finished_at");
	int64_t start = started >= 0 ? started : finished >= 0 ? finished : int_of(build, "created_at");
	bool runs = !is(build, "state", "finished");
	const char *number = strrchr(yyjson_get_str(yyjson_obj_get(build, "id")), '/') + 1;
	const char *pipeline = yyjson_get_str(yyjson_obj_get(build, "pipeline"));
	char when[40], duration[64], *text;

	time_text(start, when);
	snprintf(duration, sizeof duration, runs ? "\"nullValue\":null" : "\"integerValue\":\"%lld\"",
		 (long long)(started >= 0 && finished >= 0 ? finished - started : 0));
	cr_assert(asprintf(&text,
			   "projectId={\"stringValue\":\"%s\"} buildNumber={\"integerValue\":\"%s\"} "
			   "startedAt={\"timestampValue\":\"%s\"} buildStatus={\"stringValue\":\"%s\"} "
			   "duration={%s} workflowName={\"stringValue\":\"%s\"}",
			   project, number, when, status_of(build), duration, pipeline) > 0);
	return text;
}

static char *shown(yyjson_val *fields)
{
	static const char *const keys[] = {"projectId",   "buildNumber", "startedAt",
					   "buildStatus", "duration",    "workflowName"};
	char *text, *value;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < 6; i++) {
		value = yyjson_val_write(yyjson_obj_get(fields, keys[i]), 0, NULL);
		fprintf(out, "%s%s=%s", i ? " " : "", keys[i], value ? value : "missing");
		free(value);
	}
	fclose(out);
	return text;
}

static bool is_type(yyjson_val *fields, const char *key, const char *type, const char *other)
{
	yyjson_val *value = yyjson_obj_get(fields, key);

	return yyjson_obj_size(value) == 1 &&
	       (yyjson_obj_get(value, type) || (other && yyjson_obj_get(value, other)));
}

/* Known when the build is over and has its artifact. */
static bool same_coverage(yyjson_val *fields, yyjson_val *build)
{
	yyjson_val *truth = yyjson_obj_get(build, "coverage");
	yyjson_val *stored = yyjson_obj_get(yyjson_obj_get(fields, "coverage"), "doubleValue");

	return yyjson_is_num(truth) ? yyjson_is_num(stored) && yyjson_get_num(stored) == yyjson_get_num(truth)
				    : !yyjson_is_num(stored);
}

static char *compare_document(yyjson_val *document, yyjson_val *build, const char *id, const char *project)
{
	yyjson_val *fields = yyjson_obj_get(document, "fields");
	char *want = expected(build, project), *have = shown(fields), *difference = NULL;

	if (strcmp(want, have) != 0) {
		cr_assert(asprintf(&difference, "%s is %s, in truth %s", id, have, want) > 0);
	} else if (yyjson_obj_size(fields) != 9 || !is_type(fields, "url", "stringValue", NULL) ||
		   !is_type(fields, "apiUrl", "stringValue", NULL) ||
		   !is_type(fields, "coverage", "nullValue", "doubleValue")) {
		cr_assert(asprintf(&difference, "%s has other keys or types", id) > 0);
	} else if (!same_coverage(fields, build)) {
		cr_assert(asprintf(&difference, "%s has another coverage", id) > 0);
	}
	free(want);
	free(have);
	return difference;
}

/* A build that the sink does not write in this state, or sees late: docs/decisions/0004. */
static bool may_be_as_before(yyjson_val *build)
{
	return is(build, "state", "queued") || is(build, "state", "blocked") ||
	       (is(build, "state", "running") && int_of(build, "attempt") > 1);
}

static char *compare_build(struct documents *all, yyjson_val *build, const char *project)
{
	const char *number = strrchr(yyjson_get_str(yyjson_obj_get(build, "id")), '/') + 1;
	bool skipped = is(build, "result", "skip");
	char id[200], *sentence = NULL;
	struct stored key = {id, NULL, false}, *found;

	snprintf(id, sizeof id, "%s_%s", project, number);
	found = all->count ? bsearch(&key, all->items, all->count, sizeof key, by_id) : NULL;
	if (found) {
		found->in_truth = !skipped;
		return skipped || may_be_as_before(build)
			       ? NULL
			       : compare_document(found->document, build, id, project);
	}
	if (!skipped && !may_be_as_before(build)) {
		cr_assert(asprintf(&sentence, "%s is missing: %s", id, status_of(build)) > 0);
	}
	return sentence;
}

static const char *project_of(const struct pipeline_project *projects, yyjson_val *build)
{
	while (projects->pipeline && !is(build, "pipeline", projects->pipeline)) {
		projects++;
	}
	return projects->project;
}

static char *compare_all(struct documents *all, const struct pipeline_project *projects, const char *truth)
{
	char *difference = NULL;

	for (const char *line = truth; *line && !difference; line += strcspn(line, "\n") + 1) {
		yyjson_doc *doc = yyjson_read(line, strcspn(line, "\n"), 0);
		yyjson_val *build = yyjson_doc_get_root(doc);
		const char *project = project_of(projects, build);

		if (project) {
			difference = compare_build(all, build, project);
		}
		yyjson_doc_free(doc);
	}
	for (size_t i = 0; i < all->count && !difference; i++) {
		if (!all->items[i].in_truth) {
			cr_assert(asprintf(&difference, "%s is not in truth", all->items[i].id) > 0);
		}
	}
	return difference;
}

char *documents_differ(const char *firebase_project, const struct pipeline_project *projects,
		       const char *truth)
{
	struct documents all;
	char *difference;

	documents_open(&all, firebase_project);
	difference = compare_all(&all, projects, truth);
	documents_close(&all);
	return difference;
}

/* The emulator does not tell when something changes. */
void documents_hold_at(struct spot spot, const char *firebase_project,
		       const struct pipeline_project *projects, const char *truth)
{
	int64_t until = test_now_ms() + patience_ms() * 6;
	char *difference;

	while ((difference = documents_differ(firebase_project, projects, truth)) && test_now_ms() < until) {
		free(difference);
		poll(NULL, 0, 250);
	}
	if (difference) {
		fail_at(spot, "%s", difference);
	}
}

char *documents_times(const char *firebase_project)
{
	struct documents all;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	documents_open(&all, firebase_project);
	for (size_t i = 0; i < all.count; i++) {
		fprintf(out, "%s %s\n", all.items[i].id,
			yyjson_get_str(yyjson_obj_get(all.items[i].document, "updateTime")));
	}
	documents_close(&all);
	fclose(out);
	return text;
}
