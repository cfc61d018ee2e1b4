/* `buildbus dead` and a real hub: what could not be read or was refused, and what becomes of it. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

#include <stdlib.h>

static void init(void)
{
	trio_open(.pipelines = "web");
}

TestSuite(dead, .timeout = 120, .init = init, .fini = trio_close);

static void publish_unreadable(int number)
{
	with(worker, .number = number, .body = "{\"id\": 7}");
	publish_given("0 0 0");
}

/* Runs `buildbus dead` with up to three words; it ends with code. The words (separated by |) are in what it
 * printed, or when it fails in what it said. */
static void dead(struct spot spot, int code, const char *a, const char *b, const char *c, const char *words)
{
	struct said said =
		command_run_at(spot, hub->place, "buildbus", ARGS("dead", a, "-c", hub->place->config, b, c));

	if (said.code != code) {
		fail_at(spot, "dead %s ended with %d: %s%s", a, said.code, said.out, said.errors);
	}
	expect_words(spot, code == 0 ? said.out : said.errors, words);
	said_free(&said);
}

Test(dead, letters_are_listed_with_where_from_key_and_reason)
{
	dead(HERE, 0, "list", NULL, NULL, "no dead letters");
	publish_unreadable(17);
	publish_unreadable(18);
	publish_unreadable(18);
	dead(HERE, 0, "list", NULL, NULL, "ID|WHY|buildkite:acme/web|normalize|17|18|$.");
	dead(HERE, 0, "list", "--json", NULL,
	     "\"stage\":\"normalize\"|\"key\":\"17\"|\"times\":1|\"key\":\"18\"|\"times\":2|\"number\":2");
	dead(HERE, 0, "list", "--sink", "store", "no dead letters");
}

Test(dead, one_is_shown_whole)
{
	publish_unreadable(17);
	dead(HERE, 0, "show", "1", NULL,
	     "\"reason\": \"$.|\"envelope\"|\"provider\": \"buildkite\"|\"id\": 7");
	dead(HERE, 0, "show", "1", "--json", "\"body\":{\"id\":7}");
	dead(HERE, 1, "show", "9", NULL, "9: no such dead letter");
	dead(HERE, 2, "show", "x", NULL, "x is no id of a dead letter");
}

Test(dead, those_that_are_dropped_are_gone_and_their_ids_with_them)
{
	publish_unreadable(17);
	publish_unreadable(18);
	dead(HERE, 0, "drop", "2", NULL, "1 dropped");
	dead(HERE, 1, "drop", "2", NULL, "2: no such dead letter");
	publish_unreadable(19);
	dead(HERE, 0, "list", NULL, NULL, "17|19");
	cr_expect(hub_sql(hub, "SELECT max(number) FROM dead") == 3);
	dead(HERE, 0, "drop", "--all", NULL, "2 dropped");
	dead(HERE, 0, "list", NULL, NULL, "no dead letters");
	dead(HERE, 2, "drop", NULL, NULL, "by their ids, or --sink NAME, or --all");
}

Test(dead, a_change_of_all_says_that_there_are_none)
{
	dead(HERE, 0, "retry", "--all", NULL, "no dead letters");
	dead(HERE, 0, "drop", "--all", NULL, "no dead letters");
}

Test(dead, a_thousand_letters_come_page_by_page)
{
	hub_sql(hub,
		"INSERT INTO dead(at, stage, target, key, reason) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
		" SELECT i + 1 FROM n WHERE i < 3500) SELECT 1, 'normalize', 'buildkite:acme/web', i,"
		" printf('%.500c', 'x') FROM n");
	dead(HERE, 0, "list", "--json", NULL, "\"number\":1,|\"number\":3500,");
	dead(HERE, 0, "drop", "--all", NULL, "3500 dropped");
	dead(HERE, 0, "list", NULL, NULL, "no dead letters");
}
