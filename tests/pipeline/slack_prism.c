/* What the sink sends is what the specification of Slack's Web API wants, as Prism reads it. The
 * specification is of 2021 and says no more: it has no metadata, which came in 2022; the limits of blocks are
 * checked by the fake. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_scene.h"
#include "tests/support/prism.h"

#include <stdlib.h>
#include <string.h>

TestSuite(slack_prism, .init = slack_run_init, .fini = slack_run_fini, .timeout = 300);

/* A message, a reply, edits, people, names of channels, and a look-up after an answer was lost. */
static void send_all(void)
{
	slack_add_user(&slack, "U0ANN", "ann@example.com");
	slack_fail(&slack, SLACK_POST, (struct slack_failure){.times = 1, .code = 500, .after = true});
	play(.config = ", users: {\"*@example.com\": lookup}",
	     .script = "09:00 web 17 a1 failed by=ann job=lint,test\n"
		       "#builds 1: :red_circle: acme/web main is failing: #17\n"
		       "09:10 web 18 a2 failed by=eve\n"
		       "#builds 1 = :red_circle: acme/web main is failing: #17 and 1 more\n"
		       "#builds 1 > 2: #18 failed too; it may be failing only because of #17\n"
		       "11:10 web 19 a3 passed by=ann\n"
		       "#builds 1 = :large_green_circle: acme/web main is fixed by #19 after 2 h 10 min\n"
		       "#builds 1 >> 3: :large_green_circle: acme/web main is passing again: #19 by ann, "
		       "after 2 h 10 min\n"
		       "#builds 1 > 2 = :white_circle: #18 is unknown: hidden behind the break of #17\n");
}

static void check(const char *prism, const char *specification, const char *bodies)
{
	static const char *const methods[] = {"chat.postMessage", "chat.update", "conversations.list",
					      "conversations.history", "users.lookupByEmail"};
	char command[9000], said[4000] = "", mark[80];
	FILE *pipe;

	snprintf(command, sizeof command, "node " SOURCE_DIR "/tests/fakes/slack/prism.mjs %s %s %s", prism,
		 specification, bodies);
	pipe = popen(command, "r");
	cr_assert(pipe && fgets(said, sizeof said, pipe), "%s", command);
	pclose(pipe);
	cr_expect(strstr(said, "\"refused\":[]"), "%s", said);
	cr_expect(strstr(said, "\"controls\":[true,true,true,true,true,true,true]"), "%s", said);
	cr_expect(strstr(said, "\"lacks\":[\"chat.postMessage.metadata\",\"chat.update.metadata\","
			       "\"conversations.history.include_all_metadata\"]"),
		  "%s", said);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		snprintf(mark, sizeof mark, "\"%s\":", methods[i]);
		cr_expect(strstr(said, mark), "no %s: %s", methods[i], said);
	}
}

Test(slack_prism, each_request_is_as_the_specification_wants_it)
{
	const char *specification = prism_specification("slack_web_openapi_v2.json"), *prism, *bodies;

	if (!specification) {
		cr_skip_test("no specification of Slack beside the project or in $BUILDBUS_SPECS");
	}
	prism = prism_program();
	if (!prism) {
		cr_skip_test("no npm registry gave @stoplight/prism-cli");
	}
	bodies = place_path(run.place, "bodies");
	slack.bodies = fopen(bodies, "w");
	cr_assert(slack.bodies);
	send_all();
	check(prism, specification, bodies);
	fclose(slack.bodies);
	slack.bodies = NULL;
}
