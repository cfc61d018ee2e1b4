/* The client of ingest against a hand-written hub: what is published is committed once and in order, whatever
 * is lost on the way. */
/* SPDX-License-Identifier: MIT */
#include "common/ingest_client.h"
#include "tests/unit/ingest_peer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static zloop_t *loop;
static struct ingest_peer peer;
static struct ingest_client *client;
static struct ingest_lease *lease;
static int granted, ended, lost, acked, shared, next_key;
static struct ingest_grant last_grant;
static char last_code[32], last_cursor[64];

static void on_granted(void *context, struct ingest_lease *open, const struct ingest_grant *grant)
{
	(void)context;
	lease = open;
	last_grant = *grant;
	snprintf(last_cursor, sizeof last_cursor, "%.*s", TEXT_FMT(grant->cursor));
	cr_expect(grant->due_count == 2 && text_is(grant->due_keys[1], "18"));
	granted++;
}

static void on_acked(void *context, struct ingest_lease *open, const struct ingest_ack *ack)
{
	(void)context, (void)open, (void)ack;
	acked++;
}

static void on_ended(void *context, struct ingest_lease *open, bool was_lost)
{
	(void)context;
	lease = lease == open ? NULL : lease;
	ended++;
	lost += was_lost;
}

static void on_trouble(void *context, const struct ingest_trouble *trouble)
{
	(void)context;
	snprintf(last_code, sizeof last_code, "%s", trouble->code);
}

static void on_shared(void *context, struct ingest_lease *open, int64_t per_min)
{
	(void)context;
	cr_expect(open == lease);
	shared = (int)per_min;
}

static const struct ingest_events events = {on_granted, on_acked, on_shared, on_ended, on_trouble, NULL};

static void open_client(void)
{
	struct bus_config bus = {.ingest = peer.endpoint};
	struct err err;

	cr_assert(ingest_new(&client, loop, &bus, "buildkite", "test", &events, NULL, &err) == OK, "%s",
		  err.text);
}

static const char *const due[] = {"17", "18", NULL};

static void setup(void)
{
	zsys_init();
	zsys_handler_set(NULL);
	loop = zloop_new();
	ingest_peer_init(&peer, loop);
	ingest_peer_bind(&peer);
	peer.due = due;
	open_client();
}

static void teardown(void)
{
	ingest_free(&client);
	ingest_peer_fini(&peer);
	zloop_destroy(&loop);
	zsys_shutdown();
}

TestSuite(ingest_client, .init = setup, .fini = teardown, .timeout = 60);

static bool has_lease(void *arg)
{
	(void)arg;
	return lease != NULL;
}

static bool has_bodies(void *arg)
{
	return peer.leases[0].bodies >= *(size_t *)arg;
}

#define wait_for(counter, value)                                                                             \
	cr_assert(loop_reaches(loop, &(counter), value, 20000), "waited in vain for %d", value)

static void claim(void)
{
	peer.give = 1;
	ingest_want(client, 1);
	cr_assert(loop_until(loop, has_lease, NULL, 20000));
}

/* Pages of `builds` builds of `size` bytes, keys counted on over all pages. */
static void publish(int pages, int builds, size_t size)
{
	char *body = calloc(1, size + 1), key[16], cursor[32];
	struct err err;

	memset(body, 'x', size);
	for (int page = 0; page < pages; page++) {
		for (int i = 0; i < builds; i++) {
			struct raw raw = {.provider = TEXT("buildkite"),
					  .kind = RAW_BUILD,
					  .observed_at = 1,
					  .body = {body, size}};

			snprintf(key, sizeof key, "%d", next_key++);
			raw.key = text_of(key);
			cr_assert(ingest_add(lease, &raw, &err) == OK);
		}
		snprintf(cursor, sizeof cursor, "after %d", next_key);
		cr_assert(ingest_cut(lease, text_of(cursor), &err) == OK);
	}
	free(body);
}

static void wait_bodies(size_t count)
{
	cr_assert(loop_until(loop, has_bodies, &count, 20000), "waited in vain for %zu", count);
}

static void expect_all(void)
{
	char cursor[32];

	snprintf(cursor, sizeof cursor, "after %d", next_key);
	wait_bodies((size_t)next_key);
	cr_expect(peer.leases[0].bodies == (size_t)next_key);
	cr_expect_str_eq(peer.leases[0].cursor, cursor);
	cr_expect(peer.order_errors == 0);
	cr_expect(lost == 0);
}

static void finish(void)
{
	ingest_want(client, 0);
	ingest_why(lease, "the network is away");
	ingest_done(lease, 4000, 33, 5000);
	wait_for(ended, 1);
	cr_expect_str_eq(peer.why, "the network is away");
	cr_expect(peer.dones == 1 && peer.next_due_ms == 4000 && peer.remaining == 33);
	cr_expect(ingest_held(client) == 0);
}

Test(ingest_client, takes_a_lease_publishes_and_ends_it)
{
	peer.cursor = TEXT("where it was");
	claim();
	cr_expect(strcmp(lease->target, "buildkite:acme/web") == 0);
	cr_expect_str_eq(last_cursor, "where it was");
	cr_expect(last_grant.budget_per_min == 50);
	publish(3, 10, 1000);
	expect_all();
	finish();
	cr_expect(peer.leases[0].last_n == 3);
}

Test(ingest_client, hears_of_another_share_while_it_holds_a_lease)
{
	claim();
	peer.share = 12;
	wait_for(shared, 12);
	cr_expect(shared == 12 && lost == 0);
	finish();
}

Test(ingest_client, has_room_for_several_publishes_and_no_more)
{
	int pages = 0;

	claim();
	while (ingest_room(lease)) {
		publish(1, 1, 100);
		pages++;
	}
	cr_expect(pages >= 4 && pages <= 16, "%d", pages);
	wait_for(acked, 1);
	cr_expect(ingest_room(lease));
	finish();
}

Test(ingest_client, bounds_the_bytes_that_wait)
{
	int pages = 0;

	claim();
	peer.deaf = true;
	while (ingest_room(lease)) {
		publish(1, 1, 3 << 20);
		pages++;
	}
	cr_expect(pages == (INGEST_BYTES_MAX / (3 << 20)) + 1, "%d", pages);
}

Test(ingest_client, resends_what_was_lost_on_the_way)
{
	claim();
	peer.lose_publishes = 2;
	publish(5, 3, 100);
	expect_all();
	cr_expect(peer.gaps > 0);
	cr_expect(peer.publishes <= 12, "%d publishes", peer.publishes);
	finish();
}

Test(ingest_client, resends_the_last_one_too)
{
	claim();
	peer.lose_publishes = 1;
	publish(1, 3, 100);
	expect_all();
	finish();
}

Test(ingest_client, learns_from_heartbeats_what_is_committed)
{
	claim();
	peer.lose_acks = 4;
	publish(4, 3, 100);
	wait_for(acked, 1);
	expect_all();
	cr_expect(peer.publishes == 4, "nothing was sent twice");
	finish();
}

Test(ingest_client, survives_a_restart_of_the_hub)
{
	claim();
	peer.lose_acks = 1;
	publish(2, 3, 100);
	wait_bodies(3);
	ingest_peer_kill(&peer);
	publish(3, 3, 100);
	ingest_peer_bind(&peer);
	expect_all();
	finish();
}

Test(ingest_client, waits_for_a_hub_that_comes_later)
{
	ingest_free(&client);
	ingest_peer_kill(&peer);
	open_client();
	ingest_want(client, 1);
	loop_until(loop, has_lease, NULL, 50);
	ingest_peer_bind(&peer);
	claim();
	finish();
}

Test(ingest_client, drops_everything_when_its_fence_is_no_longer_current)
{
	claim();
	peer.leases[0].current = false;
	publish(2, 3, 100);
	wait_for(ended, 1);
	cr_expect(lost == 1 && peer.leases[0].bodies == 0 && lease == NULL);
	claim();
	cr_expect(granted == 2);
	finish();
}

Test(ingest_client, learns_of_a_lost_lease_without_publishing)
{
	claim();
	ingest_want(client, 0);
	peer.leases[0].current = false;
	wait_for(ended, 1);
	cr_expect(lost == 1);
}

Test(ingest_client, keeps_its_pages_while_the_hub_is_full)
{
	claim();
	peer.full = 3;
	publish(4, 3, 100);
	expect_all();
	cr_expect_str_eq(last_code, "full");
	finish();
}

Test(ingest_client, halves_a_page_that_the_hub_finds_too_big)
{
	claim();
	peer.body_max = 3000;
	publish(2, 16, 1000);
	expect_all();
	cr_expect(peer.leases[0].oversize == 0 && peer.leases[0].last_n >= 16);
	finish();
}

Test(ingest_client, halves_a_page_whose_refusal_names_no_lease)
{
	claim();
	peer.body_max = 3000;
	peer.oversize_headless = true;
	publish(2, 8, 1000);
	expect_all();
	finish();
}

Test(ingest_client, sends_a_single_build_over_the_bound_as_oversize)
{
	claim();
	peer.body_max = 3000;
	publish(1, 2, 100);
	publish(1, 1, 5000);
	publish(1, 2, 100);
	expect_all();
	cr_expect(peer.leases[0].oversize == 1);
	finish();
}

Test(ingest_client, knows_the_bound_of_one_body)
{
	claim();
	publish(1, 1, WIRE_BODY_MAX + 1);
	expect_all();
	cr_expect(peer.leases[0].oversize == 1);
	finish();
}

Test(ingest_client, cuts_a_big_page_and_puts_the_cursor_on_the_last_piece)
{
	claim();
	peer.lose_acks = 2;
	publish(1, 40, 100000);
	expect_all();
	cr_expect(peer.leases[0].last_n >= 4);
	finish();
}

Test(ingest_client, reports_targets_until_they_are_durable)
{
	const struct text found[] = {TEXT("acme/web"), TEXT("acme/api"), TEXT("acme/ios")};
	struct err err;

	claim();
	peer.deaf = true;
	cr_assert(ingest_targets(lease, found, 3, &err) == OK);
	loop_reaches(loop, &ended, 1, 100);
	peer.deaf = false;
	peer.target_count = 0;
	finish();
	cr_expect(peer.target_count == 3);
}

Test(ingest_client, repeats_a_done_that_was_lost)
{
	claim();
	peer.lose_dones = 1;
	finish();
}

Test(ingest_client, ends_a_lease_whose_last_ack_was_lost)
{
	claim();
	peer.deaf = true;
	ingest_want(client, 0);
	ingest_done(lease, 4000, 33, 5000);
	loop_reaches(loop, &ended, 1, 100);
	peer.deaf = false;
	wait_for(ended, 1);
	cr_expect(lost == 0);
}

Test(ingest_client, says_when_the_hub_speaks_another_version)
{
	peer.refuse = "version";
	ingest_want(client, 1);
	loop_until(loop, has_lease, NULL, 200);
	cr_expect_str_eq(last_code, "version");
	cr_expect(peer.claims == 1);
}

Test(ingest_client, holds_several_leases_at_once)
{
	peer.give = 5;
	ingest_want(client, 4);
	loop_reaches(loop, &ended, 1, 100);
	cr_expect(granted == 4 && ingest_held(client) == 4);
}

Test(ingest_client, claims_at_once_what_it_made_due_at_once)
{
	int claims;

	peer.idle_ms = 60000;
	peer.give = 1;
	ingest_want(client, 2);
	cr_assert(loop_until(loop, has_lease, NULL, 20000));
	loop_reaches(loop, &peer.claims, 2, 5000);
	loop_reaches(loop, &peer.claims, 99, 50);
	claims = peer.claims;
	peer.give = 1;
	ingest_done(lease, 0, -1, -1);
	cr_expect(loop_reaches(loop, &peer.claims, claims + 1, 5000));
}
