/* SPDX-License-Identifier: MIT */
#include "common/dealer.h"
#include "common/backoff.h"
#include "common/tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINGER_MS        500 /* at close: a last `done` or `ack` may still leave */
#define RECONNECT_MS     20  /* first; doubles */
#define RECONNECT_MAX_MS 1000
#define TCP_PING_MS      2000 /* ZMTP heartbeats: a host that vanished sends no FIN */
#define TCP_PING_WAIT_MS 6000
#define QUEUE_MAX        256 /* messages in each direction */
#define TURN_MAX         128 /* messages handled in one turn of the loop */
#define REFUSED_MS       100 /* after a refusal; doubles */
#define REFUSED_MAX_MS   2000

static bool is_tcp(const char *endpoint)
{
	return strncmp(endpoint, "tcp://", 6) == 0;
}

static void set_int(void *socket, int option, int value)
{
	zmq_setsockopt(socket, option, &value, sizeof value);
}

static void set_options(struct dealer *dealer)
{
	void *socket = zsock_resolve(dealer->socket);

	set_int(socket, ZMQ_LINGER, LINGER_MS);
	set_int(socket, ZMQ_IMMEDIATE, 1);
	set_int(socket, ZMQ_SNDHWM, QUEUE_MAX);
	set_int(socket, ZMQ_RCVHWM, QUEUE_MAX);
	set_int(socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
	set_int(socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
	tcp_set_patience(socket);
	if (is_tcp(dealer->endpoint)) {
		set_int(socket, ZMQ_HEARTBEAT_IVL, TCP_PING_MS);
		set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, TCP_PING_WAIT_MS);
	}
}

static void unwatch(struct dealer *dealer)
{
	zmq_pollitem_t item = {.socket = zsock_resolve(dealer->socket)};

	zloop_poller_end(dealer->loop, &item);
}

static int on_ready(zloop_t *loop, zmq_pollitem_t *item, void *argument);

static enum status watch(struct dealer *dealer, struct err *err)
{
	zmq_pollitem_t item = {
		.socket = zsock_resolve(dealer->socket),
		.events = (short)(ZMQ_POLLIN | (dealer->waits ? ZMQ_POLLOUT : 0)),
	};

	if (zloop_poller(dealer->loop, &item, on_ready, dealer) != 0) {
		return err_set(err, ERR_SYS, "can't watch %s", dealer->endpoint);
	}
	zloop_poller_set_tolerant(dealer->loop, &item);
	return OK;
}

/* Asks the poller for room only while somebody waits: a DEALER is writable nearly always. */
static void set_waits(struct dealer *dealer, bool waits)
{
	if (dealer->waits == waits) {
		return;
	}
	dealer->waits = waits;
	unwatch(dealer);
	/* Only memory can fail here, and a zloop without memory ends by itself. */
	if (watch(dealer, NULL) != OK) {
		dealer->waits = !waits;
	}
}

static void receive_one(struct dealer *dealer)
{
	struct wire_fields fields;
	struct err err;
	int64_t version;
	enum status status = wire_read(&dealer->in, &fields, &version, &err);

	/* A head that can't be read is dropped: the numbers of the protocol find what is missing. */
	if (status == OK) {
		dealer->refusals = 0;
		dealer->events->message(dealer->context, &dealer->in, &fields, version);
	}
	wire_fields_fini(&fields);
}

static void receive(struct dealer *dealer)
{
	struct err err;
	enum status status = OK;

	for (int i = 0; i < TURN_MAX && dealer->socket; i++) {
		status = wire_receive(zsock_resolve(dealer->socket), NULL, &dealer->in, &err);
		if (status == OK) {
			receive_one(dealer);
		} else if (status != ERR_DATA) {
			return;
		}
	}
}

static int on_ready(zloop_t *loop, zmq_pollitem_t *item, void *argument)
{
	struct dealer *dealer = argument;

	(void)loop;
	if (item->revents & ZMQ_POLLOUT && dealer->waits) {
		set_waits(dealer, false);
		dealer->events->writable(dealer->context);
	}
	receive(dealer);
	wire_clear(&dealer->in);
	return 0;
}

static void close_socket(struct dealer *dealer)
{
	if (dealer->socket) {
		handshake_end(&dealer->handshake);
		unwatch(dealer);
		zsock_destroy(&dealer->socket);
	}
}

void dealer_renew(struct dealer *dealer)
{
	close_socket(dealer);
	alarm_by(&dealer->alarm, zclock_mono() + backoff_ms(dealer->refusals++, REFUSED_MS, REFUSED_MAX_MS));
}

static void on_refused(void *context, const char *why)
{
	struct dealer *dealer = context;

	dealer_renew(dealer);
	dealer->events->refused(dealer->context, why);
}

static enum status connect_socket(struct dealer *dealer, struct err *err)
{
	enum status status;
	void *socket;

	dealer->socket = zsock_new(ZMQ_DEALER);
	if (!dealer->socket) {
		return err_set(err, ERR_SYS, "can't create a socket: %s", zmq_strerror(errno));
	}
	socket = zsock_resolve(dealer->socket);
	set_options(dealer);
	if ((status = curve_dress(&dealer->curve, socket, err)) != OK ||
	    (status = handshake_watch(&dealer->handshake, zsys_init(), socket, dealer->endpoint,
				      dealer->curve.certificate, err)) != OK ||
	    (status = handshake_tell(&dealer->handshake, dealer->loop, on_refused, dealer, err)) != OK) {
		return status;
	}
	if (zmq_connect(socket, dealer->endpoint) != 0) {
		return err_set(err, ERR_CONFIG, "%s: %s", dealer->endpoint, zmq_strerror(errno));
	}
	return watch(dealer, err);
}

static void on_alarm(void *context)
{
	struct dealer *dealer = context;
	struct err err;

	if (connect_socket(dealer, &err) != OK) {
		on_refused(dealer, err.text);
	}
}

enum status dealer_open(struct dealer *dealer, zloop_t *loop, const struct bus_config *bus,
			const struct dealer_events *events, void *context, struct err *err)
{
	*dealer = (struct dealer){.loop = loop, .events = events, .context = context};
	alarm_init(&dealer->alarm, loop, on_alarm, dealer);
	dealer->endpoint = strdup(bus->ingest);
	if (!dealer->endpoint) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	return curve_init(&dealer->curve, bus, err) == OK ? connect_socket(dealer, err) : err->status;
}

enum status dealer_send(struct dealer *dealer, struct wire_message *message, struct err *err)
{
	enum status status;

	if (!dealer->socket) {
		dealer->waits = true;
		return ERR_AGAIN;
	}
	status = wire_send(zsock_resolve(dealer->socket), NULL, message, err);
	if (status == ERR_AGAIN) {
		set_waits(dealer, true);
	}
	return status;
}

void dealer_close(struct dealer *dealer)
{
	close_socket(dealer);
	alarm_fini(&dealer->alarm);
	curve_fini(&dealer->curve);
	wire_fini(&dealer->in);
	free(dealer->endpoint);
	*dealer = (struct dealer){0};
}
