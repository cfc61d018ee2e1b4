/* `dead retry`: what was refused is tried again from what is stored, by the fixed code, without a request to
 * the provider (there is none here). */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

#include <stdlib.h>

static void init(void)
{
	trio_open(.pipelines = "web");
}

TestSuite(retry, .timeout = 120, .init = init, .fini = trio_close);

/* Runs `buildbus dead retry` with up to two words; it ends with code and prints the words (separated by |).
 */
static void retry(struct spot spot, int code, const char *a, const char *b, const char *words)
{
	struct said said = command_run_at(spot, hub->place, "buildbus",
					  ARGS("dead", "retry", "-c", hub->place->config, a, b));

	if (said.code != code) {
		fail_at(spot, "it ended with %d: %s%s", said.code, said.out, said.errors);
	}
	expect_words(spot, *said.out ? said.out : said.errors, words);
	said_free(&said);
}

/* From now on the other code runs. */
static void run_code(const char *program)
{
	hub_stop(hub);
	hub->program = program;
	hub_start(hub);
}

static void publish_unreadable(int number, int64_t observed_at)
{
	with(worker, .number = number, .branch = "unreadable", .state = "passed", .observed_at = observed_at);
	publish_given("0 0 0");
}

static int64_t letters(void)
{
	return hub_sql(hub, "SELECT count(*) FROM dead");
}

Test(retry, a_build_that_the_old_code_refused_becomes_a_record)
{
	run_code(OLD_NORMALIZER);
	publish_unreadable(17, T0);
	retry(HERE, 1, "1", NULL, "1: refused again: $.branch: not a branch");
	retry(HERE, 1, "1", "--json",
	      "{\"number\":1,\"outcome\":\"refused\",\"why\":\"$.branch: not a branch\"}");
	cr_expect_eq(hub_sql(hub, "SELECT times FROM dead"), 3);
	run_code(NULL);
	attach(sink, "store", "session");
	say(sink, "credit $session 10");
	retry(HERE, 0, "1", NULL, "1: read: a new record");
	hear(sink, "records $session 1 1 [1]");
	cr_expect(text_is(heard_text(sink, 0, "id"), "buildkite/acme/web/17"));
	cr_expect(text_is(heard_text(sink, 0, "branch"), "unreadable"));
	cr_expect_eq(letters(), 0);
	retry(HERE, 1, "1", NULL, "1: no such dead letter");
}

Test(retry, one_with_a_newer_version_does_not_go_back)
{
	run_code(OLD_NORMALIZER);
	publish(17, "failed", T0 + 5000);
	publish_unreadable(17, T0);
	run_code(NULL);
	retry(HERE, 0, "--all", NULL, "1: let go: the hub has a newer version");
	cr_expect_eq(letters(), 0);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM log"), 1);
}

Test(retry, what_came_by_the_live_walk_is_known_by_its_own_key)
{
	struct peer *live;

	hub_stop(hub);
	hub_configure(hub, &(struct hub_setup){.pipelines = "[web, api]"});
	hub->program = OLD_NORMALIZER;
	hub_start(hub);
	live = worker_of(hub);
	say(live, "claim 'buildkite' 'live'");
	hear(live, "lease 'buildkite:acme/@live' $live ...");
	with(live, .number = 5, .key = "web#5", .branch = "unreadable");
	say(live, "publish $live 1 nil");
	hear(live, "ack 1 0 0 0 $live");
	run_code(NULL);
	retry(HERE, 0, "--all", NULL, "1: read: a new record");
	cr_expect_eq(hub_sql(hub, "SELECT target = 'buildkite:acme/web' AND key = '5' FROM build"), 1);
	peer_free(&live);
}

Test(retry, all_are_tried_however_many)
{
	run_code(OLD_NORMALIZER);
	for (int number = 1; number <= 250; number++) {
		publish_unreadable(number, T0);
	}
	with(worker, .number = 999, .kind = "oversize");
	publish_given("0 0 0");
	run_code(NULL);
	retry(HERE, 1, "--all", NULL, "1: read|250: read|251: can't be tried again: nothing of it is kept");
	cr_expect_eq(letters(), 1);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM log"), 250);
}

/* The sink refuses the first record of the log. */
static void refuse_first(void)
{
	attach(sink, "store", "session");
	say(sink, "credit $session 10");
	publish(17, "running", T0);
	hear(sink, "records $session 1 1 [1]");
	say(sink, "reject $session 1 'no room'");
	hear(sink, "alive $session 1");
	say(sink, "ack $session [$epoch 1] nil");
}

static void expect_again(struct spot spot, const char *state)
{
	if (!text_is(heard_text(sink, 0, "state"), state) ||
	    !text_is(heard_text(sink, 0, "origin"), "replay") || heard_int(sink, 0, "version") != T0) {
		fail_at(spot, "it is another record");
	}
}

Test(retry, what_a_sink_refused_is_sent_to_that_sink_alone)
{
	struct peer *other = reader_of(hub);

	refuse_first();
	attach(other, "other", "other");
	say(other, "credit $other 10");
	hear(other, "records $other 1 1 [1]");
	retry(HERE, 0, "--sink", "store", "1: on its way to the sink");
	hear(sink, "records $session 2 2 [2]");
	expect_again(HERE, "running");
	hear(other, "records $other 2 2 []");
	cr_expect_eq(letters(), 1, "until the sink has it");
	retry(HERE, 0, "1", NULL, "1: on its way to the sink");
	say(sink, "ack $session [$epoch 2] nil");
	say(sink, "heartbeat $session");
	hear(sink, "alive $session 2");
	cr_expect_eq(letters(), 0);
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM resend"), 0);
	publish(18, "running", T0);
	hear(sink, "records $session 3 3 [3]");
	hear(other, "records $other 3 3 [3]");
	peer_free(&other);
}

Test(retry, what_the_sink_refuses_once_more_stays)
{
	refuse_first();
	retry(HERE, 0, "1", NULL, "1: on its way to the sink");
	hear(sink, "records $session 2 2 [2]");
	say(sink, "reject $session 2 'still no room'");
	hear(sink, "alive $session 2");
	say(sink, "ack $session [$epoch 2] nil");
	say(sink, "heartbeat $session");
	hear(sink, "alive $session 2");
	cr_expect_eq(hub_sql(hub, "SELECT number = 1 AND times = 2 AND resent IS NULL AND key ="
				  " 'buildkite/acme/web/17' AND reason = 'still no room' FROM dead"),
		     1);
}

Test(retry, a_hub_or_sink_that_dies_on_the_way_goes_on_with_it)
{
	refuse_first();
	retry(HERE, 0, "1", NULL, "1: on its way to the sink");
	hear(sink, "records $session 2 2 [2]");
	hub_restart(hub);
	attach(sink, "store", "session");
	say(sink, "credit $session 10");
	hear(sink, "records $session 2 2 [2]");
	expect_again(HERE, "running");
	say(sink, "ack $session [$epoch 2] nil");
	say(sink, "heartbeat $session");
	hear(sink, "alive $session 2");
	cr_expect_eq(letters(), 0);
	hub_restart(hub);
	attach(sink, "store", "session");
	say(sink, "credit $session 10");
	publish(18, "running", T0);
	hear(sink, "records $session 3 3 [3]");
}

Test(retry, a_record_with_a_newer_version_is_not_sent_again)
{
	refuse_first();
	publish(17, "passed", T0 + 1000);
	hear(sink, "records $session 2 2 [2]");
	retry(HERE, 0, "1", NULL, "1: let go: the hub has a newer version");
	cr_expect_eq(letters(), 0);
	publish(18, "running", T0);
	hear(sink, "records $session 3 3 [3]");
}

Test(retry, of_two_at_once_one_sends_it)
{
	struct peer *first = reader_of(hub), *second = reader_of(hub);

	refuse_first();
	say(first, "dead 'retry' [1]");
	say(second, "dead 'retry' [1]");
	hear(first, "dead 'retry' [[1 'sent' _]]");
	hear(second, "dead 'retry' [[1 'sent' _]]");
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM resend"), 1);
	hear(sink, "records $session 2 2 [2]");
	peer_free(&first);
	peer_free(&second);
}
