/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/slack_story.h"
#include "sinks/slack/book.h"

#include <stdlib.h>
#include <string.h>

#define T0        INT64_C(1799020800000)
#define MINUTE    INT64_C(60000)
#define JOBS_MOST 300

static char any_branch[] = "*";
static char *branches[] = {any_branch};
static struct slack_rule rules[] = {{
	.branch = {branches, 1},
	.after_failures = 1,
	.clear_after = 1,
	.broadcast_after_ms = 60 * MINUTE,
}};
static char token[] = "xoxb-1", channel[] = "C0BUILDS", api[] = "http://127.0.0.1";
static struct slack_config config = {
	.token = token,
	.api_url = api,
	.channel = channel,
	.rules = {rules, 1},
};

static void set_job(struct job *job, const struct text *words, int result)
{
	job_init(job);
	job->id = TEXT("1");
	job->name = words[STORY_JOB];
	job->url = words[STORY_JOB_URL];
	job->kind = KIND_SCRIPT;
	job->state = STATE_FINISHED;
	job->result = result;
}

static void set_build(struct build *build, const struct text *words, int64_t number, int result)
{
	build_init(build);
	build->id = words[STORY_ID];
	build->provider = TEXT("buildkite");
	build->organization = words[STORY_ORGANIZATION];
	build->pipeline = words[STORY_PIPELINE];
	build->branch = words[STORY_BRANCH];
	build->message = words[STORY_MESSAGE];
	build->author.name = words[STORY_NAME];
	build->author.login = words[STORY_LOGIN];
	build->author.email = words[STORY_EMAIL];
	build->commit = words[STORY_COMMIT];
	build->workflow = words[STORY_WORKFLOW];
	build->url = words[STORY_URL];
	build->number = number;
	build->version = number;
	build->origin = ORIGIN_LIVE;
	build->state = STATE_FINISHED;
	build->result = result;
	build->created_at = T0 + number * MINUTE;
	build->finished_at = build->created_at + 1000;
	build->started_at = build->created_at;
	build->duration_ms = 1000;
}

static void fold(struct book *book, const struct text *words, const char *prefix, int64_t number, int result,
		 size_t job_count)
{
	struct build build;
	static struct job jobs[JOBS_MOST];
	size_t size = words[STORY_ID].size + 40;
	char *id = malloc(size);
	struct err err;

	set_build(&build, words, number, result);
	for (size_t i = 0; i < job_count; i++) {
		set_job(&jobs[i], words, result);
	}
	build.jobs = (struct field_list){jobs, job_count};
	/* Each build has its own id. */
	build.id.at = id;
	build.id.size = (size_t)snprintf(id, size, "%s%.*s/%lld", prefix, TEXT_FMT(words[STORY_ID]),
					 (long long)number);
	if (book_begin(book, &err) != OK) {
		abort();
	}
	book_fold(book, &build, build.finished_at, false);
	if (book_commit(book, &err) != OK) {
		abort();
	}
	free(id);
}

/* All that is to be said until then. */
static bool say(struct book *book, int64_t now_ms, struct story *story, char why[static 300])
{
	struct operation operation;
	char ts[40];
	struct err err;

	while (story->count < STORY_MESSAGES && book_next(book, NULL, now_ms, &operation)) {
		if (!judge_body(operation.body, &story->messages[story->count], why)) {
			return false;
		}
		snprintf(ts, sizeof ts, "%zu.000001", ++story->count);
		if (book_begin(book, &err) != OK) {
			abort();
		}
		book_said(book, &operation, operation.edit ? NULL : ts, channel);
		if (book_commit(book, &err) != OK) {
			abort();
		}
	}
	return true;
}

static bool tell_one(struct book *book, const struct text *words, size_t jobs, struct story *story,
		     char why[static 300])
{
	static const int results[] = {RESULT_FAILURE, RESULT_TIMEOUT, RESULT_SUCCESS};

	for (int64_t i = 0; i < 3; i++) {
		fold(book, words, "a/", i + 1, results[i], jobs);
		if (!say(book, T0 + (i + 2) * MINUTE, story, why)) {
			return false;
		}
	}
	return true;
}

static bool tell_many(struct book *book, const struct text *words, struct story *story, char why[static 300])
{
	static const char *const prefixes[] = {"a/", "b/", "c/"};

	for (size_t i = 0; i < 3; i++) {
		fold(book, words, prefixes[i], 1, RESULT_FAILURE, 1);
	}
	if (!say(book, T0 + 5 * MINUTE, story, why)) {
		return false;
	}
	fold(book, words, "b/", 2, RESULT_SUCCESS, 1);
	return say(book, T0 + 9 * MINUTE, story, why);
}

bool story_tell(const struct text words[STORY_WORDS], enum story_kind kind, struct story *story,
		char why[static 300])
{
	struct book *book = NULL;
	struct err err;
	bool told;

	*story = (struct story){0};
	config.storm = kind == STORY_DIGEST ? 1 : 0;
	if (book_open(&book, NULL, &config, &err) != OK) {
		abort();
	}
	told = kind == STORY_DIGEST ? tell_many(book, words, story, why)
				    : tell_one(book, words, kind == STORY_ALONE ? 1 : JOBS_MOST, story, why);
	book_free(&book);
	return told;
}

static void take_most(int *most, int is)
{
	*most = is > *most ? is : *most;
}

static void widen(struct judged *most, const struct judged *is)
{
	take_most(&most->live.users, is->live.users);
	take_most(&most->live.channels, is->live.channels);
	take_most(&most->live.styles, is->live.styles);
	take_most(&most->live.emoji, is->live.emoji);
	take_most(&most->live.specials, is->live.specials);
	take_most(&most->live.links, is->live.links);
	take_most(&most->live.bare, is->live.bare);
	take_most(&most->lines, is->lines);
}

/* The most that any message does: when it is fixed, and when it was a flake. */
static bool tell_harmless(enum story_kind kind, struct judged *most, char why[static 300])
{
	struct text plain[STORY_WORDS] = {[STORY_ORGANIZATION] = TEXT("o"),
					  [STORY_PIPELINE] = TEXT("p"),
					  [STORY_BRANCH] = TEXT("b"),
					  [STORY_MESSAGE] = TEXT("m"),
					  [STORY_NAME] = TEXT("n"),
					  [STORY_LOGIN] = TEXT("l"),
					  [STORY_EMAIL] = TEXT("e@e"),
					  [STORY_COMMIT] = TEXT("0123456789"),
					  [STORY_WORKFLOW] = TEXT("w"),
					  [STORY_JOB] = TEXT("j"),
					  [STORY_JOB_URL] = TEXT("https://j"),
					  [STORY_URL] = TEXT("https://u"),
					  [STORY_ID] = TEXT("i/w")};
	struct story story;

	for (int flake = 1; flake >= 0; flake--) {
		plain[STORY_COMMIT].size = flake ? plain[STORY_COMMIT].size : 0;
		if (!story_tell(plain, kind, &story, why)) {
			return false;
		}
		for (size_t i = 0; i < story.count; i++) {
			widen(most, &story.messages[i]);
		}
	}
	return true;
}

bool story_is_harmless(const struct text words[STORY_WORDS], enum story_kind kind, char why[static 300])
{
	static struct {
		bool known;
		struct judged most;
	} harmless[STORY_KINDS];
	struct story story;

	if (!harmless[kind].known && !tell_harmless(kind, &harmless[kind].most, why)) {
		return false;
	}
	harmless[kind].known = true;
	if (!story_tell(words, kind, &story, why)) {
		return false;
	}
	for (size_t i = 0; i < story.count; i++) {
		if (!judge_is_harmless(&story.messages[i], &harmless[kind].most, why)) {
			return false;
		}
	}
	return true;
}
