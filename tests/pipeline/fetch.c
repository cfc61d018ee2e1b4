/* buildbus-fetch-buildkite between a hand-written hub and a hand-written API. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/fetch_case.h"

#include "common/record.h"
#include "common/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN  "bkua_5ecre7c0ffee5ecre7c0ffee"
#define BUILDS 2000

static int seen[BUILDS + 1]; /* times that a build was committed */
static int backfilled, gone;
static int64_t observed_at;
static char *last_json, *last_url;

static void on_raw(void *context, const struct raw *raw)
{
	unsigned long number = strtoul(raw->key.at, NULL, 10);

	(void)context;
	cr_assert(number <= BUILDS, "key %.*s", TEXT_FMT(raw->key));
	cr_expect(text_is(raw->provider, "buildkite") && text_is(raw->source, "buildkite"));
	seen[number]++;
	backfilled += raw->origin == ORIGIN_BACKFILL;
	gone += raw->kind == RAW_GONE;
	observed_at = raw->observed_at;
	free(last_json);
	free(last_url);
	last_json = raw->body.at ? strndup(raw->body.at, raw->body.size) : NULL;
	last_url = raw->url.at ? strndup(raw->url.at, raw->url.size) : NULL;
}

static void setup(void)
{
	api.token = TOKEN;
	api.count = 50;
	api.now = API_BASE_MS + 10 * DAY_MS;
	fetch_open(on_raw);
}

static void teardown(void)
{
	fetch_close();
	free(last_json);
	free(last_url);
}

TestSuite(fetch, .init = setup, .fini = teardown, .timeout = 120);

static bool published(void *arg)
{
	return peer.leases[0].last_n >= *(int64_t *)arg;
}

static void wait_published(int64_t last_n)
{
	if (!loop_until(loop, published, &last_n, (int)patience_ms())) {
		cr_assert_fail("waited in vain for n = %d", (int)last_n);
	}
}

static bool has_ended(void *arg)
{
	(void)arg;
	return child_ended(child);
}

static int end(void)
{
	cr_assert(loop_until(loop, has_ended, NULL, (int)patience_ms()), "it does not end");
	return child_end(child);
}

static void expect_all(int from, int to)
{
	for (int i = from; i <= to; i++) {
		cr_assert(seen[i] > 0, "build %d is missing", i);
	}
}

Test(fetch, reads_a_pipeline_from_its_newest_build_down_to_since)
{
	api.count = 730;
	configure(TOKEN, "web");
	start();
	lease();
	expect_all(1, 730);
	cr_expect(peer.next_due_ms == 7000);
	cr_expect(backfilled >= 730, "nothing of it happened while we watched");
	cr_expect(observed_at == api.now);
}

Test(fetch, asks_twice_when_there_is_nothing_new)
{
	configure(TOKEN, "web");
	start();
	lease();
	cr_expect(api.lists == 1);
	lease();
	cr_expect(api.lists == 3 && api.gets == 0, "%d lists", api.lists);
	cr_expect(asked_for("created_from=2020-01-10T23:58:00.000Z"));
	cr_expect(asked_for("finished_from=2020-01-10T23:58:00.000Z"));
	cr_expect(strstr(api.asked[2], "per_page=100") && strstr(api.asked[2], "include_retried_jobs=true"));
}

Test(fetch, reads_open_builds_by_key_once)
{
	static const char *const due[] = {"3", "49", "999", NULL};

	api.now = API_BASE_MS + 51 * MINUTE_MS; /* build 49 is in the overlap */
	configure(TOKEN, "web");
	start();
	lease();
	peer.due = due;
	lease();
	cr_expect(gone == 1, "999 is told as gone");
	cr_expect(seen[3] == 2 && seen[48] == 1);
	cr_expect(api.gets == 2, "49 came with a page: %d", api.gets);
}

Test(fetch, marks_what_still_runs_at_the_first_visit_as_live)
{
	api.open_from = 46;
	configure(TOKEN, "web");
	start();
	lease();
	cr_expect(backfilled == 45, "%d", backfilled);
}

Test(fetch, takes_secrets_out_of_what_it_publishes)
{
	configure(TOKEN, "web");
	start();
	lease();
	cr_assert(last_json && last_url);
	cr_expect(!strstr(last_json, "secret"), "%s", last_json);
	cr_expect(strstr(last_json, "\"state\":\"passed\""));
	cr_expect_str_eq(last_url, "https://api.buildkite.com/v2/b/1");
}

Test(fetch, goes_on_where_a_killed_one_was)
{
	api.count = 480;
	api.held_after = 2;
	configure(TOKEN, "web");
	start();
	peer.give = 1;
	wait_published(2);
	child_kill(child);
	child_free(&child);
	cr_expect(seen[480] == 1 && seen[290] == 1 && seen[270] == 0);
	peer.leases[0].current = false;
	fake_api_set(&api, &api.held_after, 0);
	start();
	lease();
	lease();
	expect_all(1, 480);
	cr_expect(seen[480] == 1 && seen[290] == 1, "what was committed is not read again");
}

Test(fetch, asks_again_for_pages_that_are_broken)
{
	api.broken = 2;
	api.wrong = 1;
	api.failing = 1;
	configure(TOKEN, "web");
	start();
	lease();
	expect_all(1, 50);
	cr_expect(api.lists >= 4);
}

Test(fetch, ends_a_visit_whose_pages_stay_broken_and_moves_no_watermark)
{
	char before[2048];

	configure(TOKEN, "web");
	start();
	lease();
	memcpy(before, peer.leases[0].cursor, sizeof before);
	api.count = 60;
	fake_api_set(&api, &api.wrong, 1000);
	lease();
	cr_expect(peer.leases[1].last_n == 0 && peer.leases[1].cursor_size == 0);
	child_event(child, "fetch.failed", "target", "buildkite:acme/web");
	cr_expect(peer.next_due_ms >= 7000);
	cr_expect(*peer.why, "the hub's status has nothing to show");
}

Test(fetch, asks_for_less_when_an_answer_is_too_large)
{
	api.count = 40;
	api.pad = 1500 << 10; /* 60 MiB in all */
	configure(TOKEN, "web");
	start();
	lease();
	expect_all(1, 40);
}

Test(fetch, waits_as_long_as_the_provider_says)
{
	api.limited = 1;
	configure(TOKEN, "web");
	start();
	lease();
	expect_all(1, 50);
	cr_expect(api.asked_count == 2);
	cr_expect(api.asked_ms[1] - api.asked_ms[0] >= 1000, "%lld ms",
		  (long long)(api.asked_ms[1] - api.asked_ms[0]));
}

Test(fetch, says_what_to_do_about_a_wrong_token)
{
	configure("wrong-token-5ecre7", "web");
	start();
	peer.give = 1;
	cr_expect(end() == 100);
	cr_expect(child_said(child, "check access_token"));
	cr_expect(!child_said(child, "5ecre7"));
	cr_expect(peer.dones == 1, "the lease is given back");
}

Test(fetch, says_what_to_do_about_an_unknown_pipeline)
{
	api.missing = 1;
	configure(TOKEN, "wob");
	start();
	peer.target = "buildkite:acme/wob";
	peer.give = 1;
	cr_expect(end() == 100);
	cr_expect(child_said(child, "check pipeline_slug"));
}

Test(fetch, leaves_one_unknown_pipeline_among_others_alone)
{
	configure(TOKEN, "[web, wob]");
	start();
	lease();
	fake_api_set(&api, &api.missing, 1);
	peer.target = "buildkite:acme/wob";
	lease();
	child_event(child, "fetch.refused", "target", "buildkite:acme/wob");
	cr_expect(peer.next_due_ms >= 60000);
	fake_api_set(&api, &api.missing, 0);
	peer.target = "buildkite:acme/web";
	lease();
	cr_expect(!child_ended(child));
}

Test(fetch, drains_when_it_is_asked_to_stop)
{
	api.count = 900;
	api.held_after = 3;
	configure(TOKEN, "web");
	start();
	peer.give = 1;
	wait_published(3);
	child_signal(child, SIGTERM);
	cr_expect(end() == 0);
	cr_expect(peer.dones == 1 && peer.next_due_ms == 0);
}

/* A lease that came after its end would be nobody's for 15 s. */
Test(fetch, waits_a_little_at_its_end_for_the_answer_to_a_claim)
{
	configure(TOKEN, "web");
	peer.deaf = true;
	start();
	wait_at(HERE, &peer.claims, 1);
	child_signal(child, SIGTERM);
	cr_expect(end() == 0);
	cr_expect(child_said(child, "fetch.leases_kept"));
}

Test(fetch, takes_a_new_token_while_it_runs)
{
	configure(TOKEN, "web");
	start();
	lease();
	api.token = "a-new-token";
	configure("a-new-token", "web");
	child_signal(child, SIGHUP);
	child_event(child, "proc.reloaded", NULL, NULL);
	lease();
	cr_expect(api.refused == 0 && api.lists == 3);
}

Test(fetch, discovers_the_pipelines_of_an_organization)
{
	configure(TOKEN, "\"*\"");
	start();
	peer.target = "buildkite:acme/*";
	lease();
	cr_expect(api.pipelines == 3);
	cr_expect(peer.target_count == 207, "230 less 23 archived, not %zu", peer.target_count);
	cr_expect(peer.next_due_ms == 600000);
}

Test(fetch, gives_a_lease_back_whose_source_it_does_not_know)
{
	configure(TOKEN, "web");
	start();
	peer.target = "other:acme/web";
	lease();
	cr_expect(api.asked_count == 0 && peer.next_due_ms >= 10000);
}

Test(fetch, tells_no_secret_in_its_log)
{
	api.broken = api.failing = 1;
	configure(TOKEN, "web");
	start();
	lease();
	child_signal(child, SIGTERM);
	cr_expect(end() == 0);
	cr_expect(!child_said(child, TOKEN));
	cr_expect(!child_said(child, "created_from="));
	cr_expect(!child_said(child, "api_key"));
}

/* Page numbers count pages of one size. */
Test(fetch, misses_no_build_of_a_millisecond_that_is_read_in_pages_of_changing_size)
{
	api.count = 40;
	api.pad = 1500 << 10; /* two dozen are too large an answer */
	api.tied_from = 5;
	api.tied_to = 29;
	configure(TOKEN, "web");
	start();
	lease();
	while (peer.next_due_ms == 0) {
		lease();
	}
	expect_all(1, 40);
}

Test(fetch, tells_that_open_builds_are_gone_with_their_pipeline)
{
	static const char *const due[] = {"3", "49", NULL};

	configure(TOKEN, "[web, api]");
	start();
	lease();
	peer.due = due;
	fake_api_set(&api, &api.missing, 1);
	lease();
	cr_expect(gone == 2, "%d", gone);
	child_event(child, "fetch.refused", "target", "buildkite:acme/web");
}

Test(fetch, goes_on_without_an_open_build_that_the_api_does_not_give)
{
	static const char *const due[] = {"1", "2", "3", NULL};

	configure(TOKEN, "web");
	start();
	lease();
	peer.due = due;
	api.unreadable = 2;
	lease();
	child_event(child, "fetch.skipped", "build", "2");
	cr_expect(seen[1] == 2 && seen[2] == 1 && seen[3] == 2);
	cr_expect(peer.next_due_ms == 7000, "the visit did not fail");
}

Test(fetch, asks_for_less_when_a_page_is_too_much_for_the_provider)
{
	api.page_max = 60;
	configure(TOKEN, "web");
	start();
	lease();
	expect_all(1, 50);
	cr_expect(asked_for("per_page=50"));
}

/* What is kept back for what is new is of use only when there is a lease to use it with. */
Test(fetch, gives_its_lease_back_while_the_budget_has_nothing_for_the_back_fill)
{
	api.count = 730;
	api.remaining = 12; /* of 100: under the eighth that back-fill leaves alone */
	configure(TOKEN, "web");
	start();
	lease();
	cr_expect(seen[730] == 1 && seen[1] == 0);
	cr_expect(peer.next_due_ms == 7000, "%lld", (long long)peer.next_due_ms);
	api.remaining = 0;
	lease();
	cr_expect(seen[730] == 1 && api.lists >= 3, "what is new is asked for");
}
