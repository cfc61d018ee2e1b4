/* SPDX-License-Identifier: MIT */
#include "common/handshake.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A hub that stops in the middle of a handshake ends one without a word; one that can't read ours ends each.
 */
#define CUT_MAX 3

#define EVENTS                                                                                               \
	(ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |                                   \
	 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)

enum status handshake_watch(struct handshake *handshake, void *zmq, void *socket, const char *endpoint,
			    bool curve, struct err *err)
{
	/* An address is free only some time after its socket was closed. Threads of the store's page come
	 * here too. */
	static atomic_uint count;
	char address[64];

	*handshake = (struct handshake){.socket = socket, .endpoint = endpoint, .curve = curve};
	snprintf(address, sizeof address, "inproc://handshake-%u", atomic_fetch_add(&count, 1));
	handshake->monitor = zmq_socket(zmq, ZMQ_PAIR);
	if (!handshake->monitor || zmq_socket_monitor(socket, address, EVENTS) != 0 ||
	    zmq_connect(handshake->monitor, address) != 0) {
		err_set(err, ERR_SYS, "can't watch %s: %s", endpoint, zmq_strerror(errno));
		handshake_end(handshake);
		return ERR_SYS;
	}
	return OK;
}

/* The number that comes with the event; 0: nothing is there. */
static uint16_t take_event(void *monitor, uint32_t *value)
{
	uint16_t event = 0;
	zmq_msg_t frame;
	bool first = true, more = true;

	while (more) {
		zmq_msg_init(&frame);
		if (zmq_msg_recv(&frame, monitor, ZMQ_DONTWAIT) < 0) {
			more = false;
		} else if (first && zmq_msg_size(&frame) == sizeof event + sizeof *value) {
			memcpy(&event, zmq_msg_data(&frame), sizeof event);
			memcpy(value, (char *)zmq_msg_data(&frame) + sizeof event, sizeof *value);
		}
		more = more && zmq_msg_more(&frame);
		first = false;
		zmq_msg_close(&frame);
	}
	return event;
}

static bool is_mechanism(uint32_t value)
{
	return value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH;
}

static void tell_protocol(const struct handshake *handshake, uint32_t value, struct err *err)
{
	if (!is_mechanism(value)) {
		err_set(err, ERR_REMOTE, "%s does not speak as a hub does (ZMTP error 0x%x)",
			handshake->endpoint, value);
	} else if (handshake->curve) {
		err_set(err, ERR_REMOTE,
			"the hub at %s does not use CURVE: give it bus.curve too, or take bus.curve away "
			"here",
			handshake->endpoint);
	} else {
		err_set(err, ERR_REMOTE,
			"the hub at %s asks for a certificate: `buildbus keys new` makes one for "
			"bus.curve.certificate",
			handshake->endpoint);
	}
}

/* Two that don't speak the same end the connection both; who is second is not told why. */
static void tell_cut(const struct handshake *handshake, struct err *err)
{
	err_set(err, ERR_REMOTE,
		handshake->curve
			? "the hub at %s ends each handshake: is bus.curve.server_key its public key, "
			  "and does it use CURVE?"
			: "the hub at %s ends each handshake: if it asks for a certificate, `buildbus "
			  "keys new` makes one for bus.curve.certificate",
		handshake->endpoint);
}

bool handshake_refused(struct handshake *handshake, struct err *err)
{
	uint32_t value = 0;

	for (uint16_t event; (event = take_event(handshake->monitor, &value)) != 0;) {
		if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
			handshake->cut = 0;
		} else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
			err_set(err, ERR_REMOTE,
				"the hub at %s does not admit this certificate: its public half belongs "
				"into the hub's bus.curve.clients_dir, then the hub needs SIGHUP",
				handshake->endpoint);
			return true;
		} else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
			tell_protocol(handshake, value, err);
			return true;
		} else if (++handshake->cut >= CUT_MAX) {
			tell_cut(handshake, err);
			return true;
		}
	}
	return false;
}

static int on_monitor(zloop_t *loop, zmq_pollitem_t *item, void *argument)
{
	struct handshake *handshake = argument;
	struct err err;

	(void)loop, (void)item;
	if (handshake_refused(handshake, &err)) {
		handshake->refused(handshake->context, err.text);
	}
	return 0;
}

enum status handshake_tell(struct handshake *handshake, zloop_t *loop,
			   void (*refused)(void *context, const char *why), void *context, struct err *err)
{
	zmq_pollitem_t item = {.socket = handshake->monitor, .events = ZMQ_POLLIN};

	if (zloop_poller(loop, &item, on_monitor, handshake) != 0) {
		return err_set(err, ERR_SYS, "can't watch %s", handshake->endpoint);
	}
	zloop_poller_set_tolerant(loop, &item);
	handshake->loop = loop;
	handshake->refused = refused;
	handshake->context = context;
	return OK;
}

void handshake_end(struct handshake *handshake)
{
	zmq_pollitem_t item = {.socket = handshake->monitor};

	if (handshake->loop) {
		zloop_poller_end(handshake->loop, &item);
	}
	if (handshake->socket) {
		zmq_socket_monitor(handshake->socket, NULL, 0);
	}
	if (handshake->monitor) {
		zmq_close(handshake->monitor);
	}
	*handshake = (struct handshake){0};
}
