/* Keys that come and go while the hub runs, and those that fit nowhere. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"
#include "tests/support/wallet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static struct keyring fetch_keys, store_keys, tap_keys;

static void open_hub(void)
{
	hub = hub_new(.bus = wallet_bus, .idle = true);
	wallet_open(hub->place);
	fetch_keys = wallet_add(hub->place, "fetch", "fetch");
	store_keys = wallet_add(hub->place, "sink-store", "sink:store");
	tap_keys = wallet_add(hub->place, "tap", "tap");
	wallet_add(hub->place, "admin", "admin");
	hub_start(hub);
	worker = wallet_peer(hub->place, hub->ingest, &fetch_keys);
	sink = wallet_peer(hub->place, hub->feed, &store_keys);
}

static void close_hub(void)
{
	peer_free(&worker);
	peer_free(&sink);
	hub_free(&hub);
}

TestSuite(curve_keys, .timeout = 120, .init = open_hub, .fini = close_hub);

static void take_lease(void)
{
	say(worker, "claim 'buildkite' 'w1'");
	hear(worker, "lease 'buildkite:acme/web' $fence ...");
}

/* Well within the second that is promised, by what the hub itself says when. */
Test(curve_keys, that_are_revoked_in_mid_stream_end_it)
{
	take_lease();
	store_reads();
	publish(1, "passed", T0);
	hear(sink, "records $session _ _ _");
	wallet_revoke(hub->place, "fetch");
	wallet_revoke(hub->place, "sink-store");
	wallet_reread(hub);
	hear(sink, "error 'denied' ...");
	with(worker, .number = 2);
	say(worker, "publish $fence 2 nil");
	hear(worker, "error 'denied' 2000 _ _");
	say(sink, "credit $session 1");
	hear(sink, "error 'denied' ...");
	cr_expect_eq(hub_sql(hub, "SELECT count(*) FROM log"), 1);
	wallet_admit(hub->place, "fetch");
	wallet_admit(hub->place, "sink-store");
	wallet_reread(hub);
	with(worker, .number = 2);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 1 0 0 $fence");
	say(sink, "attach 'store' nil nil");
	hear(sink, "attached ...");
}

/* A listener of the tap, without a word of the protocol. */
static void *listen_to(const char *endpoint, const struct keyring *keys, const char *hello, void *context)
{
	void *socket = zmq_socket(context, ZMQ_SUB);
	char hub_key[41];
	int none = 0, wait_ms = (int)patience_ms();

	wallet_hub_key(hub->place, hub_key);
	zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
	zmq_setsockopt(socket, ZMQ_RCVTIMEO, &wait_ms, sizeof wait_ms);
	zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, hub_key, 41);
	zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, 41);
	zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, 41);
	zmq_setsockopt(socket, ZMQ_SUBSCRIBE, hello, strlen(hello));
	zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "build.", 6);
	zmq_connect(socket, endpoint);
	return socket;
}

/* The next message's topic begins so. */
static bool hears(void *socket, const char *topic)
{
	char got[256] = "";
	int more = 1, size = zmq_recv(socket, got, sizeof got - 1, 0);
	size_t width = sizeof more;

	while (size >= 0 && zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &width) == 0 && more) {
		char rest[4096];

		zmq_recv(socket, rest, sizeof rest, 0);
	}
	return size >= 0 && strncmp(got, topic, strlen(topic)) == 0;
}

Test(curve_keys, that_are_revoked_hear_the_tap_no_more)
{
	void *context = zmq_ctx_new(), *revoked, *other, *fetcher;
	char endpoint[300];
	int nothing_ms = 0;

	snprintf(endpoint, sizeof endpoint, "ipc://%s/tap.ipc", hub->place->state);
	take_lease();
	revoked = listen_to(endpoint, &tap_keys, "hello.a", context);
	tap_keys = wallet_add(hub->place, "tap-2", "tap");
	wallet_reread(hub);
	other = listen_to(endpoint, &tap_keys, "hello.b", context);
	fetcher = listen_to(endpoint, &fetch_keys, "hello.c", context);
	cr_assert(hears(revoked, "hello.") && hears(other, "hello."));
	child_event(hub->child, "hub.refused", "why", "its role is neither tap nor admin");
	publish(1, "passed", T0);
	cr_assert(hears(revoked, "build.") && hears(other, "build."));
	wallet_revoke(hub->place, "tap");
	wallet_reread(hub);
	cr_assert(hears(other, "hello."), "whoever may listen is back");
	publish(2, "passed", T0);
	cr_assert(hears(other, "build."));
	zmq_setsockopt(revoked, ZMQ_RCVTIMEO, &nothing_ms, sizeof nothing_ms);
	zmq_setsockopt(fetcher, ZMQ_RCVTIMEO, &nothing_ms, sizeof nothing_ms);
	cr_expect(!hears(revoked, ""));
	cr_expect(!hears(fetcher, ""));
	zmq_close(revoked);
	zmq_close(other);
	zmq_close(fetcher);
	zmq_ctx_term(context);
}

static void write_key(const char *file, const char *role, const char *key, const char *more)
{
	place_write(hub->place, file, "metadata\n    role = \"%s\"\ncurve\n    public-key = \"%s\"\n%s", role,
		    key, more);
}

static void expect_unusable(const char *file, const char *why)
{
	char mark[400], *text = child_text(hub->child);
	const char *line;

	snprintf(mark, sizeof mark, "\"file\":\"%s\"", place_path(hub->place, file));
	line = strstr(text, mark);
	cr_expect(line && strncmp(strstr(line, "\"why\":\"") + 7, why, strlen(why)) == 0, "%s: %.200s", file,
		  line ? line : "nothing");
	free(text);
}

/* Each of these files admits nobody, is told, and harms no other. */
Test(curve_keys, in_files_that_make_no_sense_harm_no_other)
{
	struct peer *doubtful = wallet_peer(hub->place, hub->feed, &tap_keys);
	char secret[80];

	snprintf(secret, sizeof secret, "    secret-key = \"%s\"\n", store_keys.secret_key);
	place_write(hub->place, "clients/a", "%s", "");
	place_write(hub->place, "clients/b", "%s", "\x01\x02 no \xff certificate\n\n = \"\n\t}");
	write_key("clients/c", "fetch", "short", "");
	write_key("clients/d", "boss", fetch_keys.public_key, "");
	write_key("clients/e", "sink:store", store_keys.public_key, secret);
	write_key("clients/f", "admin", tap_keys.public_key, "");
	write_key("clients/.hidden", "admin", fetch_keys.public_key, "");
	write_key("clients/g~", "admin", fetch_keys.public_key, "");
	wallet_reread(hub);
	expect_unusable("clients/a", "");
	expect_unusable("clients/b", "");
	expect_unusable("clients/c", "");
	expect_unusable("clients/d", "");
	expect_unusable("clients/e", "it holds a secret key");
	cr_expect(child_said(hub->child, "another file gives its key another role"));
	say(doubtful, "status");
	hear(doubtful, "error 'denied' ...");
	take_lease();
	store_reads();
	peer_free(&doubtful);
}

Test(curve_keys, stay_when_their_folder_cannot_be_read)
{
	take_lease();
	cr_assert_eq(rename(place_path(hub->place, "clients"), place_path(hub->place, "away")), 0);
	child_signal(hub->child, SIGHUP);
	child_event(hub->child, "hub.keys_failed", NULL, NULL);
	publish(1, "passed", T0);
	hub_configure(hub, &(struct hub_setup){0});
	child_signal(hub->child, SIGHUP);
	child_event(hub->child, "hub.keys_failed", "why", "bus.curve comes and goes with a restart only");
	publish(2, "passed", T0);
}
