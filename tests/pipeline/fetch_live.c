/* buildbus-fetch-buildkite on the lease of an organization's live walk, between a hand-written hub and a
 * hand-written API. And what a single pipeline's visit does in its place. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/fetch_case.h"

#include "common/record.h"
#include "common/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUILDS 2000

static int seen[BUILDS + 1];
static char keys[BUILDS + 1][32]; /* under which it came last */
static int live, gone;

static void on_raw(void *context, const struct raw *raw)
{
	const char *mark = memchr(raw->key.at, '#', raw->key.size);
	unsigned long number = strtoul(mark ? mark + 1 : raw->key.at, NULL, 10);

	(void)context;
	cr_assert(number <= BUILDS, "key %.*s", TEXT_FMT(raw->key));
	seen[number]++;
	snprintf(keys[number], sizeof keys[number], "%.*s", TEXT_FMT(raw->key));
	live += raw->origin == ORIGIN_LIVE;
	gone += raw->kind == RAW_GONE;
}

static void setup(void)
{
	api.count = 50;
	api.now = API_BASE_MS + 51 * MINUTE_MS;
	api.pipelines_in_turn = true;
	fetch_open(on_raw);
	peer.target = "buildkite:acme/@live";
}

TestSuite(fetch_live, .timeout = 120, .init = setup, .fini = fetch_close);

static void start_of(const char *pipelines)
{
	configure("t0ken", pipelines);
	start();
}

static void visit(void)
{
	memset(seen, 0, sizeof seen);
	api.lists = api.gets = live = 0;
	lease();
}

Test(fetch_live, brings_the_builds_of_the_pipelines_that_are_followed_under_their_names)
{
	start_of("[web, api]");
	visit();
	cr_expect_str_eq(keys[48], "web#48");
	cr_expect_str_eq(keys[49], "api#49");
	cr_expect(seen[50] == 0, "docs is not followed");
	cr_expect(peer.settled && peer.next_due_ms == 7000);
	cr_expect(asked_for("/organizations/acme/builds"));
	cr_expect_not(asked_for("/pipelines/"));
}

Test(fetch_live, brings_all_of_them_where_all_are_followed)
{
	start_of("\"*\"");
	visit();
	cr_expect_str_eq(keys[50], "docs#50");
}

Test(fetch_live, is_three_requests_when_there_is_nothing_new)
{
	api.now += DAY_MS / 48;
	start_of("\"*\"");
	visit();
	visit();
	cr_expect(api.lists == 3 && api.gets == 0, "%d lists, %d builds", api.lists, api.gets);
	for (int i = 1; i <= 50; i++) {
		cr_expect(seen[i] == 0);
	}
	cr_expect(asked_for("state[]=creating&state[]=scheduled&state[]=running&state[]=failing&"
			    "state[]=canceling"));
}

Test(fetch_live, brings_what_is_open_however_old_it_is)
{
	api.open_from = 9;
	api.count = 9;
	api.now += 300 * DAY_MS;
	start_of("\"*\"");
	visit();
	visit();
	cr_expect(seen[9] == 1 && seen[8] == 0);
	cr_expect(live == 1, "it is no back-fill");
}

Test(fetch_live, reads_a_list_of_what_is_open_that_is_longer_than_a_page)
{
	api.open_from = 1;
	api.count = 730;
	start_of("\"*\"");
	visit();
	for (int i = 1; i <= 730; i++) {
		cr_assert(seen[i] > 0, "build %d is missing", i);
	}
}

Test(fetch_live, remembers_how_many_open_builds_were_too_many_for_a_page)
{
	be_patient(4);
	api.open_from = 1;
	api.count = 40;
	api.pad = 1500 << 10; /* 60 MiB in all, of which an answer may have 32 */
	start_of("\"*\"");
	visit();
	api.now += HOUR_MS;
	visit();
	for (int i = 1; i <= 40; i++) {
		cr_assert(seen[i] > 0, "build %d is missing", i);
	}
	cr_expect(api.lists == 2 + 4, "%d lists", api.lists);
	api.pad = 0;
	visit();
	cr_expect(api.lists < 2 + 4, "%d lists: they may be larger again", api.lists);
}

Test(fetch_live, asks_by_key_for_due_builds_that_no_list_brought)
{
	static const char *const due[] = {"web#3", "api#49", "docs#1999", NULL};

	start_of("\"*\"");
	visit();
	peer.due = due;
	visit();
	cr_expect(asked_for("/organizations/acme/pipelines/web/builds/3"));
	cr_expect(asked_for("/organizations/acme/pipelines/docs/builds/1999"));
	cr_expect(api.gets == 2, "49 came with a page: %d", api.gets);
	cr_expect(seen[3] == 1 && gone == 1);
	cr_expect_str_eq(keys[3], "web#3");
	cr_expect_str_eq(keys[1999], "docs#1999");
}

/* What was missed is the matter of the pipelines' own visits, or a hub that was away for long would never
 * catch up with an organization of many. */
Test(fetch_live, begins_anew_where_the_hub_says_so)
{
	api.count = 300;
	api.now = API_BASE_MS + 301 * MINUTE_MS;
	start_of("\"*\"");
	visit();
	api.count = 1900;
	api.now = API_BASE_MS + 1901 * MINUTE_MS;
	peer.anew = true;
	visit();
	cr_expect(seen[1900] > 0 && live > 0);
	cr_expect(api.lists <= 5, "%d lists", api.lists);
	cr_expect(peer.settled);
	api.count = 1950;
	api.now = API_BASE_MS + 1951 * MINUTE_MS;
	peer.anew = false;
	visit();
	for (int i = 1901; i <= 1950; i++) {
		cr_assert(seen[i] > 0, "build %d is missing", i);
	}
}

Test(fetch_live, reads_all_that_it_missed_where_the_hub_does_not)
{
	api.count = 300;
	api.now = API_BASE_MS + 301 * MINUTE_MS;
	start_of("\"*\"");
	visit();
	api.count = 700;
	api.now = API_BASE_MS + 701 * MINUTE_MS;
	visit();
	for (int i = 301; i <= 700; i++) {
		cr_assert(seen[i] > 0, "build %d is missing", i);
	}
}

Test(fetch_live, fails_alone_where_the_organization_is_not_known)
{
	start_of("[web, api]");
	api.missing = 1;
	visit();
	child_event(child, "fetch.spared", "target", "buildkite:acme/@live");
	cr_expect(*peer.why && !peer.settled);
	cr_expect(peer.next_due_ms >= 600000);
	fake_api_set(&api, &api.missing, 0);
	peer.target = "buildkite:acme/web";
	visit();
	cr_expect(peer.settled, "the pipelines are visited");
	cr_expect_not(child_ended(child));
}

/* It is visited often: a failure must not make it a minute of silence, nor a flood. */
Test(fetch_live, fails_alone_where_the_lists_are_broken)
{
	start_of("[web, api]");
	fake_api_set(&api, &api.wrong, 1000);
	visit();
	child_event(child, "fetch.spared", "target", "buildkite:acme/@live");
	cr_expect(peer.next_due_ms >= 7000 && peer.next_due_ms <= 23000, "%lld", (long long)peer.next_due_ms);
	cr_expect_not(child_said(child, "fetch.refused"));
}

Test(fetch_live, a_visit_with_back_fill_left_is_not_settled)
{
	api.count = 1500;
	api.remaining = 12; /* of 100: under the eighth that back-fill leaves alone */
	api.pipelines_in_turn = false;
	peer.target = "buildkite:acme/web";
	start_of("[web, api]");
	visit();
	cr_expect_not(peer.settled);
	cr_expect(peer.next_due_ms == 7000);
}

/* A build of the only pipeline that runs again is in none of its walks. */
Test(fetch_live, a_single_pipeline_lists_what_is_open_once_a_minute)
{
	api.open_from = 1000;
	api.pipelines_in_turn = false;
	api.now += 2 * HOUR_MS;
	peer.target = "buildkite:acme/web";
	start_of("web");
	visit();
	visit();
	cr_expect(api.lists == 2, "%d lists", api.lists);
	api.now += MINUTE_MS;
	api.open_from = 50; /* runs again */
	visit();
	cr_expect(api.lists == 3 && seen[50] == 1, "%d lists", api.lists);
	api.now += 30 * SECOND_MS;
	visit();
	cr_expect(api.lists == 2 && seen[50] == 0, "%d lists", api.lists);
	api.now += 30 * SECOND_MS;
	visit();
	cr_expect(api.lists == 3 && seen[50] == 1, "%d lists", api.lists);
}

Test(fetch_live, a_single_pipeline_lists_what_is_open_where_that_is_less_than_asking_for_each)
{
	static const char *const due[] = {"41", "42", "43", "44", NULL};

	api.open_from = 41;
	api.count = 44;
	api.pipelines_in_turn = false;
	api.now += 2 * HOUR_MS;
	peer.target = "buildkite:acme/web";
	start_of("web");
	visit();
	peer.due = due;
	visit();
	cr_expect(api.lists == 3 && api.gets == 0, "%d lists, %d builds", api.lists, api.gets);
	cr_expect(seen[41] == 1 && seen[44] == 1);
}
