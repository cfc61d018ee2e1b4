/* A commit that fails sends nothing, is answered `full`, loses nothing, and is made up for when there is
 * room. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"

#include <stdlib.h>
#include <sys/resource.h>

TestSuite(disk, .timeout = 120, .fini = trio_close);

#define ROOM 1000000 /* bytes: for the tables of hub.db and some builds */

/* Files of the hub can't grow beyond that; 0: they can again. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit = {bytes ? bytes : RLIM_INFINITY, RLIM_INFINITY};

	cr_assert_eq(prlimit(child_pid(hub->child), RLIMIT_FSIZE, &limit, NULL), 0);
}

static void offer(int n)
{
	with(worker, .number = n, .pad = 6000);
	say(worker, "publish $fence %d b'c%d'", n, n);
}

/* Publishes until the disk refuses; returns that n. */
static int fill(int n)
{
	for (;; n++) {
		offer(n);
		cr_assert(peer_wait(HERE, worker, patience_ms()));
		if (heard_is(worker, "error")) {
			cr_assert(heard_matches(HERE, worker, "error 'full' _ _ $fence"));
			return n;
		}
		hear(sink, "records $session %d %d [%d]", n, n, n);
		cr_assert_lt(n, 1000, "the limit has no effect");
	}
}

Test(disk, a_failed_commit_sends_nothing_and_is_made_up_for)
{
	int n;

	trio_open(.pipelines = "web");
	store_reads();
	limit_files(ROOM);
	n = fill(1);
	value_set("n", n);
	cr_assert_gt(n, 1);
	/* Two in flight: the second fails with the first, or has a gap before it. Nobody is sent anything. */
	offer(n);
	offer(n + 1);
	hear(worker, "error 'full' _ _ $fence");
	cr_assert(peer_wait(HERE, worker, patience_ms()));
	cr_assert(heard_matches(HERE, worker, "error 'full' _ _ $fence") ||
		  heard_matches(HERE, worker, "error 'expect' 0 $n $fence"));
	say(sink, "heartbeat $session");
	hear(sink, "alive $session %d", n - 1);
	say(worker, "heartbeat [$fence]");
	hear(worker, "alive [[$fence %d]]", n - 1);
	child_event(hub->child, "hub.rollback", NULL, NULL);
	cr_assert_eq(hub_sql(hub, "SELECT max(seq) FROM log"), n - 1);
	/* Room again: the same session, the same lease, the same numbers. */
	limit_files(0);
	for (int end = n + 5; n < end; n++) {
		offer(n);
		hear(worker, "ack %d 1 0 0 $fence", n);
		hear(sink, "records $session %d %d [%d]", n, n, n);
	}
	say(sink, "ack $session [$epoch %d] b'noted'", n - 1);
	hear(sink, "alive $session %d", n - 1);
	say(worker, "done $fence 0");
	hear(worker, "ack ...");
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease _ _ b'c%d' ...", n - 1);
}

Test(disk, nothing_is_forgotten_when_the_hub_is_killed_on_a_full_disk)
{
	int n;

	trio_open(.pipelines = "web");
	store_reads();
	limit_files(ROOM);
	n = fill(1);
	hub_restart(hub);
	say(worker, "heartbeat [$fence]");
	hear(worker, "alive [[$fence %d]]", n - 1);
	offer(n);
	hear(worker, "ack %d 1 0 0 $fence", n);
	say(sink, "attach 'store' $session nil");
	value_forget("session");
	hear(sink, "attached $session [$epoch 0] nil [$epoch %d]", n);
	say(sink, "credit $session 1000000");
	for (int next = 1; next <= n;) {
		value_forget("last");
		hear(sink, "records $session %d $last _", next);
		next = (int)value_of("last") + 1;
	}
}

Test(disk, what_a_sink_is_told_on_a_full_disk_is_not_taken_back)
{
	int n;

	trio_open(.pipelines = "web");
	store_reads();
	limit_files(ROOM);
	n = fill(1);
	limit_files(4096); /* not even an ack fits */
	say(sink, "ack $session [$epoch 1] b'an intent'");
	hear(sink, "error 'full' _ _ nil"); /* of the note */
	hear(sink, "error 'full' _ _ nil"); /* of the position */
	say(sink, "reject $session 1 'bad'");
	hear(sink, "error 'full' _ _ nil");
	say(sink, "attach 'another' nil nil");
	hear(sink, "error 'full' _ _ nil");
	say(sink, "heartbeat $session"); /* its session lives on */
	hear(sink, "alive $session %d", n - 1);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM sink WHERE position > 0 OR note IS NOT NULL"), 0);
	limit_files(0);
	say(sink, "ack $session [$epoch 1] b'an intent'");
	hear(sink, "alive $session %d", n - 1);
	cr_assert_eq(hub_sql(hub, "SELECT position FROM sink WHERE note IS NOT NULL"), 1);
}

Test(disk, below_min_free_nothing_is_taken_and_the_hub_goes_on_by_itself)
{
	struct hub_setup roomy = {.pipelines = "web"};

	hub = hub_new(.idle = true);
	place_write(hub->place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1000000GiB}\n"
		    "sources: [{buildkite: {organization_slug: acme, access_token: none, pipeline_slug: web, "
		    "poll_interval: 1s}}]\n",
		    hub->place->state);
	hub_start(hub);
	trio_connect();
	child_event(hub->child, "hub.full", NULL, NULL);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "error 'full' 2000 _ nil");
	say(sink, "attach 'store' nil nil"); /* readers are served on */
	hear(sink, "attached ...");
	say(sink, "status");
	cr_assert(peer_wait(HERE, sink, patience_ms()));
	hub_configure(hub, &roomy);
	child_signal(hub->child, SIGHUP);
	child_event(hub->child, "hub.taking", NULL, NULL);
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease ...");
}

Test(disk, targets_that_a_reload_could_not_store_come_when_there_is_room)
{
	struct hub_setup more = {.pipelines = "[web, api]"};

	hub = hub_new(.pipelines = "web");
	trio_connect();
	limit_files(4096);
	hub_configure(hub, &more);
	child_signal(hub->child, SIGHUP);
	child_event(hub->child, "hub.reload_failed", NULL, NULL);
	limit_files(0);
	child_event(hub->child, "hub.reloaded", NULL, NULL);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM target WHERE active = 1"), 3);
}

Test(disk, a_hub_that_finds_no_room_at_the_start_asks_to_be_started_again)
{
	hub = hub_new(.idle = true);
	hub->file_size_max = 8192;
	cr_assert_eq(hub_refuses(hub), 111);
	hub->file_size_max = 0;
	child_free(&hub->child);
	hub_start(hub);
}
