/* How workers divide a request budget, where the hub forgets or is told anew: docs/protocol.md section 2. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#define PIPELINES "[web, api, db, ui, docs]"

static struct test_hub *hub;
static struct peer *one, *other;

static void open_hub(void)
{
	hub = hub_new(.pipelines = PIPELINES, .poll = "1h");
	one = worker_of(hub);
	other = worker_of(hub);
}

static void close_hub(void)
{
	peer_free(&one);
	peer_free(&other);
	hub_free(&hub);
}

TestSuite(share, .timeout = 120, .init = open_hub, .fini = close_hub);

/* The share with a new lease, which worker holds as $name from now on; -1: nil. */
static int64_t claim(struct peer *worker, const char *name)
{
	const msgpack_object *share;

	value_forget(name);
	say(worker, "claim 'buildkite' '%s'", name);
	hear(worker, "lease _ $%s ...", name);
	share = &heard_head(worker)->ptr[7];
	return share->type == MSGPACK_OBJECT_NIL ? -1 : share->via.i64;
}

/* Ends $name; the provider allows 100 in a minute. */
static void done(struct peer *worker, const char *name)
{
	say(worker, "done $%s 0 nil nil nil nil 100", name);
	hear(worker, "ack ...");
}

static int64_t next(struct peer *worker, const char *name)
{
	done(worker, name);
	return claim(worker, name);
}

static void divide_in_two(void)
{
	cr_assert_eq(claim(one, "one"), -1);
	cr_assert_eq(next(one, "one"), 100);
	cr_assert_eq(claim(other, "other"), 12);
	cr_assert_eq(next(one, "one"), 50);
	cr_assert_eq(next(other, "other"), 50);
}

/* With the answer to a heartbeat. */
static int64_t beat(struct peer *worker, const char *name)
{
	const msgpack_object *pair;

	say(worker, "heartbeat [$%s]", name);
	hear(worker, "alive [[$%s ...]]", name);
	pair = &heard_head(worker)->ptr[2].via.array.ptr[0];
	return pair->via.array.size > 2 ? pair->via.array.ptr[2].via.i64 : -1;
}

Test(share, is_divided_anew_with_the_next_heartbeats)
{
	cr_assert_eq(claim(one, "one"), -1);
	cr_assert_eq(beat(one, "one"), -1, "nobody knows a limit yet");
	cr_assert_eq(claim(other, "other"), -1);
	cr_assert_eq(next(one, "one"), 12, "the other one may be using everything");
	cr_assert_eq(beat(one, "one"), 12, "still");
	cr_assert_eq(beat(other, "other"), 50);
	cr_assert_eq(beat(one, "one"), 50);
}

Test(share, is_said_once_to_who_holds_several_leases)
{
	cr_assert_eq(claim(one, "one"), -1);
	cr_assert_eq(next(one, "one"), 100);
	say(one, "claim 'buildkite' 'one'");
	hear(one, "lease _ $two ...");
	say(one, "heartbeat [$one $two]");
	hear(one, "alive [[$one 0 100] [$two 0]]");
}

Test(share, a_reload_of_the_hub_gives_nobody_the_part_of_another)
{
	divide_in_two();
	hub_configure(hub, &(struct hub_setup){.pipelines = PIPELINES, .poll = "2h"});
	child_signal(hub->child, SIGHUP);
	child_event(hub->child, "proc.reloaded", NULL, NULL);
	cr_assert_eq(next(one, "one"), 50);
	cr_assert_eq(next(other, "other"), 50);
}

Test(share, a_hub_that_starts_anew_gives_nobody_the_part_of_another)
{
	divide_in_two();
	hub_restart(hub);
	peer_free(&one);
	one = worker_of(hub);
	cr_assert_eq(next(one, "one"), 12, "the other one goes on with what it has");
	peer_free(&other);
	other = worker_of(hub);
	cr_assert_eq(next(other, "other"), 50);
	cr_assert_eq(next(one, "one"), 50);
}

Test(share, a_worker_that_was_told_nothing_may_be_using_everything)
{
	cr_assert_eq(claim(one, "one"), -1);
	cr_assert_eq(claim(other, "other"), -1);
	cr_assert_eq(next(one, "one"), 12);
	cr_assert_eq(next(other, "other"), 50);
}
