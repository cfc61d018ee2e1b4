/* SPDX-License-Identifier: MIT */
#include "common/tap/live.h"
#include "common/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#define PLACE_DEPTH 4     /* of arrays: what later versions nest */
#define QUEUE_MAX   10000 /* records that wait for the reader here */
#define AWAY_EVENTS ZMQ_EVENT_DISCONNECTED
#define REFUSED_EVENTS                                                                                       \
	(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |                        \
	 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

static enum status watch(struct live *live, const struct tap_peer *peer, struct err *err)
{
	char address[64];

	snprintf(address, sizeof address, "inproc://%s", live->hello);
	live->monitor = zmq_socket(peer->context, ZMQ_PAIR);
	if (!live->monitor || zmq_socket_monitor(live->socket, address, AWAY_EVENTS | REFUSED_EVENTS) != 0 ||
	    zmq_connect(live->monitor, address) != 0) {
		return err_sys(err, "the connection can't be watched");
	}
	return OK;
}

static enum status subscribe(struct live *live, struct text topic, struct err *err)
{
	return zmq_setsockopt(live->socket, ZMQ_SUBSCRIBE, topic.at, topic.size) == 0
		       ? OK
		       : err_sys(err, "can't subscribe");
}

/* `hello.` sorts after `build.`: a socket that connects again repeats its subscriptions in that order, so the
 * answer still comes after all others count. */
static enum status subscribe_all(struct live *live, const struct topics *topics, struct err *err)
{
	enum status status = topics_all(topics) ? subscribe(live, TEXT("build."), err) : OK;

	for (size_t i = 0; status == OK && i < topics->count && !topics_all(topics); i++) {
		status = subscribe(live, topics_subscription(topics, i), err);
	}
	return status == OK ? subscribe(live, text_of(live->hello), err) : status;
}

enum status live_open(struct live *live, const struct tap_peer *peer, const struct topics *topics,
		      struct err *err)
{
	int queue = QUEUE_MAX;
	uint64_t nonce;
	enum status status;

	if (getrandom(&nonce, sizeof nonce, 0) != sizeof nonce) {
		return err_sys(err, "getrandom");
	}
	snprintf(live->hello, sizeof live->hello, "hello.%016" PRIx64, nonce);
	live->socket = peer_socket(peer, ZMQ_SUB, err);
	if (!live->socket) {
		return err->status;
	}
	zmq_setsockopt(live->socket, ZMQ_RCVHWM, &queue, sizeof queue);
	if ((status = watch(live, peer, err)) != OK || (status = subscribe_all(live, topics, err)) != OK) {
		return status;
	}
	live->asked = true;
	live->asked_ms = peer_now_ms();
	return peer_connect(live->socket, "tap", peer->tap, err);
}

void live_close(struct live *live)
{
	if (live->monitor) {
		zmq_close(live->monitor);
	}
	if (live->socket) {
		zmq_close(live->socket);
	}
	wire_fini(&live->message);
	*live = (struct live){0};
}

void live_ask(struct live *live)
{
	zmq_setsockopt(live->socket, ZMQ_UNSUBSCRIBE, live->hello, strlen(live->hello));
	zmq_setsockopt(live->socket, ZMQ_SUBSCRIBE, live->hello, strlen(live->hello));
	live->asked = true;
	live->asked_ms = peer_now_ms();
}

/* A monitor's message: 16 bits of event, 32 of value; then an address. */
static enum live_kind read_monitor(struct live *live)
{
	struct wire_message message = {0};
	enum live_kind kind = LIVE_NOTHING;
	uint16_t event = 0;
	struct err err;

	if (wire_receive(live->monitor, NULL, &message, &err) == OK &&
	    zmq_msg_size(&message.frames[0]) >= sizeof event) {
		memcpy(&event, zmq_msg_data(&message.frames[0]), sizeof event);
		kind = event & REFUSED_EVENTS ? LIVE_REFUSED : event & AWAY_EVENTS ? LIVE_AWAY : LIVE_NOTHING;
	}
	wire_fini(&message);
	return kind;
}

static bool read_head(zmq_msg_t *frame, struct live_news *news)
{
	int64_t *const fields[] = {&news->epoch, &news->seq, &news->prev, &news->published_at};
	msgpack_unpacked unpacked;
	bool good;

	msgpack_unpacked_init(&unpacked);
	good = msgpack_check(zmq_msg_data(frame), zmq_msg_size(frame), PLACE_DEPTH, NULL) == OK &&
	       msgpack_unpack_next(&unpacked, zmq_msg_data(frame), zmq_msg_size(frame), NULL) ==
		       MSGPACK_UNPACK_SUCCESS &&
	       unpacked.data.type == MSGPACK_OBJECT_ARRAY && unpacked.data.via.array.size >= 4;
	for (size_t i = 0; good && i < 4; i++) {
		const msgpack_object *value = &unpacked.data.via.array.ptr[i];

		good = value->type == MSGPACK_OBJECT_POSITIVE_INTEGER && value->via.u64 <= INT64_MAX;
		*fields[i] = good ? (int64_t)value->via.u64 : 0;
	}
	msgpack_unpacked_destroy(&unpacked);
	return good;
}

static enum live_kind read_message(struct live *live, struct live_news *news)
{
	zmq_msg_t *frames = live->message.frames;

	if (live->message.count < 3 || !read_head(&frames[1], news)) {
		return LIVE_NOTHING;
	}
	news->topic = (struct text){zmq_msg_data(&frames[0]), zmq_msg_size(&frames[0])};
	news->record = wire_body_at(&live->message, 1);
	if (text_is(news->topic, live->hello)) {
		live->asked = false;
		live->connected = true;
		return LIVE_HELLO;
	}
	return news->topic.size > 6 && memcmp(news->topic.at, "build.", 6) == 0 ? LIVE_RECORD : LIVE_NOTHING;
}

enum live_kind live_next(struct live *live, struct live_news *news)
{
	enum live_kind kind = LIVE_NOTHING;
	enum status status = OK;
	struct err err;

	/* What came before the connection ended is read first. */
	while (kind == LIVE_NOTHING && status != ERR_AGAIN && status != ERR_SYS) {
		status = wire_receive(live->socket, NULL, &live->message, &err);
		if (status == OK) {
			kind = read_message(live, news);
		}
	}
	if (kind == LIVE_NOTHING) {
		kind = read_monitor(live);
		live->connected &= kind == LIVE_NOTHING;
	}
	return kind;
}
