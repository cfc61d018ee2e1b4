/* `buildbus replay`: the newest version of each build once more, to one sink, beside the live flow. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

#include <stdlib.h>
#include <sys/resource.h>

static void init(void)
{
	trio_open(.pipelines = "web");
}

TestSuite(replay, .timeout = 120, .init = init, .fini = trio_close);

/* Builds 1 … 5, of which 2 has two versions: seqs 1 to 6, all confirmed. */
static void fill(void)
{
	store_reads();
	for (int number = 1; number <= 5; number++) {
		publish(number, "running", T0);
		hear(sink, "records $session %d %d [%d]", number, number, number);
	}
	publish(2, "passed", T0 + 5000);
	hear(sink, "records $session 6 6 [6]");
	say(sink, "ack $session [$epoch 6] nil");
}

static struct child *start(const char *a, const char *b, const char *c)
{
	return child_start(
		&(struct launch){.place = hub->place,
				 .program = "buildbus",
				 .args = ARGS("replay", "-c", hub->place->config, "--sink", "store", a, b, c),
				 .no_ready = true,
				 .stdout_path = place_path(hub->place, "out")});
}

/* It ends with code and has printed the words, or said them. */
static void ends(struct spot spot, struct child *command, int code, const char *words)
{
	size_t size;
	int ended = child_end_at(spot, command);
	char *out = place_read(hub->place, "out", &size), *errors = child_text(command);

	if (ended != code) {
		fail_at(spot, "it ended with %d: %s%s", ended, out, errors);
	}
	expect_words(spot, *out ? out : errors, words);
	free(out);
	free(errors);
	child_free_at(spot, &command);
}

static void expect_build(struct spot spot, size_t index, int number, int64_t version)
{
	char id[64];

	snprintf(id, sizeof id, "buildkite/acme/web/%d", number);
	if (!text_is(heard_text(sink, index, "id"), id) || heard_int(sink, index, "version") != version ||
	    !text_is(heard_text(sink, index, "origin"), "replay")) {
		fail_at(spot, "%zu is %.*s", index, TEXT_FMT(heard_text(sink, index, "id")));
	}
}

Test(replay, sends_the_newest_version_of_each_build_once_more)
{
	struct child *command;

	fill();
	command = start("--from", "0", NULL);
	hear(sink, "records $session 7 11 [7 8 9 10 11]");
	expect_build(HERE, 0, 1, T0);
	expect_build(HERE, 1, 3, T0);
	expect_build(HERE, 3, 5, T0);
	expect_build(HERE, 4, 2, T0 + 5000);
	publish(6, "running", T0);
	hear(sink, "records $session 12 12 [12]");
	cr_expect(text_is(heard_text(sink, 0, "origin"), "live"));
	say(sink, "ack $session [$epoch 12] nil");
	ends(HERE, command, 0, "store: 5 records sent again, 0 made anew");
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM resend"), 0);
	child_event(hub->child, "hub.replayed", "sink", "store");
}

Test(replay, begins_where_it_is_told)
{
	struct child *command;

	fill();
	command = start("--from", "5", NULL);
	hear(sink, "records $session 7 8 [7 8]");
	expect_build(HERE, 0, 5, T0);
	expect_build(HERE, 1, 2, T0 + 5000);
	say(sink, "ack $session [$epoch 8] nil");
	ends(HERE, command, 0, "store: 2 records sent again");
	hub_sql(hub, "UPDATE log SET at = at - 7200000 WHERE seq < 4");
	command = start("--from", "1h", "--json");
	hear(sink, "records $session 9 11 [9 10 11]");
	say(sink, "ack $session [$epoch 11] nil");
	ends(HERE, command, 0, "\"since\":4|\"sent\":3");
}

Test(replay, goes_on_where_a_killed_hub_was)
{
	struct child *command;

	fill();
	for (int number = 10; number < 60; number++) {
		publish(number, "running", T0);
		hear(sink, "records $session %d %d [%d]", number - 3, number - 3, number - 3);
	}
	say(sink, "ack $session [$epoch 56] nil");
	command = start("--from", "0", NULL);
	hear(sink, "records $session 57 72 _");
	hub_restart(hub);
	attach(sink, "store", "session");
	say(sink, "credit $session 1000");
	hear(sink, "records $session 57 72 _");
	say(sink, "ack $session [$epoch 72] nil");
	for (int64_t last = 72; last < 111;) {
		value_forget("last");
		value_set("next", last + 1);
		hear(sink, "records $session $next $last _");
		last = value_of("last");
		say(sink, "ack $session [$epoch $last] nil");
	}
	ends(HERE, command, 0, "store: 55 records sent again");
}

Test(replay, waits_for_a_sink_that_is_away)
{
	struct child *command;

	fill();
	say(sink, "detach $session");
	hear(sink, "bye $session");
	command = start("--from", "0", NULL);
	child_event(hub->child, "hub.replay", NULL, NULL);
	child_signal(command, SIGINT);
	ends(HERE, command, 1, "the replay goes on in the normalizer|--stop");
	attach(sink, "store", "session");
	say(sink, "credit $session 1000");
	hear(sink, "records $session 7 11 [7 8 9 10 11]");
	command = start("--from", "0", NULL);
	ends(HERE, command, 1, "a replay to this sink is on its way");
	command = start("--stop", NULL, NULL);
	ends(HERE, command, 0, "");
	command = start(NULL, NULL, NULL);
	ends(HERE, command, 1, "there is no replay to store");
	publish(6, "running", T0);
	hear(sink, "records $session 12 12 [12]");
}

Test(replay, to_nobody_is_refused)
{
	ends(HERE, start("--from", "0", NULL), 1, "the hub knows no sink of that name");
	ends(HERE, start("--from", "sometime", NULL), 2, "--from sometime: give it");
}

Test(replay, what_is_refused_once_more_is_a_dead_letter)
{
	struct child *command;

	fill();
	command = start("--from", "6", NULL);
	hear(sink, "records $session 7 7 [7]");
	say(sink, "reject $session 7 'no room'");
	hear(sink, "alive $session 7");
	say(sink, "ack $session [$epoch 7] nil");
	ends(HERE, command, 0, "store: 1 records sent again");
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM dead WHERE key = 'buildkite/acme/web/2'"), 1);
}

Test(replay, to_a_sink_that_is_forgotten_ends)
{
	struct child *command;

	fill();
	say(sink, "detach $session");
	hear(sink, "bye $session");
	command = start("--from", "0", NULL);
	child_event(hub->child, "hub.replay", NULL, NULL);
	say(sink, "forget 'store'");
	hear(sink, "forgotten true 0");
	ends(HERE, command, 1, "there is no replay to store");
	attach(sink, "store", "session");
	say(sink, "credit $session 1000");
	hear(sink, "records $session 1 6 [1 3 4 5 6]");
	cr_expect(text_is(heard_text(sink, 0, "origin"), "live"));
}

/* Files of the hub can't grow beyond that; 0: they can again. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit = {bytes ? bytes : RLIM_INFINITY, RLIM_INFINITY};

	cr_assert_eq(prlimit(child_pid(hub->child), RLIMIT_FSIZE, &limit, NULL), 0);
}

Test(replay, goes_on_once_there_is_room_on_the_disk)
{
	struct child *command;

	fill();
	say(sink, "heartbeat $session");
	hear(sink, "alive $session 6");
	limit_files(4096);
	command = start("--from", "0", NULL);
	ends(HERE, command, 1, "hub.db: ");
	limit_files(0);
	command = start("--from", "0", NULL);
	hear(sink, "records $session 7 11 [7 8 9 10 11]");
	limit_files(4096);
	say(sink, "ack $session [$epoch 11] nil");
	hear(sink, "error 'full' ...");
	limit_files(0);
	say(sink, "ack $session [$epoch 11] nil");
	ends(HERE, command, 0, "store: 5 records sent again");
}
