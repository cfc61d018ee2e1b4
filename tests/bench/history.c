/* SPDX-License-Identifier: MIT */
#include "tests/bench/history.h"
#include "tests/bench/bench.h"

#include <stdio.h>

enum { JOBS_MAX = 8, DAY = 86400000 };

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x9e3779b97f4a7c15;
	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9;
	return x ^ x >> 32;
}

static void make_job(struct job *job, int i, int64_t started_ms, int64_t duration_ms, int result)
{
	static const char *const names[JOBS_MAX] = {
		"lint",       "build",   "unit tests", "integration tests",
		"end-to-end", "package", "deploy",     "notify"};

	job_init(job);
	job->id = text_of(names[i]);
	job->name = text_of(names[i]);
	job->kind = KIND_SCRIPT;
	job->state = STATE_FINISHED;
	job->result = i == 3 ? result : RESULT_SUCCESS;
	job->attempt = 1;
	job->queued_at = started_ms - 4000;
	job->started_at = started_ms;
	job->finished_at = started_ms + duration_ms;
	job->queue_ms = 4000;
	job->duration_ms = duration_ms;
	job->runner.name = TEXT("runner-17.eu-central.example");
	job->url = TEXT("https://ci.example.com/acme/some-pipeline/builds/1/jobs/0190c2d4");
}

static void make_times(struct build *build, uint64_t dice, int64_t created_ms)
{
	build->created_at = build->queued_at = created_ms;
	build->queue_ms = (int64_t)(dice >> 8 & 0x7fff);
	build->started_at = created_ms + build->queue_ms;
	build->duration_ms = 60000 + (int64_t)(dice >> 20 & 0xfffff);
	build->finished_at = build->started_at + build->duration_ms;
}

static void make_names(struct build *build, uint64_t dice, int pipeline)
{
	static char name[32], branch[32], id[96], commit[48], url[128];

	snprintf(name, sizeof name, "pipeline-%03d", pipeline);
	snprintf(branch, sizeof branch, "feature/%d", (int)(dice >> 40) % 5000);
	snprintf(id, sizeof id, "buildkite/acme/%s/%lld", name, (long long)build->number);
	snprintf(commit, sizeof commit, "%016llx%016llx%08x", (unsigned long long)mix(dice),
		 (unsigned long long)mix(dice + 1), (unsigned)dice);
	snprintf(url, sizeof url, "https://ci.example.com/acme/%s/builds/%lld", name,
		 (long long)build->number);
	build->id = text_of(id);
	build->uid = text_of(commit);
	build->provider = TEXT("buildkite");
	build->organization = TEXT("acme");
	build->pipeline = text_of(name);
	build->branch = dice % 10 < 4 ? TEXT("main") : text_of(branch);
	build->default_branch = TEXT("main");
	build->commit = text_of(commit);
	build->message = TEXT("Make the frobnicator idempotent, so that it can be run again after a crash");
	build->author.name = TEXT("Ada Lovelace");
	build->author.email = TEXT("ada@example.com");
	build->repository = TEXT("https://example.com/acme/some-repository");
	build->url = build->api_url = text_of(url);
}

void history_build(const struct history *history, int i, struct build *build)
{
	static struct job jobs[JOBS_MAX];
	int each = history->builds / history->pipelines, pipeline = i / each, place = i % each;
	int64_t step = (int64_t)history->days * DAY / each;
	uint64_t dice = mix((uint64_t)i + 1);

	build_init(build);
	build->version = 1;
	build->number = each - place; /* newest first */
	make_names(build, dice, pipeline);
	make_times(build, dice, history->now_ms - place * step - (int64_t)(dice % (uint64_t)step));
	build->state = STATE_FINISHED;
	build->result = dice >> 4 & 7 ? RESULT_SUCCESS : RESULT_FAILURE;
	build->trigger = TRIGGER_PUSH;
	for (int j = 0; j < history->jobs; j++) {
		make_job(&jobs[j], j, build->started_at, build->duration_ms / 2, build->result);
	}
	build->jobs = (struct field_list){jobs, (size_t)history->jobs};
}

double history_write(const struct history *history, struct store_db *store, int batch)
{
	double began = seconds();
	enum store_put put;
	struct build build;
	struct err err;

	for (int i = 0; i < history->builds; i += batch) {
		if (store_db_begin(store, &err) != OK) {
			fail(err.text);
		}
		for (int j = i; j < i + batch && j < history->builds; j++) {
			history_build(history, j, &build);
			if (store_db_put(store, &build, &put, &err) != OK) {
				fail(err.text);
			}
		}
		if (store_db_commit(store, &err) != OK) {
			fail(err.text);
		}
	}
	return seconds() - began;
}
