/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"
#include "common/feed_private.h"
#include "common/process.h"
#include "common/tcp.h"

#include <stdlib.h>

#define ATTACH_WAIT_MS   1000 /* for an answer, doubled each time … */
#define ATTACH_CAP_MS    10000
#define RETRY_BASE_MS    50 /* between attaches that were refused */
#define RETRY_CAP_MS     5000
#define REFUSED_CAP_MS   2000  /* between handshakes that were refused */
#define SILENCE_MS       10000 /* without a word from the hub: shorter than the life of a session */
#define DETACH_WAIT_MS   1000
#define ORPHAN_WAIT_MS   100 /* the hub ends as well */
#define UNANSWERED_MAX   3   /* heartbeats in a row that are sent into silence */
#define MESSAGES_A_TURN  64  /* then the loop's other events get their turn */
#define RECONNECT_MS     20
#define RECONNECT_MAX_MS 1000

static int on_timer(zloop_t *loop, int timer, void *arg);
static int on_message(zloop_t *loop, zmq_pollitem_t *item, void *arg);

static int64_t detach_wait_ms(void)
{
	return process_orphaned() ? ORPHAN_WAIT_MS : DETACH_WAIT_MS;
}

void feed_enter(struct feed_client *client, enum feed_state state, int64_t wait_ms)
{
	if (client->timer >= 0) {
		zloop_timer_end(client->loop, client->timer);
		client->timer = -1;
	}
	client->state = state;
	if (wait_ms >= 0) {
		client->timer = zloop_timer(client->loop, (size_t)wait_ms, 1, on_timer, client);
	}
}

void feed_end(struct feed_client *client, const struct err *err)
{
	feed_enter(client, FEED_ENDED, -1);
	if (err) {
		client->events->failed(client->context, err);
	} else {
		client->events->detached(client->context);
	}
}

static void begin_to_wait(struct feed_client *client, int64_t wait_ms)
{
	client->question_count = 0;
	client->credit_left = 0;
	feed_enter(client, FEED_WAITING, wait_ms);
}

void feed_lose(struct feed_client *client, int64_t wait_ms, const char *why)
{
	if (client->state == FEED_DETACHING || client->leaving) {
		feed_end(client, NULL);
		return;
	}
	begin_to_wait(client, wait_ms);
	client->events->waiting(client->context, why);
}

void feed_refused(void *context, const char *why)
{
	struct feed_client *client = context;

	if (client->state == FEED_DETACHING || client->leaving) {
		feed_end(client, NULL);
	} else if (client->state != FEED_ENDED) {
		client->worn_socket = true;
		begin_to_wait(client, backoff_ms(client->tries++, RETRY_BASE_MS, REFUSED_CAP_MS));
		client->events->refused(client->context, why);
	}
}

int64_t feed_wait_ms(struct feed_client *client, int64_t asked_ms)
{
	int64_t own_ms = backoff_ms(client->tries, RETRY_BASE_MS, RETRY_CAP_MS);

	return own_ms > asked_ms ? own_ms : asked_ms;
}

/* A send that fails is a loss like any other: the queue of a live hub is never full. */
static bool sent(struct feed_client *client, enum status status, const struct err *err)
{
	if (status != OK) {
		client->worn_socket = true;
		feed_lose(client, feed_wait_ms(client, 0),
			  status == ERR_AGAIN ? "the hub takes nothing" : err->text);
	}
	return status == OK;
}

static void socket_close(struct feed_client *client)
{
	zmq_pollitem_t item = {.socket = client->socket ? zsock_resolve(client->socket) : NULL};

	if (client->socket) {
		handshake_end(&client->handshake);
		zloop_poller_end(client->loop, &item);
		zsock_destroy(&client->socket);
	}
}

static void set_options(struct feed_client *client)
{
	zsock_set_linger(client->socket, 0);
	zsock_set_reconnect_ivl(client->socket, RECONNECT_MS);
	zsock_set_reconnect_ivl_max(client->socket, RECONNECT_MAX_MS);
	/* Credit bounds what arrives: a high-water mark could only make the hub drop it. */
	zsock_set_rcvhwm(client->socket, 0);
	zsock_set_heartbeat_ivl(client->socket, WIRE_HEARTBEAT_MS);
	zsock_set_heartbeat_timeout(client->socket, SILENCE_MS);
	tcp_set_patience(zsock_resolve(client->socket));
}

static enum status socket_connect(struct feed_client *client, struct err *err)
{
	zmq_pollitem_t item = {.socket = zsock_resolve(client->socket), .events = ZMQ_POLLIN};
	enum status status;

	if ((status = curve_dress(&client->curve, item.socket, err)) != OK ||
	    (status = handshake_watch(&client->handshake, zsys_init(), item.socket, client->endpoint,
				      client->curve.certificate, err)) != OK ||
	    (status = handshake_tell(&client->handshake, client->loop, feed_refused, client, err)) != OK) {
		return status;
	}
	if (zmq_connect(item.socket, client->endpoint) != 0) {
		return err_set(err, ERR_CONFIG, "bus.feed: can't connect to %s: %s", client->endpoint,
			       zmq_strerror(errno));
	}
	zloop_poller(client->loop, &item, on_message, client);
	zloop_poller_set_tolerant(client->loop, &item);
	client->worn_socket = false;
	return OK;
}

static enum status socket_open(struct feed_client *client, struct err *err)
{
	enum status status;

	client->socket = zsock_new(ZMQ_DEALER);
	if (!client->socket) {
		return err_sys(err, "a socket for the feed");
	}
	set_options(client);
	status = socket_connect(client, err);
	if (status != OK) {
		socket_close(client);
	}
	return status;
}

static void attach(struct feed_client *client)
{
	struct err err = {0};
	enum status status = OK;

	if (client->worn_socket) {
		socket_close(client);
		status = socket_open(client, &err);
	}
	if (status == OK) {
		status = feed_send_attach(client, &err);
	}
	if (sent(client, status, &err)) {
		feed_enter(client, FEED_ATTACHING,
			   backoff_limit_ms(client->tries, ATTACH_WAIT_MS, ATTACH_CAP_MS));
		client->tries++;
	}
}

static int on_timer(zloop_t *loop, int timer, void *arg)
{
	struct feed_client *client = arg;

	(void)loop, (void)timer;
	client->timer = -1;
	if (client->state == FEED_WAITING) {
		attach(client);
	} else if (client->state == FEED_ATTACHING) {
		/* What is queued in the old socket would only confuse, and a CURVE client that was refused
		 * once never tries again by itself. */
		client->worn_socket = true;
		feed_lose(client, 0, "the hub does not answer");
	} else if (client->state == FEED_DETACHING) {
		feed_end(client, NULL);
	}
	return 0;
}

static bool ask(struct feed_client *client, enum feed_asked asked, int64_t seq)
{
	size_t at = (client->question_first + client->question_count) % FEED_QUESTIONS_MAX;

	if (client->question_count == FEED_QUESTIONS_MAX) {
		return false;
	}
	client->questions[at] = (struct feed_question){asked, seq};
	client->question_count++;
	return true;
}

size_t feed_asked_count(const struct feed_client *client, bool heartbeats)
{
	size_t count = 0;

	for (size_t i = 0; i < client->question_count; i++) {
		size_t at = (client->question_first + i) % FEED_QUESTIONS_MAX;
		count += (client->questions[at].asked == ASKED_HEARTBEAT) == heartbeats;
	}
	return count;
}

void feed_flush_ack(struct feed_client *client)
{
	int64_t seq = client->ack_wanted < client->received ? client->ack_wanted : client->received;
	struct err err = {0};

	if (client->state == FEED_ATTACHED && seq > client->acked && now_ms() >= client->ack_after_ms &&
	    sent(client, feed_send_ack(client, seq, (struct text){0}, &err), &err)) {
		client->acked = seq;
	}
}

static int on_tick(zloop_t *loop, int timer, void *arg)
{
	struct feed_client *client = arg;
	struct err err = {0};

	(void)loop, (void)timer;
	if (client->state != FEED_ATTACHED) {
		return 0;
	}
	if (now_ms() - client->heard_ms > SILENCE_MS) {
		client->worn_socket = true;
		feed_lose(client, 0, "the hub is silent");
	} else if (feed_asked_count(client, true) < UNANSWERED_MAX && ask(client, ASKED_HEARTBEAT, 0) &&
		   sent(client, feed_send_plain(client, "heartbeat", &err), &err)) {
		feed_flush_ack(client);
	}
	return 0;
}

void feed_say_detach(struct feed_client *client)
{
	struct err err = {0};

	feed_enter(client, FEED_DETACHING, detach_wait_ms());
	sent(client, feed_send_plain(client, "detach", &err), &err);
}

static int on_message(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	struct feed_client *client = arg;

	(void)loop, (void)item;
	for (int i = 0; i < MESSAGES_A_TURN && feed_take_message(client); i++) {
	}
	wire_clear(&client->in);
	if (client->state == FEED_ATTACHED) {
		client->events->settled(client->context);
	}
	return 0;
}

enum status feed_client_new(struct feed_client **out, zloop_t *loop, const struct feed_options *options,
			    const struct feed_events *events, void *context, struct err *err)
{
	struct feed_client *client = calloc(1, sizeof *client);
	enum status status = OK;

	if (!client) {
		return err_sys(err, "memory for the feed");
	}
	*client = (struct feed_client){.loop = loop, .events = events, .context = context, .timer = -1};
	client->from = options->from;
	client->from_ms = options->from_ms;
	client->endpoint = strdup(options->bus->feed);
	client->sink = options->sink ? strdup(options->sink) : NULL;
	status = client->endpoint && (client->sink || !options->sink)
			 ? curve_init(&client->curve, options->bus, err)
			 : err_sys(err, "memory for the feed");
	if (status == OK) {
		status = socket_open(client, err);
	}
	client->tick = zloop_timer(loop, WIRE_HEARTBEAT_MS, 0, on_tick, client);
	if (status != OK) {
		feed_client_free(&client);
		return status;
	}
	feed_enter(client, FEED_WAITING, 0);
	*out = client;
	return OK;
}

void feed_client_free(struct feed_client **out)
{
	struct feed_client *client = *out;

	*out = NULL;
	if (!client) {
		return;
	}
	feed_enter(client, FEED_ENDED, -1);
	zloop_timer_end(client->loop, client->tick);
	socket_close(client);
	wire_fini(&client->in);
	curve_fini(&client->curve);
	free(client->endpoint);
	free(client->sink);
	free(client);
}

void feed_client_anew(struct feed_client *client)
{
	client->anew = true;
	if (client->state == FEED_ATTACHED || client->state == FEED_ATTACHING) {
		feed_lose(client, 0, "everything is wanted anew");
	}
}

bool feed_client_attached(const struct feed_client *client)
{
	return client->state == FEED_ATTACHED;
}

int64_t feed_client_received(const struct feed_client *client)
{
	return client->received;
}

int64_t feed_client_credit_left(const struct feed_client *client)
{
	return client->credit_left;
}

void feed_client_credit(struct feed_client *client, int64_t records)
{
	struct err err = {0};

	if (client->state == FEED_ATTACHED && sent(client, feed_send_credit(client, records, &err), &err)) {
		client->credit_left += records;
	}
}

void feed_client_ack(struct feed_client *client, int64_t seq)
{
	if (seq > client->ack_wanted) {
		client->ack_wanted = seq;
	}
	feed_flush_ack(client);
}

enum status feed_client_reject(struct feed_client *client, int64_t seq, const char *reason)
{
	struct err err = {0};

	if (client->state != FEED_ATTACHED || seq > client->received || !ask(client, ASKED_REJECT, seq)) {
		return ERR_AGAIN;
	}
	return sent(client, feed_send_reject(client, seq, reason, &err), &err) ? OK : ERR_AGAIN;
}

enum status feed_client_note(struct feed_client *client, struct text note)
{
	struct err err = {0};

	/* The hub stores a note that comes with the position that it already has: say that one first. After a
	 * loss it can't be said before what it confirms came again, and a note must not overtake it. */
	feed_flush_ack(client);
	if (client->state != FEED_ATTACHED || client->acked < client->ack_wanted ||
	    now_ms() < client->ack_after_ms || !ask(client, ASKED_NOTE, 0)) {
		return ERR_AGAIN;
	}
	return sent(client, feed_send_ack(client, client->acked, note, &err), &err) ? OK : ERR_AGAIN;
}

void feed_client_detach(struct feed_client *client)
{
	if (client->state == FEED_ATTACHED) {
		feed_flush_ack(client);
	}
	if (client->state == FEED_ATTACHED) {
		feed_say_detach(client);
	} else if (client->state == FEED_WAITING || client->state == FEED_ATTACHING) {
		client->leaving = true;
		feed_enter(client, client->state == FEED_WAITING ? FEED_DETACHING : client->state,
			   client->state == FEED_WAITING ? 0 : detach_wait_ms());
	}
}
