/* `buildbus sinks`, and a sink that is forgotten while traffic goes on. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

static void open_all(void)
{
	trio_open(.pipelines = "web");
	store_reads();
}

TestSuite(sinks, .timeout = 60, .init = open_all, .fini = trio_close);

/* What the command says to the hub that runs; out, errors: words separated by |, in either. */
#define expect(code, words, ...)                                                                             \
	expect_at(HERE, code, words, ARGS("sinks", "-c", hub->place->config, __VA_ARGS__))
static void expect_at(struct spot spot, int code, const char *words, const char *const *args)
{
	struct said said = command_run_at(spot, hub->place, "buildbus", args);

	cr_assert_eq(said.code, code, "line %d: %d %s%s", spot.line, said.code, said.out, said.errors);
	expect_words(spot, code == 0 ? said.out : said.errors, words);
	said_free(&said);
}

/* `old` comes, confirms both records, refuses one of them, and goes. */
static void come_and_go(void)
{
	struct peer *leaver = reader_of(hub);

	attach(leaver, "old", "old");
	say(leaver, "credit $old 10");
	hear(leaver, "records $old 1 2 [1 2]");
	say(leaver, "ack $old [$epoch 2] b'a note'");
	hear(leaver, "alive ...");
	say(leaver, "reject $old 1 'too old'");
	hear(leaver, "alive ...");
	say(leaver, "detach $old");
	hear(leaver, "bye ...");
	peer_free(&leaver);
}

Test(sinks, one_that_is_forgotten_and_comes_back_starts_anew)
{
	struct peer *back = reader_of(hub), *operator= reader_of(hub);

	publish(1, "running", T0);
	publish(2, "running", T0);
	come_and_go();
	publish(1, "passed", T0 + 1000);
	expect(0, "store|old|1 records|now", "list");
	expect(0, "\"name\":\"old\"|\"position\":2|\"dead\":1", "list", "--json");
	expect(2, "say --yes", "forget", "old"); /* stdin is no terminal */
	expect(1, "the hub knows no sink other", "forget", "other");
	expect(1, "store is attached: stop it", "forget", "store");
	say(operator, "replay 'begin' 'old' 1 nil false");
	hear(operator, "replay 'begin' ...");
	hub_sql(hub, "INSERT INTO resend(sink, seq, of) VALUES('old', 99, 1)");
	expect(0, "1 positions wait|1 of its records are dead letters|starts anew|old is forgotten", "forget",
	       "old", "--yes");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM sink"), 1);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 0);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM resend"), 0);
	say(operator, "replay 'look' 'old'");
	hear(operator, "replay 'look' nil");
	publish(3, "running", T0);
	say(back, "attach 'old' nil nil"); /* with neither position nor note */
	hear(back, "attached $back [$epoch 0] nil [$epoch 4]");
	say(back, "credit $back 10");
	hear(back, "records $back 1 4 [2 3 4]");
	for (int i = 1; i <= 4; i++) { /* the other one noticed nothing */
		hear(sink, "records $session %d %d [%d]", i, i, i);
	}
	peer_free(&back);
	peer_free(&operator);
}

Test(sinks, one_that_was_killed_can_be_forgotten_at_once)
{
	struct peer *killed = reader_of(hub), *operator= reader_of(hub);

	attach(killed, "old", "old");
	say(killed, "heartbeat $old");
	hear(killed, "alive ...");
	peer_free(&killed);
	say(operator, "forget 'old'");
	while (peer_wait(HERE, operator, patience_ms()) && heard_is(operator, "error")) {
		say(operator, "forget 'old'"); /* its connection still ends */
	}
	cr_assert(heard_matches(HERE, operator, "forgotten true 0"));
	say(operator, "forget 'old'");
	hear(operator, "forgotten false 0");
	say(operator, "forget 'store'");
	hear(operator, "error 'attached' nil _ nil");
	say(operator, "forget ''");
	hear(operator, "error 'malformed' ...");
	peer_free(&operator);
}
