/* SPDX-License-Identifier: MIT */
#include "tests/unit/slack_talk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct talk talk;

static char token[] = "xoxb-1", channel[] = "#builds", author[] = "author";

void talk_init(void)
{
	static char *mention[] = {author};
	struct err err;

	talk.rule = (struct slack_rule){
		.after_failures = 1,
		.clear_after = 1,
		.broadcast_after_ms = 60 * MIN,
		.quiet_digest = true,
		.mention = {mention, 1},
	};
	talk.config = (struct slack_config){
		.token = token,
		.channel = channel,
		.storm = 10,
		.rules = {&talk.rule, 1},
	};
	talk.now = T0;
	cr_assert(book_open(&talk.book, NULL, &talk.config, &err) == OK, "%s", err.text);
}

void talk_fini(void)
{
	book_free(&talk.book);
}

struct build talk_build(int number, int result, const char *commit)
{
	static char id[8][64];
	static int next;
	char *own = id[next++ % 8];
	struct build build;

	build_init(&build);
	snprintf(own, sizeof id[0], "buildkite/acme/web/%d", number);
	build.id = text_of(own);
	build.version = ++talk.version;
	build.origin = ORIGIN_LIVE;
	build.provider = TEXT("buildkite");
	build.organization = TEXT("acme");
	build.pipeline = TEXT("web");
	build.branch = build.default_branch = TEXT("main");
	build.number = number;
	build.state = STATE_FINISHED;
	build.result = result;
	build.commit = text_of(commit);
	build.author.name = TEXT("Ann Lee");
	build.created_at = T0 + number * MIN;
	build.started_at = build.created_at + MIN;
	build.finished_at = build.created_at + 5 * MIN;
	build.duration_ms = 4 * MIN;
	build.url = TEXT("https://buildkite.com/acme/web/builds/1");
	return build;
}

static void say(const struct operation *operation)
{
	size_t used = strlen(talk.said);
	char *at = talk.said + used;
	size_t size = sizeof talk.said - used;
	long long message = operation->message, thread = operation->thread;

	if (operation->edit) {
		snprintf(at, size, "%lld = %s\n", message, operation->text);
	} else if (thread) {
		snprintf(at, size, "%lld %s %lld: %s\n", thread, operation->broadcast ? ">>" : ">", message,
			 operation->text);
	} else {
		snprintf(at, size, "%lld: %s\n", message, operation->text);
	}
	snprintf(talk.body, sizeof talk.body, "%s", operation->body);
}

static void begin(void)
{
	struct err err;

	cr_assert(book_begin(talk.book, &err) == OK, "%s", err.text);
}

static void commit(void)
{
	struct err err;

	cr_assert(book_commit(talk.book, &err) == OK, "%s", err.text);
}

void talk_say(void)
{
	struct operation operation;

	while (book_next(talk.book, NULL, talk.now, &operation)) {
		say(&operation);
		begin();
		if (operation.email) {
			book_user(talk.book, operation.email, NULL, INT64_MAX);
		}
		book_said(talk.book, &operation, "1767225600.000100", "C0BUILDS");
		commit();
	}
}

static void fold(const struct build *build, bool silent)
{
	int64_t end = build->finished_at == INT_NULL ? build->created_at : build->finished_at;

	talk.now = end > talk.now ? end : talk.now;
	begin();
	book_fold(talk.book, build, talk.now, silent);
	commit();
}

void talk_fold(const struct build *build)
{
	fold(build, false);
	talk_say();
}

void talk_fold_silently(const struct build *build)
{
	fold(build, true);
}

void red(int number, const char *commit_id)
{
	struct build build = talk_build(number, RESULT_FAILURE, commit_id);

	talk_fold(&build);
}

void green(int number, const char *commit_id)
{
	struct build build = talk_build(number, RESULT_SUCCESS, commit_id);

	talk_fold(&build);
}

void talk_wait(int64_t ms)
{
	int64_t until = talk.now + ms;

	while (talk.now < until) {
		int64_t next = book_next_ms(talk.book), due = book_due_ms(talk.book, talk.now);

		next = next < due ? next : due;
		talk.now = next < until ? (next > talk.now ? next : talk.now + 1) : until;
		begin();
		book_tick(talk.book, talk.now);
		commit();
		talk_say();
	}
}

void expect_said(const char *lines)
{
	cr_assert_str_eq(talk.said, lines, "said:\n%s\nexpected:\n%s", talk.said, lines);
	talk.said[0] = '\0';
}
