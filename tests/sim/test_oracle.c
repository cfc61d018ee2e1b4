/* The truth and the project's normalizer, written apart, agree on every build at many moments. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/act.h"
#include "tests/sim/normalized.h"
#include "tests/sim/payload.h"
#include "tests/sim/truth.h"
#include "tests/sim/when.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct world_options options = {.seed = 11,
					     .organizations = 2,
					     .pipelines = 10,
					     .builds = 1500,
					     .start_ms = 1767225600000,
					     .history_ms = 30 * DAY_MS,
					     .arrival_gap_ms = 5 * MINUTE_MS,
					     .speed = 1};

static bool same(yyjson_val *a, yyjson_val *b)
{
	if (yyjson_is_num(a) && yyjson_is_num(b)) {
		return yyjson_get_sint(a) == yyjson_get_sint(b);
	}
	return yyjson_equals(a, b);
}

static void cr_same_jobs(yyjson_val *truth, yyjson_val *record, const char *where)
{
	yyjson_val *mine = yyjson_obj_get(truth, "jobs"), *theirs = yyjson_obj_get(record, "jobs"), *job,
		   *key, *value;
	size_t i, n, k, m;

	cr_assert_eq(yyjson_arr_size(mine), yyjson_arr_size(theirs), "%s: number of jobs", where);
	yyjson_arr_foreach(mine, i, n, job)
	{
		yyjson_obj_foreach(job, k, m, key, value)
		{
			cr_assert(same(value, yyjson_obj_get(yyjson_arr_get(theirs, i), yyjson_get_str(key))),
				  "%s: job %zu: %s", where, i, yyjson_get_str(key));
		}
	}
}

static void cr_same_record(yyjson_val *truth, yyjson_val *record, const char *json)
{
	const char *id = yyjson_get_str(yyjson_obj_get(truth, "id"));
	char where[200];
	yyjson_val *key, *value;
	size_t i, n;

	cr_assert_not_null(id);
	snprintf(where, sizeof where, "%s", id);
	yyjson_obj_foreach(truth, i, n, key, value)
	{
		const char *name = yyjson_get_str(key);

		if (strncmp(name, "provider_", 9) == 0 && strcmp(name, "provider_state") != 0) {
			continue;
		}
		if (strcmp(name, "jobs") == 0 || strcmp(name, "job_count") == 0) {
			continue;
		}
		cr_assert(same(value, yyjson_obj_get(record, name)), "%s: %s differs in %.2000s", where, name,
			  json);
	}
	cr_same_jobs(truth, record, where);
}

static void cr_agree(struct build *build, const char *truth_line, size_t truth_size, int64_t now,
		     unsigned form)
{
	yyjson_doc *truth = yyjson_read(truth_line, truth_size, 0), *record;
	struct text body = {0};
	char error[600] = "", *json;

	payload_add_build(&body, "http://127.0.0.1:1/v2", build, form, now, NULL);
	json = normalized_json(body.data, body.size, error, sizeof error);
	cr_assert_not_null(json, "%s in %.3000s", error, body.data);
	record = yyjson_read(json, strlen(json), 0);
	cr_same_record(yyjson_doc_get_root(truth), yyjson_doc_get_root(record), json);
	yyjson_doc_free(truth);
	yyjson_doc_free(record);
	free(json);
	text_fini(&body);
}

static void cr_all_agree(struct world *world)
{
	struct text truth = {0};
	char *line;
	size_t i = 0;

	truth_add(&truth, world, NULL, NULL);
	for (line = truth.data; line && *line; i++) {
		char *end = strchr(line, '\n');

		cr_agree(world->builds.items[i], line, (size_t)(end - line), world->now,
			 FORM_RETRIED_JOBS | (i % 2 ? (unsigned)FORM_SINGLE : 0));
		line = end + 1;
	}
	cr_assert_eq(i, world->builds.count);
	text_fini(&truth);
}

Test(oracle, agrees_with_the_normalizer_on_a_living_world)
{
	struct world world;

	world_init(&world, &options);
	cr_all_agree(&world);
	for (int i = 0; i < 12; i++) {
		world_advance(&world, world.now + (i % 3 ? 7 * MINUTE_MS : 9 * HOUR_MS));
		cr_all_agree(&world);
	}
	world_fini(&world);
}

/* Each moment at which anything of it changes, from its creation on. */
static void cr_agrees_always(const struct world *world, struct build *build)
{
	struct world alone = *world;

	alone.builds = (struct build_list){.items = &build, .count = 1};
	for (alone.now = build->created; alone.now <= world->now; alone.now = build->view.until) {
		struct text truth = {0};

		truth_add(&truth, &alone, NULL, NULL);
		cr_agree(build, truth.data, truth.size - 1, alone.now, FORM_RETRIED_JOBS);
		text_fini(&truth);
	}
}

Test(oracle, agrees_at_every_moment_of_a_build)
{
	struct world world;

	world_init(&world, &options);
	for (size_t i = 0; i < world.builds.count; i += 3) {
		if (world.builds.items[i]->job_count < 100) {
			cr_agrees_always(&world, world.builds.items[i]);
		}
	}
	world_fini(&world);
}

static struct world world;
static struct build *build;

static void when(struct act act, int64_t ms)
{
	struct err err;

	cr_assert_eq(act_on_build(&world, build, &act, &err), OK, "%s", err.text);
	cr_all_agree(&world);
	world_advance(&world, world.now + ms);
	cr_all_agree(&world);
}

Test(oracle, agrees_on_what_tests_do)
{
	struct world_options o = options;
	const struct scenario scenario = {.jobs = 2, .queue_ms = NEVER, .duration_ms = NEVER, .block = true};

	o.builds = 0;
	o.arrival_gap_ms = 0;
	world_init(&world, &o);
	cr_assert_eq(act_new_build(&world, &world.pipelines[0], &scenario, &build, NULL), OK);
	when((struct act){.action = "start"}, 1000);
	when((struct act){.action = "finish", .job = build->jobs[0].uuid, .result = "failed"}, 1000);
	/* while the other job runs: no new attempt of the build */
	when((struct act){.action = "retry", .duration_ms = 5000, .result = "failed"}, 5000);
	when((struct act){.action = "finish", .job = build->jobs[1].uuid}, DAY_MS);
	when((struct act){.action = "retry", .duration_ms = 5000}, 5000);
	when((struct act){.action = "unblock"}, DAY_MS);
	when((struct act){.action = "start"}, 1000);
	when((struct act){.action = "cancel", .grace_ms = 3000}, 3 * DAY_MS);
	when((struct act){.action = "retry", .duration_ms = 1000, .result = "timed_out"}, HOUR_MS);
	when((struct act){.action = "retry", .duration_ms = 1000}, HOUR_MS);
	cr_assert_eq(build->view.state, BUILD_PASSED);
	world_fini(&world);
}

struct meeting {
	yyjson_mut_doc *doc;
	yyjson_mut_val *builds, *jobs;
	int widest, groups, matrices, rebuilt, triggered, blocked, later_attempts;
};

static void count(struct meeting *it, yyjson_mut_val *tally, const char *word)
{
	yyjson_mut_val *old = yyjson_mut_obj_get(tally, word);

	if (old) {
		yyjson_mut_set_int(old, yyjson_mut_get_int(old) + 1);
	} else {
		yyjson_mut_obj_add_int(it->doc, tally, word, 1);
	}
}

static void meet(struct meeting *it, struct build *met, int64_t now)
{
	build_look(met, now);
	count(it, it->builds, build_state_word(met->view.state));
	it->blocked += met->view.blocked;
	it->rebuilt += met->rebuilt_from != NULL;
	it->triggered += met->triggered_from != NULL;
	it->widest = met->job_count > it->widest ? met->job_count : it->widest;
	for (int i = 0; i < met->job_count; i++) {
		const struct job *job = &met->jobs[i];

		if (job_shows(met, i, now)) {
			count(it, it->jobs, job_state_word(met, i, now));
			it->groups += job->step->group != NULL;
			it->matrices += job->matrix && strchr(job->matrix, '/');
			it->later_attempts += job->retry == RETRY_MANUAL;
		}
	}
}

/* What truth == store is compared over: a world without a shape would prove nothing of it. */
Test(oracle, the_world_has_every_shape)
{
	static const char *const builds[] = {"creating", "scheduled", "running",  "failing", "passed",
					     "failed",   "canceling", "canceled", "skipped", "not_run"};
	static const char *const jobs[] = {
		"waiting",   "waiting_failed",   "blocked",    "blocked_failed", "unblocked", "limiting",
		"limited",   "platform_limited", "scheduled",  "reserved",       "assigned",  "accepted",
		"running",   "canceling",        "timing_out", "passed",         "failed",    "canceled",
		"timed_out", "broken",           "expired"};
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct meeting it = {.doc = doc, .builds = yyjson_mut_obj(doc), .jobs = yyjson_mut_obj(doc)};
	struct world_options o = options;
	struct world large;

	o.builds = 3000;
	world_init(&large, &o);
	for (size_t i = 0; i < large.builds.count; i++) {
		struct build *met = large.builds.items[i];

		for (int64_t at = met->created; at <= large.now; at = met->view.until) {
			meet(&it, met, at);
		}
	}
	for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
		cr_expect(yyjson_mut_obj_get(it.builds, builds[i]), "no build is ever %s", builds[i]);
	}
	for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
		cr_expect(yyjson_mut_obj_get(it.jobs, jobs[i]), "no job is ever %s", jobs[i]);
	}
	cr_expect(it.widest >= 500, "the widest build has %d jobs", it.widest);
	cr_expect(it.groups && it.matrices && it.rebuilt && it.triggered && it.blocked && it.later_attempts);
	world_fini(&large);
	yyjson_mut_doc_free(doc);
}
