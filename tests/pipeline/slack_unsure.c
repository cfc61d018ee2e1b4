/* Nobody knows whether a message was said: it is looked up, as soon as that can be done. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_rounds.h"

#include <sys/resource.h>

TestSuite(slack_unsure, .init = slack_run_init, .fini = slack_run_fini, .timeout = 180);

/* What is lost on the way without a crash: looked up before it is said again. */
Test(slack_unsure, it_is_looked_up)
{
	static const struct slack_failure rows[] = {
		{.times = 1, .code = 0},
		{.times = 1, .code = 0, .after = true},
		{.times = 1, .code = 500},
		{.times = 1, .code = 500, .after = true},
		{.times = 1, .code = 200, .error = "request_timeout", .after = true},
		{.times = 1, .code = 200, .error = "fatal_error"},
		{.times = 1, .code = 200, .error = "internal_error", .after = true},
		{.times = 1, .code = 429, .retry_after_s = 7},
		{.times = 3, .code = 503},
	};
	size_t round = 0;

	run_start();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, round += 2) {
		slack_fail(&slack, SLACK_POST, rows[i]);
		tell(round);
		all_acked();
		slack_seen(3 * round + 1);
		fix(round);
		has_rounds(round + 1);
		tell(round + 1);
		all_acked();
		slack_seen(3 * round + 4);
		slack_fail(&slack, SLACK_UPDATE, rows[i]);
		fix(round + 1);
		has_rounds(round + 2);
	}
}

static void set_room(rlim_t bytes)
{
	struct rlimit limit = {bytes, RLIM_INFINITY};

	cr_assert(prlimit(child_pid(run.sink), RLIMIT_FSIZE, &limit, NULL) == 0);
}

/* Nobody may look for it, and that it was not found can't be kept. */
Test(slack_unsure, it_is_told_once_when_the_disk_has_room_again)
{
	slack_fail(&slack, SLACK_LIST,
		   (struct slack_failure){.times = -1, .code = 200, .error = "missing_scope"});
	run_start();
	hold_post();
	tell(0);
	slack_held();
	all_acked();
	set_room(0);
	slack_let_go(&slack, true);
	slack_says("\"slack.blind\"", 1);
	build_comes(AT(1), "api 1 a1 passed");
	slack_says("\"sink.retry\"", 1); /* else it turns in a circle */
	set_room(RLIM_INFINITY);
	slack_seen(1);
	fix(0);
	has_rounds(1);
}

/* NULL: it works again. */
static void refuse(const char *word)
{
	struct slack_failure failure = {.times = word ? -1 : 0, .code = 200, .error = word};

	slack_fail(&slack, SLACK_HISTORY, failure);
	slack_fail(&slack, SLACK_POST, failure);
}

/* A look-up that is refused says nothing of what became of it. */
Test(slack_unsure, it_is_looked_up_when_nothing_is_refused_any_more)
{
	static const struct {
		void (*hold)(void);
		const char *word;
	} rows[] = {{hold_post, "invalid_auth"},
		    {hold_posted, "token_revoked"},
		    {hold_posted, "channel_not_found"}};

	run_start();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		rows[i].hold();
		tell(i);
		slack_held();
		refuse(rows[i].word);
		slack_let_go(&slack, true);
		slack_says("\"slack.refused\"", (int)i + 1);
		refuse(NULL);
		all_acked();
		slack_seen_late(3 * i + 1);
		fix(i);
		has_rounds(i + 1);
	}
}

/* The id of a channel that was away is asked for, and can't be kept. */
Test(slack_unsure, it_is_looked_up_when_the_channel_is_known_again)
{
	run_start();
	hold_posted();
	tell(0);
	slack_held();
	all_acked();
	refuse("channel_not_found");
	slack_let_go(&slack, true);
	slack_says("\"slack.refused\"", 1);
	refuse(NULL);
	slack_hold(&slack, SLACK_LIST, SLACK_BEFORE, 0);
	clock_to(clock_now() + 5 * MINUTE_MS);
	slack_held();
	set_room(0);
	slack_let_go(&slack, false);
	slack_says("\"slack.file\"", 1);
	set_room(RLIM_INFINITY);
	fix(0);
	has_rounds(1);
}
