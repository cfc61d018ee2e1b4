/* Slack refuses, has only a webhook for us, or there is more to say than anybody could read. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_scene.h"

#include <stdlib.h>
#include <string.h>

TestSuite(slack_scenes_trouble, .init = slack_run_init, .fini = slack_run_fini, .timeout = 180);

#define RED   ":red_circle: "
#define GREEN ":large_green_circle: "

/* Nothing is lost: what is still red is told when the channel takes it again. */
Test(slack_scenes_trouble, a_channel_that_refuses_names_itself_and_the_cure_and_stops_no_other)
{
	slack_fail(&slack, SLACK_POST,
		   (struct slack_failure){
			   .times = -1, .code = 200, .error = "not_in_channel", .where = "C0OTHER"});
	play(.rules = "{pipeline: \"other*\", channel: \"#other\"}, {}",
	     .script = "09:00 other 1 a1 failed\n"
		       "09:01 web 1 b1 failed\n"
		       "#builds 1: " RED "acme/web main is failing: #1\n"
		       "09:02 other2 1 c1 failed\n"
		       "09:03 other2 2 c2 passed\n"
		       "09:04 web 2 b2 passed\n"
		       "#builds 1 = " GREEN "acme/web main is fixed by #2 after 3 min\n"
		       "#builds 1 > 2: " GREEN "acme/web main is passing again: #2 by ann, after 3 min\n"
		       "09:20 slack works\n"
		       "#other 1: " RED "acme/other main is failing: #1\n");
	cr_expect(child_said(run.sink, "not_in_channel") && child_said(run.sink, "/invite") &&
		  child_said(run.sink, "#other"));
	cr_expect(child_count(run.sink, "slack.refused") == 1, "once is enough");
}

Test(slack_scenes_trouble, a_token_that_is_revoked_says_so_and_nothing_is_lost)
{
	slack.token_error = "token_revoked";
	slack_configure("");
	run_start();
	build_comes(9 * HOUR_MS, "web 17 a1 failed");
	clock_to(9 * HOUR_MS);
	said("token_revoked");
	said("Bot User OAuth Token");
	slack_lock(&slack);
	slack.token_error = NULL;
	slack_unlock(&slack);
	clock_to(9 * HOUR_MS + 10 * MINUTE_MS);
	cr_expect(slack_seen(1));
	cr_expect(slack_posted(&slack) == 1);
}

/* What is fixed meanwhile is edited as soon as it can be, and the reply comes too. */
Test(slack_scenes_trouble, a_fix_is_told_to_the_channel_when_it_takes_messages_again)
{
	struct slack_failure refused = {.times = -1, .code = 200, .error = "restricted_action"};
	char *text;

	slack_configure("");
	run_start();
	clock_to(9 * HOUR_MS);
	build_comes(9 * HOUR_MS, "web 17 a1 failed");
	cr_expect(slack_seen(1));
	slack_fail(&slack, SLACK_POST, refused);
	clock_to(11 * HOUR_MS);
	build_comes(11 * HOUR_MS, "web 18 a2 passed");
	slack_says("\"slack.refused\"", 1);
	refused.times = 0;
	slack_fail(&slack, SLACK_POST, refused);
	cr_expect(slack_seen_late(3));
	text = slack_conversation(&slack, NULL, false);
	same_conversation(text,
			  "#builds 1: " RED "acme/web main is failing: #17\n"
			  "#builds 1 = " GREEN "acme/web main is fixed by #18 after 2 h\n"
			  "#builds 1 >> 2: " GREEN "acme/web main is passing again: #18 by ann, after 2 h\n");
	free(text);
}

/* One can post and that is all: what is fixed is a message of its own. */
Test(slack_scenes_trouble, a_webhook_does_what_it_can)
{
	char *text;

	run_destination("slack: {webhook_url: \"%s\"}", slack.hook_url);
	run_start();
	said("slack.webhook");
	clock_to(9 * HOUR_MS);
	build_comes(9 * HOUR_MS, "web 17 a1 failed");
	cr_expect(slack_seen(1));
	build_comes(9 * HOUR_MS + 5 * MINUTE_MS, "web 18 a2 failed");
	build_comes(9 * HOUR_MS + 10 * MINUTE_MS, "web 19 a3 passed");
	cr_expect(slack_seen(2));
	text = slack_conversation(&slack, NULL, false);
	same_conversation(text,
			  "#builds 1: " RED "acme/web main is failing: #17\n"
			  "#builds 2: " GREEN "acme/web main is passing again: #19 by ann, after 10 min\n");
	free(text);
}

/* Two hundred pipelines break at once, and are repaired one after the other. */
Test(slack_scenes_trouble, two_hundred_pipelines_are_eleven_messages)
{
	char line[40], *text;

	slack_configure("");
	run_start();
	build_comes(8 * HOUR_MS, "p0 1 a1 passed");
	all_acked();
	clock_to(9 * HOUR_MS);
	for (int i = 0; i < 200; i++) {
		snprintf(line, sizeof line, "p%d 2 a2 failed", i);
		build_comes(9 * HOUR_MS, line);
	}
	all_acked();
	cr_expect(slack_seen(11));
	text = slack_standing(&slack, "C0BUILDS");
	cr_expect(strstr(text, "#builds 10: " RED "acme/p9 main is failing: #2\n"
			       "#builds 11: " RED "190 pipelines are failing\n"),
		  "%s", text);
	free(text);
	text = slack_conversation(&slack, NULL, true);
	cr_expect(strstr(text, "acme/p10") && strstr(text, "acme/p100"), "%s", text);
	cr_expect(strstr(text, " more"), "what is left out is counted: %s", text);
	free(text);
	cr_expect(slack_events() == 11);
	cr_expect(slack.limited[SLACK_POST] == 0, "it kept the pace by itself");
}

/* It may be put off for an hour in one channel: nobody else waits. */
Test(slack_scenes_trouble, a_channel_that_is_put_off_holds_up_no_other)
{
	slack_fail(
		&slack, SLACK_POST,
		(struct slack_failure){.times = 1, .code = 429, .retry_after_s = 3600, .where = "C0OTHER"});
	play(.rules = "{pipeline: \"other*\", channel: \"#other\"}, {}",
	     .script = "09:00 other 1 a1 failed\n"
		       "09:01 web 1 b1 failed\n"
		       "#builds 1: " RED "acme/web main is failing: #1\n"
		       "09:58 web 2 b2 passed\n"
		       "#builds 1 = " GREEN "acme/web main is fixed by #2 after 57 min\n"
		       "#builds 1 > 2: " GREEN "acme/web main is passing again: #2 by ann, after 57 min\n"
		       "11:00 wait\n"
		       "#other 1: " RED "acme/other main is failing: #1\n");
}

/* It does not answer at all there. */
Test(slack_scenes_trouble, a_request_that_hangs_holds_up_no_other_channel)
{
	slack_configure(", rules: [{pipeline: other, channel: \"#other\"}, {}]");
	slack_hold(&slack, SLACK_POST, SLACK_BEFORE, 0);
	run_start();
	clock_to(9 * HOUR_MS);
	build_comes(9 * HOUR_MS, "other 1 a1 failed");
	slack_held();
	build_comes(9 * HOUR_MS, "web 1 a1 failed");
	cr_expect(slack_seen(1));
	slack_let_go(&slack, false);
	cr_expect(slack_seen(2));
	cr_expect(slack_posted(&slack) == 2);
}

/* A message that Slack refuses for what is in it is said without blocks; others go on. */
Test(slack_scenes_trouble, blocks_that_are_refused_are_left_out)
{
	slack_fail(&slack, SLACK_POST,
		   (struct slack_failure){.times = 1, .code = 200, .error = "invalid_blocks"});
	play(.script = "09:00 web 17 a1 failed\n"
		       "#builds 1: " RED "acme/web main is failing: #17\n"
		       "09:01 api 3 b1 failed\n"
		       "#builds 2: " RED "acme/api main is failing: #3\n");
	cr_expect(child_said(run.sink, "invalid_blocks"));
}

/* More often than a new word would be forgiven. */
Test(slack_scenes_trouble, a_word_that_says_later_makes_no_message_a_bad_one)
{
	slack_fail(&slack, SLACK_POST,
		   (struct slack_failure){.times = 14, .code = 200, .error = "message_limit_exceeded"});
	slack_configure("");
	run_start();
	clock_to(9 * HOUR_MS);
	build_comes(9 * HOUR_MS, "web 17 a1 failed");
	cr_expect(slack_seen_late(1));
	cr_expect(slack_posted(&slack) == 1 && !child_said(run.sink, "\"slack.message\""));
}

/* Is it the message? Then others go on. Is it Slack? Then what comes next is not lost because of it. */
Test(slack_scenes_trouble, a_word_that_nobody_knows_is_taken_for_a_passing_trouble)
{
	slack_fail(&slack, SLACK_POST,
		   (struct slack_failure){.times = 14, .code = 200, .error = "a_word_of_next_year"});
	slack_configure("");
	run_start();
	clock_to(9 * HOUR_MS);
	build_comes(9 * HOUR_MS, "web 17 a1 failed");
	cr_expect(slack_seen_late(1));
	cr_expect(child_count(run.sink, "\"slack.message\"") == 1, "it is tried without blocks");
}

/* Somebody deleted it: the rest of the outage is said where it can be. */
Test(slack_scenes_trouble, a_message_that_was_deleted_stops_nothing)
{
	slack_fail(&slack, SLACK_UPDATE,
		   (struct slack_failure){.times = 2, .code = 200, .error = "message_not_found"});
	play(.script = "09:00 web 17 a1 failed\n"
		       "#builds 1: " RED "acme/web main is failing: #17\n"
		       "09:01 web 18 a2 passed\n"
		       "#builds 1 > 2: " GREEN "acme/web main is passing again: #18 by ann, after 1 min\n"
		       "09:02 api 3 b1 failed\n"
		       "#builds 3: " RED "acme/api main is failing: #3\n");
}

/* By pages of a list with many channels; and a channel's name that is a private one's. */
Test(slack_scenes_trouble, a_channel_is_found_by_its_name_among_many)
{
	char id[24], name[32];
	size_t index;

	for (int i = 0; i < 25; i++) {
		snprintf(id, sizeof id, "C0FILL%d", i);
		snprintf(name, sizeof name, "fill-%d", i);
		slack_add_channel(&slack, id, name);
	}
	index = slack_add_channel(&slack, "G0SECRET", "secret");
	slack.channels[index].private = true;
	slack.page_max = 7;
	play(.rules = "{channel: \"#secret\"}",
	     .script = "09:00 web 17 a1 failed\n"
		       "#secret 1: " RED "acme/web main is failing: #17\n"
		       "09:10 web 18 a2 passed\n"
		       "#secret 1 = " GREEN "acme/web main is fixed by #18 after 10 min\n"
		       "#secret 1 > 2: " GREEN "acme/web main is passing again: #18 by ann, after 10 min\n");
}

/* Whoever starts it by `buildbus up` reads there what it does. */
Test(slack_scenes_trouble, the_log_tells_what_the_rules_are_and_what_is_said)
{
	const char *said;

	slack_configure(
		", rules: [{pipeline: api, channel: \"#other\"}, {pipeline: docs, channel: none}, {}]");
	run_start();
	said = child_event(run.sink, "slack.rules", NULL, NULL);
	cr_expect(strstr(said, "\"rules\":3") && strstr(said, "#other, #builds") &&
			  strstr(said, "slack preview"),
		  "%s", said);
	clock_to(9 * HOUR_MS);
	build_comes(9 * HOUR_MS, "web 17 a1 failed");
	cr_expect(slack_seen(1));
	said = child_event(run.sink, "slack.said", "does", "post");
	cr_expect(strstr(said, "acme/web main is failing: #17") && strstr(said, "#builds"), "%s", said);
}
