/* SPDX-License-Identifier: MIT */
#include "tests/unit/ingest_peer.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void reply(struct ingest_peer *peer, struct wire_head *head)
{
	struct wire_message message = {0};
	struct err err;

	cr_assert(wire_end(head, &message) == OK);
	if (!peer->deaf) {
		(void)!wire_send(zsock_resolve(peer->router), &peer->identity, &message, &err);
	}
	wire_fini(&message);
}

static void reply_error(struct ingest_peer *peer, const char *code, int64_t retry_ms, int64_t detail,
			int64_t fence)
{
	struct wire_head head;

	wire_begin(&head, "error", 4);
	wire_put_string(&head, code);
	retry_ms < 0 ? wire_put_nil(&head) : wire_put_int(&head, retry_ms);
	detail < 0 ? wire_put_nil(&head) : wire_put_int(&head, detail);
	fence < 0 ? wire_put_nil(&head) : wire_put_int(&head, fence);
	reply(peer, &head);
}

static void reply_ack(struct ingest_peer *peer, int64_t n, int64_t fresh, int64_t fence)
{
	struct wire_head head;

	wire_begin(&head, "ack", 5);
	wire_put_int(&head, n);
	wire_put_int(&head, fresh);
	wire_put_int(&head, 0);
	wire_put_int(&head, 0);
	wire_put_int(&head, fence);
	reply(peer, &head);
}

static struct peer_lease *lease_at(struct ingest_peer *peer, const struct wire_fields *fields)
{
	int64_t fence = -1;

	wire_int(fields, 0, &fence);
	for (size_t i = 0; i < peer->lease_count; i++) {
		if (peer->leases[i].fence == fence && peer->leases[i].current) {
			return &peer->leases[i];
		}
	}
	reply_error(peer, "fence", -1, -1, fence);
	return NULL;
}

static void put_due(struct wire_head *head, const char *const *due)
{
	uint32_t count = 0;

	while (due && due[count]) {
		count++;
	}
	wire_put_array(head, count);
	for (uint32_t i = 0; i < count; i++) {
		wire_put_string(head, due[i]);
	}
}

static void on_claim(struct ingest_peer *peer)
{
	struct wire_head head;

	peer->claims++;
	if (peer->refuse) {
		reply_error(peer, peer->refuse, -1, -1, -1);
		return;
	}
	if (peer->give == 0) {
		wire_begin(&head, "idle", 1);
		wire_put_int(&head, peer->idle_ms ? peer->idle_ms : 50);
		reply(peer, &head);
		return;
	}
	cr_assert(peer->lease_count < PEER_LEASES);
	peer->give--;
	peer->leases[peer->lease_count++] = (struct peer_lease){.fence = ++peer->fence, .current = true};
	wire_begin(&head, "lease", 7);
	wire_put_string(&head, peer->target);
	wire_put_int(&head, peer->fence);
	wire_put_bytes(&head, peer->cursor);
	put_due(&head, peer->due);
	wire_put_map(&head, 3);
	wire_put_string(&head, "anew");
	wire_put_bool(&head, peer->anew);
	wire_put_string(&head, "later");
	wire_put_int(&head, 1);
	wire_put_string(&head, "sync");
	peer->sync ? msgpack_pack_true(&head.packer) : msgpack_pack_false(&head.packer);
	wire_put_int(&head, 50);
	wire_put_int(&head, WIRE_LEASE_TTL_MS);
	reply(peer, &head);
}

static void commit(struct ingest_peer *peer, struct peer_lease *lease, const struct wire_message *message,
		   const struct wire_fields *fields)
{
	struct text cursor;

	for (size_t i = 0; i < wire_body_count(message); i++) {
		struct text body = wire_body_at(message, i);
		struct raw raw;
		struct err err;

		schema_init(raw_fields, &raw);
		cr_assert(raw_unpack(body.at, body.size, &raw, &err) == OK, "%s", err.text);
		lease->oversize += raw.kind == RAW_OVERSIZE;
		lease->gone += raw.kind == RAW_GONE;
		peer->order_errors += strtoull(raw.key.at, NULL, 10) != lease->bodies;
		lease->bodies++;
		if (peer->on_raw) {
			peer->on_raw(peer->context, &raw);
		}
	}
	if (wire_text(fields, 2, &cursor)) {
		cr_assert(cursor.size < sizeof lease->cursor);
		memcpy(lease->cursor, cursor.at, cursor.size);
		lease->cursor[cursor.size] = '\0';
		lease->cursor_size = cursor.size;
	}
	lease->last_n++;
}

static size_t bytes_of(const struct wire_message *message)
{
	size_t bytes = 0;

	for (size_t i = 0; i < wire_body_count(message); i++) {
		bytes += wire_body_at(message, i).size;
	}
	return bytes;
}

static void on_publish(struct ingest_peer *peer, const struct wire_message *message,
		       const struct wire_fields *fields)
{
	struct peer_lease *lease;
	size_t before;
	int64_t n = 0;

	peer->publishes++;
	if (peer->lose_publishes > 0) {
		peer->lose_publishes--;
		return;
	}
	lease = lease_at(peer, fields);
	wire_int(fields, 1, &n);
	if (!lease) {
		return;
	}
	if (n <= lease->last_n) {
		peer->repeats++;
		reply_ack(peer, n, 0, lease->fence);
	} else if (n > lease->last_n + 1) {
		peer->gaps++;
		reply_error(peer, "expect", 0, lease->last_n + 1, lease->fence);
	} else if (peer->full > 0) {
		peer->full--;
		reply_error(peer, "full", 60, -1, lease->fence);
	} else if (peer->body_max > 0 && bytes_of(message) > peer->body_max) {
		reply_error(peer, "oversize", -1, -1, peer->oversize_headless ? -1 : lease->fence);
	} else {
		before = lease->bodies;
		commit(peer, lease, message, fields);
		if (peer->lose_acks > 0) {
			peer->lose_acks--;
		} else {
			reply_ack(peer, n, (int64_t)(lease->bodies - before), lease->fence);
		}
	}
}

static void on_targets(struct ingest_peer *peer, const struct wire_fields *fields)
{
	struct peer_lease *lease = lease_at(peer, fields);
	const msgpack_object_array *list;

	if (lease && wire_array(fields, 1, &list)) {
		peer->target_count = list->size;
		reply_ack(peer, 0, list->size, lease->fence);
	}
}

static void on_heartbeat(struct ingest_peer *peer)
{
	struct wire_head head;
	uint32_t count = 0;

	peer->heartbeats++;
	for (size_t i = 0; i < peer->lease_count; i++) {
		count += peer->leases[i].current;
	}
	wire_begin(&head, "alive", 1);
	wire_put_array(&head, count);
	for (size_t i = 0; i < peer->lease_count; i++) {
		if (peer->leases[i].current) {
			wire_put_array(&head, peer->share ? 3 : 2);
			wire_put_int(&head, peer->leases[i].fence);
			wire_put_int(&head, peer->leases[i].last_n);
			if (peer->share) {
				wire_put_int(&head, peer->share);
			}
		}
	}
	reply(peer, &head);
}

static void read_why(struct ingest_peer *peer, const struct wire_fields *fields)
{
	struct text why = {0};

	wire_text(fields, 4, &why);
	snprintf(peer->why, sizeof peer->why, "%.*s", (int)why.size, why.at ? why.at : "");
}

static void on_done(struct ingest_peer *peer, const struct wire_fields *fields)
{
	struct peer_lease *lease = lease_at(peer, fields);

	if (lease && peer->lose_dones > 0) {
		peer->lose_dones--;
	} else if (lease) {
		peer->dones++;
		peer->next_due_ms = peer->remaining = -1;
		wire_int(fields, 1, &peer->next_due_ms);
		read_why(peer, fields);
		wire_int(fields, 2, &peer->remaining);
		peer->settled = wire_true(fields, 5);
		lease->current = false;
		reply_ack(peer, lease->last_n, 0, lease->fence);
	}
}

static void handle(struct ingest_peer *peer, const struct wire_message *message)
{
	struct wire_fields fields;
	struct err err;
	int64_t version;

	cr_assert(wire_read(message, &fields, &version, &err) == OK, "%s", err.text);
	cr_assert(version == 1);
	if (text_is(fields.command, "claim")) {
		on_claim(peer);
	} else if (text_is(fields.command, "publish")) {
		on_publish(peer, message, &fields);
	} else if (text_is(fields.command, "targets")) {
		on_targets(peer, &fields);
	} else if (text_is(fields.command, "heartbeat")) {
		on_heartbeat(peer);
	} else {
		cr_assert(text_is(fields.command, "done"));
		on_done(peer, &fields);
	}
	wire_fields_fini(&fields);
}

static int on_readable(zloop_t *loop, zsock_t *socket, void *argument)
{
	struct ingest_peer *peer = argument;
	struct wire_message message = {0};
	struct err err;

	(void)loop;
	while (peer->router && wire_receive(zsock_resolve(socket), &peer->identity, &message, &err) == OK) {
		handle(peer, &message);
	}
	wire_fini(&message);
	return 0;
}

void ingest_peer_init(struct ingest_peer *peer, zloop_t *loop)
{
	*peer = (struct ingest_peer){.loop = loop, .target = "buildkite:acme/web"};
	zmq_msg_init(&peer->identity);
	snprintf(peer->endpoint, sizeof peer->endpoint, "ipc:///tmp/ingest-peer-%ld.ipc", (long)getpid());
}

void ingest_peer_bind(struct ingest_peer *peer)
{
	peer->router = zsock_new(ZMQ_ROUTER);
	zsock_set_linger(peer->router, 0);
	cr_assert(zmq_bind(zsock_resolve(peer->router), peer->endpoint) == 0);
	zloop_reader(peer->loop, peer->router, on_readable, peer);
}

void ingest_peer_kill(struct ingest_peer *peer)
{
	if (peer->router) {
		zloop_reader_end(peer->loop, peer->router);
		zsock_destroy(&peer->router);
	}
}

void ingest_peer_fini(struct ingest_peer *peer)
{
	ingest_peer_kill(peer);
	zmq_msg_close(&peer->identity);
	unlink(peer->endpoint + strlen("ipc://"));
}

struct wait {
	bool (*done)(void *arg);
	void *arg;
	bool reached;
};

static int on_look(zloop_t *loop, int timer, void *argument)
{
	struct wait *wait = argument;

	(void)loop;
	(void)timer;
	wait->reached = wait->done(wait->arg);
	return wait->reached ? -1 : 0;
}

static int on_late(zloop_t *loop, int timer, void *argument)
{
	(void)loop;
	(void)timer;
	(void)argument;
	return -1;
}

bool loop_until(zloop_t *loop, bool (*done)(void *arg), void *arg, int ms)
{
	struct wait wait = {.done = done, .arg = arg};
	int look = zloop_timer(loop, 2, 0, on_look, &wait),
	    late = zloop_timer(loop, (size_t)ms, 1, on_late, NULL);

	zloop_start(loop);
	zloop_timer_end(loop, look);
	zloop_timer_end(loop, late);
	return wait.reached;
}

static bool at_least(void *arg)
{
	const int **pair = arg;

	return *pair[0] >= *pair[1];
}

bool loop_reaches(zloop_t *loop, const int *counter, int value, int ms)
{
	const int *pair[] = {counter, &value};

	return loop_until(loop, at_least, pair, ms);
}
