/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/old_sync.h"
#include "common/time.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define BUILDS_MAX 1000
#define PAGE       25
#define TIMEOUT_MS INT64_C(7200000)

struct old_build {
	const char *status; /* NULL: no document */
	int64_t started_ms, duration_ms;
};

struct old_sync {
	enum old_release release;
	const struct simulator *sim;
	struct old_build builds[BUILDS_MAX]; /* by number */
	int64_t now_ms;
	int writes_left; /* before it is killed; -1: it isn't */
};

struct old_sync *old_sync_new(enum old_release release, const struct simulator *sim)
{
	struct old_sync *old = calloc(1, sizeof *old);

	cr_assert(old);
	old->release = release;
	old->sim = sim;
	return old;
}

void old_sync_free(struct old_sync **old)
{
	free(*old);
	*old = NULL;
}

/* NULL: an error. */
static yyjson_doc *ask(const struct old_sync *old, const char *path)
{
	char url[256], *body;
	yyjson_doc *doc;
	long status;

	snprintf(url, sizeof url, "%s/organizations/acme/pipelines/web/builds%s", old->sim->api, path);
	body = web_ask("GET", url, SIM_TOKEN, NULL, &status);
	doc = status == 200 ? yyjson_read(body, strlen(body), 0) : NULL;
	free(body);
	return doc;
}

static const char *status_of(yyjson_val *build)
{
	static const char *const words[][2] = {{"passed", "successful"},
					       {"failed", "failed"},
					       {"running", "inProgress"},
					       {"canceling", "inProgress"}};
	const char *state = yyjson_get_str(yyjson_obj_get(build, "state"));

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(state, words[i][0]) == 0) {
			return words[i][1];
		}
	}
	return "unknown";
}

/* 0: it has none. */
static int64_t time_at(yyjson_val *build, const char *key)
{
	yyjson_val *value = yyjson_obj_get(build, key);
	int64_t ms;

	return yyjson_is_str(value) && time_parse(yyjson_get_str(value), yyjson_get_len(value), &ms) == OK
		       ? ms
		       : 0;
}

static int number_of(yyjson_val *build)
{
	int number = yyjson_get_int(yyjson_obj_get(build, "number"));

	cr_assert(number > 0 && number < BUILDS_MAX);
	return number;
}

static struct old_build read_build(const struct old_sync *old, yyjson_val *build)
{
	int64_t started = time_at(build, "started_at"), finished = time_at(build, "finished_at");

	return (struct old_build){.status = status_of(build),
				  .started_ms = started    ? started
						: finished ? finished
							   : old->now_ms,
				  .duration_ms = started && finished ? finished - started : 0};
}

/* False: it was killed before. */
static bool write_build(struct old_sync *old, int number, struct old_build build)
{
	if (old->writes_left == 0) {
		return false;
	}
	old->writes_left -= old->writes_left > 0;
	old->builds[number] = build;
	return true;
}

static bool is_running(const struct old_build *build)
{
	return build->status && strcmp(build->status, "inProgress") == 0;
}

/* What can't be read counts as still running. */
static bool settle(struct old_sync *old, int number)
{
	struct old_build build = old->builds[number];
	yyjson_doc *doc;
	char path[32];

	snprintf(path, sizeof path, "/%d", number);
	doc = ask(old, path);
	if (doc && strcmp(status_of(yyjson_doc_get_root(doc)), "inProgress") != 0) {
		build = read_build(old, yyjson_doc_get_root(doc));
	} else if (old->now_ms - build.started_ms >= TIMEOUT_MS) {
		build.status = "unknown";
		build.duration_ms = TIMEOUT_MS;
	}
	yyjson_doc_free(doc);
	return write_build(old, number, build);
}

static bool settle_all(struct old_sync *old)
{
	for (int i = 1; i < BUILDS_MAX; i++) {
		if (is_running(&old->builds[i]) && !settle(old, i)) {
			return false;
		}
	}
	return true;
}

/* Its number; 0: nothing is stored. */
static int last_started(const struct old_sync *old)
{
	int last = 0;

	for (int i = 1; i < BUILDS_MAX; i++) {
		if (old->builds[i].status &&
		    (last == 0 || old->builds[i].started_ms > old->builds[last].started_ms)) {
			last = i;
		}
	}
	return last;
}

/* False: it has all that it wants, or is dead. */
static bool take_page(struct old_sync *old, yyjson_val *page, int last, int *left)
{
	size_t i, count;
	yyjson_val *build;

	yyjson_arr_foreach(page, i, count, build)
	{
		int number = number_of(build);

		if (number <= last || *left == 0) {
			return false;
		}
		if (yyjson_get_bool(yyjson_obj_get(build, "blocked"))) {
			continue;
		}
		--*left;
		if (!write_build(old, number, read_build(old, build))) {
			return false;
		}
	}
	return count == PAGE;
}

static void take_new(struct old_sync *old, int limit)
{
	const char *states = old->release == OLD_FIRST ? "state=finished"
						       : "state[]=finished&state[]=running&state[]=canceling";
	int last = last_started(old), left = last ? BUILDS_MAX : limit;
	bool more = true;

	for (int page = 1; more; page++) {
		char path[128];
		yyjson_doc *doc;

		snprintf(path, sizeof path, "?%s&per_page=%d&page=%d", states, PAGE, page);
		doc = ask(old, path);
		more = doc && take_page(old, yyjson_doc_get_root(doc), last, &left);
		yyjson_doc_free(doc);
	}
}

void old_sync_run(struct old_sync *old, int64_t now_ms, int limit, int writes_max)
{
	old->now_ms = now_ms;
	old->writes_left = writes_max ? writes_max : -1;
	if (old->release == OLD_FIRST || settle_all(old)) {
		take_new(old, limit);
	}
}

const char *old_sync_status(const struct old_sync *old, int number)
{
	return old->builds[number].status;
}

int64_t old_sync_end_ms(const struct old_sync *old, int number)
{
	return old->builds[number].started_ms + old->builds[number].duration_ms;
}
