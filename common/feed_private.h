/* What the two halves of the feed client share: feed_client.c (what happens) and feed_send.c (what is said).
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/curve.h"
#include "common/feed_client.h"
#include "common/handshake.h"

enum feed_state {
	FEED_WAITING,   /* until the attach timer fires */
	FEED_ATTACHING, /* attach was sent, the attach timer limits the wait */
	FEED_ATTACHED,
	FEED_DETACHING, /* detach was sent, the attach timer limits the wait */
	FEED_ENDED,     /* detached or failed */
};

/* What the hub will answer with `alive`: it answers in order, so the first alive belongs to the first. */
enum feed_asked { ASKED_HEARTBEAT, ASKED_NOTE, ASKED_REJECT };
struct feed_question {
	enum feed_asked asked;
	int64_t seq;
};
#define FEED_QUESTIONS_MAX 256

struct feed_client {
	zloop_t *loop;
	zsock_t *socket;
	char *endpoint, *sink;
	struct curve curve;
	struct handshake handshake;
	const struct feed_events *events;
	void *context;
	enum feed_state state;
	bool leaving;     /* detach as soon as attached */
	bool anew;        /* the next session starts with the newest version of every build */
	bool worn_socket; /* make a new one before the next attach */
	int timer;        /* of the state; -1: none */
	int tick;
	unsigned tries; /* attaches since the last session */

	int64_t session; /* the last one held; 0: none yet */
	struct position from;
	int64_t from_ms;
	int64_t epoch, received;
	int64_t acked, ack_wanted, ack_after_ms; /* ack_after_ms: the hub asked to wait until then */
	int64_t credit_left;
	int64_t heard_ms;
	struct feed_question questions[FEED_QUESTIONS_MAX]; /* ring */
	size_t question_first, question_count;

	struct wire_message in;
	int64_t seqs[WIRE_BODIES_MAX];
};

/* Each sends one command; OK or why not (ERR_AGAIN: queue full). */
enum status feed_send_attach(struct feed_client *client, struct err *err) MUST_CHECK;
enum status feed_send_credit(struct feed_client *client, int64_t records, struct err *err) MUST_CHECK;
enum status feed_send_ack(struct feed_client *client, int64_t seq, struct text note,
			  struct err *err) MUST_CHECK;
enum status feed_send_reject(struct feed_client *client, int64_t seq, const char *reason,
			     struct err *err) MUST_CHECK;
/* heartbeat, detach: only the session */
enum status feed_send_plain(struct feed_client *client, const char *command, struct err *err) MUST_CHECK;

/* The one function that changes the state; wait_ms < 0: no timer. */
void feed_enter(struct feed_client *client, enum feed_state state, int64_t wait_ms);
/* For good: err NULL: as asked. */
void feed_end(struct feed_client *client, const struct err *err);
/* No session (any more): attach after wait_ms. */
void feed_lose(struct feed_client *client, int64_t wait_ms, const char *why);
/* The hub does not let us in: likewise, with a new socket and the certificate that lies there then. */
void feed_refused(void *client, const char *why);
/* With jitter, not less than the hub asked for. */
int64_t feed_wait_ms(struct feed_client *client, int64_t asked_ms);
/* Tells the hub as much of what was acknowledged as this session has seen. */
void feed_flush_ack(struct feed_client *client);
void feed_say_detach(struct feed_client *client);
/* Questions not yet answered: the heartbeats, or the others. */
size_t feed_asked_count(const struct feed_client *client, bool heartbeats);
/* One message from the socket. False: nothing more is there. */
bool feed_take_message(struct feed_client *client);
