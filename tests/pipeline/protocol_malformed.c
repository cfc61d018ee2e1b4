/* Whatever a peer sends, it gets the answer of docs/protocol.md, and a well-behaved one beside it is served
 * on.
 */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#include <stdlib.h>

static struct test_hub *hub;
static struct peer *worker, *sink; /* well-behaved */
static int64_t n;

static void open_hub(void)
{
	hub = hub_new(.pipelines = "[web, api]");
	worker = worker_of(hub);
	sink = reader_of(hub);
	n = 0;
	hold_live(worker);
	say(worker, "claim 'buildkite' 'good'");
	hear(worker, "lease _ $good ...");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached $store [$epoch 0] ...");
	say(sink, "credit $store 1000000");
}

/* The two beside are undisturbed: a build goes from one to the other. */
static void all_is_well(void)
{
	with(worker, .number = (int)++n);
	say(worker, "publish $good %lld nil", (long long)n);
	hear(worker, "ack %lld 1 0 0 $good", (long long)n);
	value_forget("seq");
	hear(sink, "records $store $seq $seq [$seq]");
	say(sink, "heartbeat $store");
	hear(sink, "alive $store $seq");
	cr_assert_not(child_ended(hub->child));
}

static void close_hub(void)
{
	all_is_well();
	peer_free(&worker);
	peer_free(&sink);
	hub_free(&hub);
}

TestSuite(malformed, .timeout = 240, .init = open_hub, .fini = close_hub);

static void each_is(const char *const *requests, size_t count, struct peer *peer, const char *answer)
{
	for (size_t i = 0; i < count; i++) {
		say(peer, "%s", requests[i]);
		cr_assert(peer_wait(HERE, peer, patience_ms()), "no answer to %s", requests[i]);
		cr_assert(heard_matches(HERE, peer, answer), "%s was answered otherwise than %s", requests[i],
			  answer);
		all_is_well();
	}
}
#define EACH(peer, answer, ...)                                                                              \
	each_is((const char *const[]){__VA_ARGS__},                                                          \
		sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), peer, answer)

Test(malformed, every_command_of_ingest_with_every_wrong_shape)
{
	struct peer *bad = worker_of(hub);

	EACH(bad, "error 'malformed' nil _ nil", "claim", "claim 'buildkite'", "claim nil nil", "claim 1 2",
	     "claim '' 'w'", "claim 'buildkite' ''", "claim [] {}", "publish", "publish nil 1 nil",
	     "publish 'x' 1 nil", "publish -1 1 nil", "publish 0 1 nil", "targets", "targets nil []", "done",
	     "done 'x' 0", "heartbeat", "heartbeat nil", "heartbeat 1", "heartbeat {}");
	say(bad, "claim 'buildkite' 'bad'");
	hear(bad, "lease _ $fence ...");
	EACH(bad, "error 'malformed' nil _ $fence", "publish $fence", "publish $fence nil nil",
	     "publish $fence 0 nil", "publish $fence -1 nil", "publish $fence 'x' nil", "publish $fence 1 7",
	     "publish $fence 1 []", "targets $fence", "targets $fence nil", "targets $fence 'acme/web'",
	     "targets $fence {}", "done $fence", "done $fence nil", "done $fence -1",
	     "done $fence 9223372036854775807", "done $fence 'x'");
	EACH(bad, "alive []", "heartbeat []", "heartbeat ['x' nil -1 [] {} 9223372036854775807]");
	say(bad, "publish $fence 1 nil 'further' ['fields' {'are' 'ignored'}]");
	hear(bad, "ack 1 0 0 0 $fence");
	peer_free(&bad);
}

Test(malformed, every_command_of_the_feed_with_every_wrong_shape)
{
	struct peer *bad = reader_of(hub);

	EACH(bad, "error 'malformed' nil _ nil", "attach '' nil nil", "attach 7 nil nil", "attach [] nil nil",
	     "attach 'x' 'y' nil", "attach 'x' nil 'y'", "attach 'x' nil [1]", "attach 'x' nil [1 2 3]",
	     "attach 'x' nil ['a' 'b']", "attach nil nil [1 -1]", "credit", "credit nil 1", "credit 'x' 1",
	     "ack", "ack nil", "reject", "heartbeat", "heartbeat nil", "detach", "detach []");
	EACH(bad, "error 'no_session' 0 nil nil", "credit 1 1", "ack 1 [1 1] nil", "reject -1 1 'x'",
	     "heartbeat 0", "detach 9223372036854775807");
	say(bad, "attach 'bad' nil nil");
	hear(bad, "attached $session ...");
	EACH(bad, "error 'malformed' nil _ nil", "credit $session", "credit $session 0", "credit $session -1",
	     "credit $session 1000001", "credit $session 'x'", "ack $session", "ack $session 1 nil",
	     "ack $session [$epoch] nil", "ack $session [$epoch 99] nil", "ack $session [$epoch 0] 7",
	     "reject $session", "reject $session 0 'x'", "reject $session 9 'x'", "reject $session 1",
	     "reject $session 1 nil");
	peer_free(&bad);
}

Test(malformed, names_are_1_to_512_bytes_of_text)
{
	struct peer *bad = reader_of(hub);
	char name[520];

	memset(name, 'n', sizeof name);
	say(bad, "attach '%.512s' nil nil", name);
	hear(bad, "attached ...");
	say(bad, "attach '%.513s' nil nil", name);
	hear(bad, "error 'malformed' nil _ nil");
	/* A NUL would make "store" of it for some and not for others: two sessions of one sink. */
	say_raw(bad, "\x95\x01\xa6\x61ttach\xc4\x06store\0\xc0\xc0", 18);
	hear(bad, "error 'malformed' nil _ nil");
	say(bad, "attach 'a\tb' nil nil");
	hear(bad, "error 'malformed' nil _ nil");
	peer_free(&bad);
}

Test(malformed, unknown_versions_and_commands)
{
	struct peer *bad = worker_of(hub);

	say(bad, "status"); /* of the other socket */
	hear(bad, "error 'command' nil 'status' nil");
	say(bad, "frobnicate 1 2 3");
	hear(bad, "error 'command' nil 'frobnicate' nil");
	say_raw(bad, "\x92\x02\xa5\x63laim", 8);
	hear(bad, "error 'version' nil [1] nil");
	say_raw(bad, "\x92\x00\xa5\x63laim", 8);
	hear(bad, "error 'version' nil [1] nil");
	say_raw(bad, "\x92\x02\x80", 3); /* a later version may shape its heads differently */
	hear(bad, "error 'version' nil [1] nil");
	peer_free(&bad);
}

/* Each with the length that a C string can't tell. */
#define HEAD(bytes)                                                                                          \
	{                                                                                                    \
		bytes, sizeof(bytes) - 1                                                                     \
	}
static const struct {
	const char *bytes;
	size_t size;
} heads[] = {
	HEAD(""),
	HEAD("\xc1"),
	HEAD("GET / HTTP/1.1\r\n\r\n"),
	HEAD("\x90"),
	HEAD("\x91\x01"),
	HEAD("\x92\x01\x01"),
	HEAD("\x92\xa1\x31\xa5\x63laim"),     /* version "1" */
	HEAD("\xdd\xff\xff\xff\xff\x01"),     /* array32 of 4 G */
	HEAD("\xdf\xff\xff\xff\xff\x01"),     /* map32 */
	HEAD("\xdb\xff\xff\xff\xff\x01"),     /* str32 */
	HEAD("\xc6\x7f\xff\xff\xff\x01"),     /* bin32 */
	HEAD("\xc9\xff\xff\xff\xff\x01\x01"), /* ext32 */
	HEAD("\x93\x01\xa5\x63laim"),         /* fewer than announced */
	HEAD("\x92\x01\xa5\x63laim\x01"),     /* more than announced */
	HEAD("\x93\x01\xa5\x63laim\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01"), /* deep */
	HEAD("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
};

Test(malformed, a_head_that_is_none)
{
	for (int side = 0; side < 2; side++) {
		struct peer *bad = side ? reader_of(hub) : worker_of(hub);
		for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
			say_raw(bad, heads[i].bytes, heads[i].size);
			cr_assert(peer_wait(HERE, bad, patience_ms()), "no answer to head %zu", i);
			cr_assert(heard_matches(HERE, bad, "error 'malformed' nil _ nil"), "head %zu", i);
			all_is_well();
		}
		peer_free(&bad);
	}
}

Test(malformed, nesting_as_deep_as_a_megabyte_allows)
{
	struct peer *bad = worker_of(hub);
	char *deep = malloc(1 << 20);

	memset(deep, 0x91, 1 << 20);
	say_raw(bad, deep, 1 << 20);
	hear(bad, "error 'malformed' nil _ nil");
	free(deep);
	peer_free(&bad);
}

static const char good_head[] = "\x95\x01\xa7publish\xce\x00\x00\x00\x07\x01\xc4\x03"
				"abc";

static void say_nonsense(struct peer *peer, bool noise, unsigned *seed)
{
	unsigned char bytes[64];
	size_t size = noise ? (size_t)(rand_r(seed) % 64) : sizeof good_head - 1;

	for (size_t i = 0; i < size; i++) {
		bytes[i] = noise ? (unsigned char)rand_r(seed) : (unsigned char)good_head[i];
	}
	if (!noise) {
		bytes[(unsigned)rand_r(seed) % size] = (unsigned char)rand_r(seed);
	}
	say_raw(peer, bytes, size);
}

Test(malformed, random_bytes_and_broken_copies_of_good_heads)
{
	struct peer *peers[] = {worker_of(hub), reader_of(hub)};
	unsigned seed = 20261121;

	for (int round = 0; round < 40; round++) {
		struct peer *bad = peers[round % 2];
		for (int i = 0; i < 100; i++) {
			say_nonsense(bad, i % 2, &seed);
		}
		all_is_well(); /* though a hundred of those wait before it */
		for (int i = 0; i < 100; i++) {
			cr_assert(peer_wait(HERE, bad, patience_ms()), "an answer is missing");
			cr_assert(heard_is(bad, "error"));
		}
	}
	peer_free(&peers[0]);
	peer_free(&peers[1]);
}

Test(malformed, what_is_over_a_bound_is_oversize)
{
	struct peer *bad = worker_of(hub);
	char *big = calloc(1, (8 << 20) + 1);

	say(bad, "claim 'buildkite' 'bad'");
	hear(bad, "lease _ $fence ...");
	peer_with(bad, big, (8 << 20) + 1);
	say(bad, "publish $fence 1 nil");
	hear(bad, "error 'oversize' nil _ _");
	for (int i = 0; i < 4097; i++) {
		peer_with(bad, "", 0);
	}
	say(bad, "publish $fence 1 nil");
	hear(bad, "error 'oversize' nil _ _");
	for (int i = 0; i < 9; i++) { /* 9 x 7.5 MiB: over 64 MiB in all */
		peer_with(bad, big, 7864320);
	}
	say(bad, "publish $fence 1 nil");
	hear(bad, "error 'oversize' nil _ _");
	say_raw(bad, big, (1 << 20) + 1);
	hear(bad, "error 'oversize' nil _ nil");
	/* Exactly at the bound is taken: it is no envelope, hence a dead letter. */
	peer_with(bad, big, 8 << 20);
	say(bad, "publish $fence 1 nil");
	hear(bad, "ack 1 0 0 0 $fence");
	peer_free(&bad);
	free(big);
}

Test(malformed, notes_cursors_and_reasons_have_their_bounds)
{
	struct peer *bad = reader_of(hub), *other = worker_of(hub);
	char *long_text = malloc(65538);

	memset(long_text, 'x', 65537);
	long_text[65537] = '\0';
	say(other, "claim 'buildkite' 'bad'");
	hear(other, "lease _ $fence ...");
	say(other, "publish $fence 1 b'%.65536s'", long_text);
	hear(other, "ack 1 ...");
	say(other, "publish $fence 2 b'%.65537s'", long_text);
	hear(other, "error 'malformed' nil _ $fence");
	say(bad, "attach 'noter' nil nil");
	hear(bad, "attached $session [_ 0] ...");
	say(bad, "ack $session [$epoch 0] b'%.65536s'", long_text);
	hear(bad, "alive $session 0");
	say(bad, "ack $session [$epoch 0] b'%.65537s'", long_text);
	hear(bad, "error 'malformed' nil _ nil");
	peer_free(&bad);
	peer_free(&other);
	free(long_text);
}

static void dead(const char *stage, const char *key, const char *reason)
{
	char sql[1024];

	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM dead WHERE stage = '%s' AND key = '%s' AND reason LIKE '%%%s%%'",
		 stage, key, reason);
	cr_assert_eq(hub_sql(hub, sql), 1, "no dead letter of %s for %s with %s", stage, key, reason);
}

Test(malformed, an_envelope_that_can_not_be_read_is_a_dead_letter_and_the_rest_goes_on)
{
	struct peer *bad = worker_of(hub);
	char long_key[600];

	memset(long_key, 'k', 599);
	long_key[599] = '\0';
	say(bad, "claim 'buildkite' 'bad'");
	hear(bad, "lease _ $fence ...");
	with(bad, .number = 1001);
	peer_with(bad, "\xdd\xff\xff\xff\xff\x01", 6);
	peer_with(bad, "", 0);
	with(bad, .number = 1, .body = "{\"number\": 1");
	with(bad, .number = 2, .body = "[]");
	with(bad, .number = 3, .kind = "oversize");
	with(bad, .number = 4, .key = long_key);
	with(bad, .number = 5, .observed_at = INT64_MAX);
	with(bad, .number = 6, .observed_at = -1);
	with(bad, .number = 7, .kind = "rumour");
	with(bad, .number = 1002);
	say(bad, "publish $fence 1 b'on'");
	hear(bad, "ack 1 2 0 0 $fence");
	hear(sink, "records ...");
	dead("envelope", "", "");
	dead("normalize", "1", "");
	dead("normalize", "2", "");
	dead("oversize", "3", "size");
	long_key[512] = '\0';
	dead("envelope", long_key, "512");
	dead("envelope", "5", "observed_at");
	dead("envelope", "6", "observed_at");
	/* The target goes on, with its cursor, and none of these keys comes back. */
	say(bad, "done $fence 0");
	hear(bad, "ack ...");
	say(bad, "claim 'buildkite' 'bad'");
	hear(bad, "lease _ $fence2 b'on' [] ...");
	/* Sent again it is the same letter. */
	with(bad, .number = 3, .kind = "oversize");
	say(bad, "publish $fence2 1 nil");
	hear(bad, "ack 1 0 0 0 $fence2");
	cr_assert_eq(hub_sql(hub, "SELECT times FROM dead WHERE key = '3'"), 2);
	peer_free(&bad);
}

/* Gives the nth lease back and takes the next, with these due keys. */
static void visit_again(struct peer *peer, int nth, const char *keys)
{
	say(peer, "done $fence%d 0", nth);
	hear(peer, "ack ...");
	say(peer, "claim 'buildkite' 'w'");
	hear(peer, "lease _ $fence%d nil %s ...", nth + 1, keys);
}

/* What was broken on its way may come whole: asked for after 5 seconds, then ever later, six times in all. */
Test(malformed, a_build_that_could_not_be_read_is_asked_for_again)
{
	struct peer *peer = worker_of(hub);

	say(peer, "claim 'buildkite' 'w'");
	hear(peer, "lease _ $fence0 ...");
	with(peer, .number = 70, .body = "{\"number\": 70");
	with(peer, .number = 71, .kind = "oversize");
	say(peer, "publish $fence0 1 nil");
	hear(peer, "ack 1 0 0 0 $fence0");
	for (int i = 0; i < 6; i++) {
		visit_again(peer, 2 * i, "[]");
		hub_sql(hub, "UPDATE dead SET retry_at = retry_at - 17 * 60 * 60 * 1000");
		visit_again(peer, 2 * i + 1, "['70']");
	}
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM dead WHERE retry_at IS NOT NULL"), 0);
	with(peer, .number = 70);
	say(peer, "publish $fence12 1 nil");
	hear(peer, "ack 1 1 0 0 $fence12");
	hear(sink, "records ...");
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM dead WHERE stage = 'normalize'"), 0);
	peer_free(&peer);
}
