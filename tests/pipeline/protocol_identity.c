/* Which id a build has when its pipeline was renamed, or another one took its slug over: as many builds as
 * there are, each under one id (docs/decisions/0007-a-renamed-pipeline-keeps-its-builds.md). */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

static struct test_hub *hub;
static struct peer *worker;
static int64_t n[2];

/* Of whichever is due first. */
static void take_lease(void)
{
	say(worker, "claim 'buildkite' 'w1'");
	cr_assert(peer_wait(HERE, worker, patience_ms()));
	cr_assert(heard_matches(HERE, worker, "lease 'buildkite:acme/web' $web ...") ||
		  heard_matches(HERE, worker, "lease 'buildkite:acme/shop' $shop ..."));
}

static void open_hub(void)
{
	hub = hub_new(.pipelines = "[web, shop]");
	worker = worker_of(hub);
	n[0] = n[1] = 0;
	hold_live(worker);
	take_lease();
	take_lease();
}

static void close_hub(void)
{
	peer_free(&worker);
	hub_free(&hub);
}

TestSuite(identity, .timeout = 120, .init = open_hub, .fini = close_hub);

/* What the worker heard under a lease is new, or unchanged. */
#define tells(lease, outcome, ...)                                                                           \
	do {                                                                                                 \
		bool shop = strcmp(#lease, "shop") == 0;                                                     \
		with(worker, __VA_ARGS__);                                                                   \
		say(worker, "publish $" #lease " %lld nil", (long long)++n[shop]);                           \
		hear(worker, "ack %lld " outcome " _", (long long)n[shop]);                                  \
	} while (0)
#define NEW "1 0 0"

#define RENAMED .pipeline = "shop", .pipeline_uid = "pipe-web"
#define LATER   .observed_at = T0 + 60000

static int64_t builds(const char *where)
{
	char sql[256];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM build WHERE %s", where);
	return hub_sql(hub, sql);
}

Test(identity, a_build_keeps_its_id_when_its_pipeline_is_renamed)
{
	tells(web, NEW, .number = 1, .state = "passed");
	tells(shop, NEW, .number = 1, .state = "passed", RENAMED, LATER);
	tells(shop, "0 1 0", .number = 1, .state = "passed", RENAMED, LATER);
	tells(shop, NEW, .number = 2, .state = "passed", RENAMED, LATER);
	cr_assert_eq(builds("1"), 2);
	cr_assert_eq(builds("id = 'buildkite/acme/web/1'"), 1);
	cr_assert_eq(builds("id = 'buildkite/acme/shop/2'"), 1);
	child_event(hub->child, "hub.renamed", "to", "buildkite/acme/shop");
}

Test(identity, open_builds_are_followed_under_the_new_name)
{
	tells(web, NEW, .number = 1);
	tells(web, NEW, .number = 2);
	tells(shop, NEW, .number = 3, RENAMED, LATER);
	cr_assert_eq(builds("finished = 0 AND target = 'buildkite:acme/shop'"), 3);
	tells(shop, NEW, .number = 1, .state = "passed", RENAMED, LATER);
	cr_assert_eq(builds("finished = 1 AND id = 'buildkite/acme/web/1'"), 1);
	cr_assert_eq(builds("1"), 3);
}

/* The API redirects the old slug, and the configuration still has it. */
Test(identity, a_redirected_target_goes_on)
{
	tells(web, NEW, .number = 1);
	tells(web, NEW, .number = 1, .state = "passed", RENAMED, LATER);
	tells(web, NEW, .number = 2, RENAMED, LATER);
	cr_assert_eq(builds("1"), 2);
	cr_assert_eq(builds("finished = 0 AND target = 'buildkite:acme/web'"), 1);
}

Test(identity, a_name_may_come_back)
{
	tells(web, NEW, .number = 1, .state = "passed");
	tells(web, NEW, .number = 2, .state = "passed", RENAMED, LATER);
	tells(web, NEW, .number = 2, .state = "passed", LATER);
	tells(web, NEW, .number = 3, .state = "passed", LATER);
	cr_assert_eq(builds("1"), 3);
	cr_assert_eq(builds("id = 'buildkite/acme/shop/2'"), 1);
	cr_assert_eq(builds("id = 'buildkite/acme/web/3'"), 1);
}

Test(identity, open_builds_follow_a_name_that_comes_back)
{
	tells(web, NEW, .number = 1);
	tells(shop, NEW, .number = 2, RENAMED, LATER);
	cr_assert_eq(builds("finished = 0 AND target = 'buildkite:acme/shop'"), 2);
	tells(web, NEW, .number = 3, LATER);
	cr_assert_eq(builds("finished = 0 AND target = 'buildkite:acme/web'"), 3);
	tells(shop, NEW, .number = 4, RENAMED, LATER);
	cr_assert_eq(builds("finished = 0 AND target = 'buildkite:acme/shop'"), 4);
	cr_assert_eq(builds("1"), 4);
}

Test(identity, survives_a_restart_of_the_hub)
{
	tells(web, NEW, .number = 1, .state = "passed");
	hub_restart(hub);
	tells(shop, NEW, .number = 1, .state = "passed", RENAMED, LATER);
	cr_assert_eq(builds("1"), 1);
}

/* web becomes shop, and a pipeline that was never seen becomes web: its numbers begin at 1 again. */
Test(identity, another_pipeline_may_take_the_slug_over)
{
	tells(web, NEW, .number = 1, .state = "passed");
	tells(shop, NEW, .number = 1, .state = "passed", RENAMED, LATER);
	tells(web, NEW, .number = 1, .state = "passed", .uid = "newcomer-1", .pipeline_uid = "pipe-new",
	      LATER);
	tells(web, NEW, .number = 2, .state = "passed", .uid = "newcomer-2", .pipeline_uid = "pipe-new",
	      LATER);
	tells(shop, NEW, .number = 2, .state = "passed", RENAMED, LATER);
	cr_assert_eq(builds("1"), 4);
	cr_assert_eq(builds("id = 'buildkite/acme/web/1~newcomer'"), 1);
	cr_assert_eq(builds("id = 'buildkite/acme/web/2'"), 1);
	cr_assert_eq(builds("id = 'buildkite/acme/shop/2'"), 1);
}

/* … and one that was renamed after it had been made anew is found under the id that this gave it. */
Test(identity, a_pipeline_that_was_made_anew_may_be_renamed)
{
	tells(web, NEW, .number = 1, .state = "passed", .uid = "old", .pipeline_uid = "pipe-old");
	tells(web, NEW, .number = 1, .state = "passed", LATER);
	tells(shop, NEW, .number = 1, .state = "passed", RENAMED, LATER);
	cr_assert_eq(builds("1"), 2);
	cr_assert_eq(builds("id = 'buildkite/acme/web/1~uid-1'"), 1);
}

/* Each in turn has an open build 1; only the newest can be asked for. */
Test(identity, a_pipeline_may_be_made_anew_again_and_again)
{
	tells(web, NEW, .number = 1, .uid = "first", .pipeline_uid = "p1");
	tells(web, NEW, .number = 1, .uid = "second", .pipeline_uid = "p2", .observed_at = T0 + 1000);
	tells(web, NEW, .number = 1, .uid = "third", .pipeline_uid = "p3", .observed_at = T0 + 2000);
	cr_assert_eq(builds("1"), 3);
	cr_assert_eq(builds("finished = 0"), 1);
	cr_assert_eq(builds("finished = 0 AND uid = 'third'"), 1);
}

Test(identity, two_pipelines_of_one_number_are_two_builds)
{
	tells(web, NEW, .number = 1, .uid = "w");
	tells(shop, NEW, .number = 1, .uid = "s", .pipeline = "shop");
	cr_assert_eq(builds("finished = 0"), 2);
	cr_assert_not(child_said(hub->child, "hub.renamed"));
}

Test(identity, an_open_build_is_followed_by_whoever_visits_its_pipeline)
{
	tells(web, NEW, .number = 1);
	hub_sql(hub, "UPDATE build SET target = 'former:acme/web'"); /* its source had another name */
	tells(web, "0 1 0", .number = 1, LATER);
	cr_assert_eq(builds("target = 'buildkite:acme/web'"), 1);
	tells(shop, "0 1 0", .number = 1, LATER);
	cr_assert_eq(builds("target = 'buildkite:acme/web'"), 1, "not by another while that is visited");
}
