/* SPDX-License-Identifier: MIT */
#include "common/record.h"
#include "normalizer/batch.h"
#include "normalizer/hub.h"
#include "normalizer/recent.h"
#include "normalizer/socket.h"

#include <stdlib.h>

#define MESSAGES_A_TURN 1000
#define HELLO           "hello." /* a subscription to it is answered, once it and all before it count */

/* Of a listener that doesn't read so many records wait, then those that follow are dropped for it alone. What
 * it sends are subscriptions. */
static const struct socket_plan tap_plan = {
	.key = "tap",
	.type = ZMQ_XPUB,
	.in_max = 1000,
	.out_max = 1000,
	.message_max = 4096, /* each topic is kept, for as long as its listener */
};

/* `build.<provider>.<slug parts>.<state>`. Parts of an id are percent-encoded as here, but for `.` and `~`.
 */
static size_t put_topic(char *out, struct text id, const char *state)
{
	const char *slash = memrchr(id.at, '/', id.size);
	size_t size = slash ? (size_t)(slash - id.at) : id.size;
	char *to = stpcpy(out, "build.");

	for (size_t i = 0; i < size; i++) {
		if (id.at[i] == '.' || id.at[i] == '~') {
			to = stpcpy(to, id.at[i] == '.' ? "%2E" : "%7E");
		} else {
			*to++ = id.at[i] == '/' ? '.' : id.at[i];
		}
	}
	*to++ = '.';
	to = stpcpy(to, state ? state : "");
	return (size_t)(to - out);
}

static enum status make_topic(zmq_msg_t *topic, const struct build *build, struct err *err)
{
	size_t room = build->id.size * 3 + 32;
	char *text = malloc(room);
	size_t size = text ? put_topic(text, build->id, state_words[build->state]) : 0;

	if (!text || zmq_msg_init_size(topic, size) != 0) {
		free(text);
		return err_set(err, ERR_SYS, "out of memory for a topic");
	}
	memcpy(zmq_msg_data(topic), text, size);
	free(text);
	return OK;
}

enum status tap_add(struct tap *tap, const struct build *build, int64_t seq, int64_t prev, struct err *err)
{
	enum status status;

	if (!tap->used) {
		return OK;
	}
	if (tap->count == tap->capacity) {
		size_t capacity = tap->capacity ? tap->capacity * 2 : BATCH_RECORDS_MAX;
		struct tapped *batch = realloc(tap->batch, capacity * sizeof *batch);
		if (!batch) {
			return err_set(err, ERR_SYS, "out of memory for the tap");
		}
		tap->batch = batch;
		tap->capacity = capacity;
	}
	status = make_topic(&tap->batch[tap->count].topic, build, err);
	if (status == OK) {
		tap->batch[tap->count].seq = seq;
		tap->batch[tap->count++].prev = prev;
	}
	return status;
}

void tap_drop(struct tap *tap)
{
	while (tap->count > 0) {
		zmq_msg_close(&tap->batch[--tap->count].topic);
	}
}

/* An XPUB never blocks: what a listener has no room for is dropped for it. */
static void send_part(void *socket, zmq_msg_t *part, int flags)
{
	if (zmq_msg_send(part, socket, flags | ZMQ_DONTWAIT) < 0) {
		zmq_msg_close(part);
	}
}

static void send_head(struct hub *hub, int64_t seq, int64_t prev, int64_t at)
{
	msgpack_packer packer;
	zmq_msg_t part;

	msgpack_sbuffer_clear(&hub->tap.head);
	msgpack_packer_init(&packer, &hub->tap.head, msgpack_sbuffer_write);
	msgpack_pack_array(&packer, 4);
	msgpack_pack_int64(&packer, hub->epoch);
	msgpack_pack_int64(&packer, seq);
	msgpack_pack_int64(&packer, prev);
	msgpack_pack_int64(&packer, at);
	zmq_msg_init_size(&part, hub->tap.head.size);
	memcpy(zmq_msg_data(&part), hub->tap.head.data, hub->tap.head.size);
	send_part(zsock_resolve(hub->tap.socket), &part, ZMQ_SNDMORE);
}

/* From the ring, or from the log where the transaction was bigger than that. */
static bool read_record(struct hub *hub, int64_t seq, zmq_msg_t *part)
{
	zmq_msg_t *recent = recent_get(&hub->recent, seq);
	sqlite3_stmt *row = NULL;
	struct text record = {0};
	struct err err;

	zmq_msg_init(part);
	if (recent) {
		return zmq_msg_copy(part, recent) == 0;
	}
	if (db_query(&hub->db, SQL_LOG_GET, &row, &err, "i", seq) == OK && row) {
		record = db_text(row, 1);
	}
	if (record.at && zmq_msg_init_size(part, record.size) == 0) {
		memcpy(zmq_msg_data(part), record.at, record.size);
	} else {
		record.at = NULL;
	}
	db_done(&hub->db, SQL_LOG_GET);
	return record.at != NULL;
}

static void publish(struct hub *hub, struct tapped *tapped, int64_t at)
{
	void *socket = zsock_resolve(hub->tap.socket);
	zmq_msg_t record;

	if (!read_record(hub, tapped->seq, &record)) {
		return; /* a gap that the feed fills */
	}
	send_part(socket, &tapped->topic, ZMQ_SNDMORE);
	zmq_msg_init(&tapped->topic);
	send_head(hub, tapped->seq, tapped->prev, at);
	send_part(socket, &record, 0);
	++*hub->counts.tapped;
}

void tap_publish(struct hub *hub)
{
	int64_t at = wall_ms();

	for (size_t i = 0; i < hub->tap.count; i++) {
		publish(hub, &hub->tap.batch[i], at);
	}
	tap_drop(&hub->tap);
}

/* Says under the topic that was asked for what the newest record is: who hears that misses none after it. */
static void say_hello(struct hub *hub, const char *topic, size_t size)
{
	static const char body[] = "\x81\xa4type\xa5hello";
	zmq_msg_t name, part;

	zmq_msg_init_size(&name, size);
	memcpy(zmq_msg_data(&name), topic, size);
	zmq_msg_init_size(&part, sizeof body - 1);
	memcpy(zmq_msg_data(&part), body, sizeof body - 1);
	send_part(zsock_resolve(hub->tap.socket), &name, ZMQ_SNDMORE);
	send_head(hub, hub->head, hub->head, wall_ms());
	send_part(zsock_resolve(hub->tap.socket), &part, 0);
}

/* 1 and a topic: a subscription; 0 and a topic: its end. Anything else is nobody's business. */
static void on_subscription(struct hub *hub, const char *at, size_t size)
{
	if (size < 1 || *at != 1) {
		return;
	}
	if (!hub->tap.used) {
		hub->tap.used = true;
		batch_end(hub, NULL); /* what it has was not prepared: its records go before the answer */
	}
	if (size > strlen(HELLO) && memcmp(at + 1, HELLO, strlen(HELLO)) == 0) {
		say_hello(hub, at + 1, size - 1);
	}
}

static int on_tap(zloop_t *loop, zsock_t *socket, void *arg)
{
	struct hub *hub = arg;
	zmq_msg_t part;
	int size = 0;

	(void)loop;
	for (int i = 0; i < MESSAGES_A_TURN && size >= 0; i++) {
		zmq_msg_init(&part);
		size = zmq_msg_recv(&part, zsock_resolve(socket), ZMQ_DONTWAIT);
		if (size >= 0) {
			on_subscription(hub, zmq_msg_data(&part), (size_t)size);
		}
		zmq_msg_close(&part);
	}
	return 0;
}

static void begin_to_hear(struct hub *hub)
{
	zsock_set_xpub_verbose(hub->tap.socket, 1); /* a reconnected one asks again under its topic */
	zloop_reader(hub->context->loop, hub->tap.socket, on_tap, hub);
}

enum status tap_open(struct hub *hub, struct err *err)
{
	const struct bus_config *bus = &hub->context->config.bus;
	enum status status;

	if (bus->sync) {
		return OK;
	}
	status = socket_bind(&hub->door, &hub->tap.socket, &tap_plan, bus->tap, err);
	if (status == OK) {
		begin_to_hear(hub);
	}
	return status;
}

void tap_renew(struct hub *hub)
{
	struct err err;

	if (!hub->tap.socket) {
		return;
	}
	zloop_reader_end(hub->context->loop, hub->tap.socket);
	if (socket_renew(&hub->door, &hub->tap.socket, &tap_plan, &err) == OK) {
		begin_to_hear(hub);
	} else {
		process_stop(hub->context, ERR_SYS, &err); /* the next start finds the address free */
	}
}

void tap_fini(struct tap *tap)
{
	tap_drop(tap);
	free(tap->batch);
	msgpack_sbuffer_destroy(&tap->head);
	zsock_destroy(&tap->socket);
	*tap = (struct tap){0};
}
