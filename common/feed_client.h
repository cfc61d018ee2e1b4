/* The reader's side of the feed (docs/protocol.md section 3): attach, credit, heartbeats, loss, detach.
 *
 * A feed client keeps one session alive for as long as it lives. Whatever goes wrong (no hub yet, another
 * instance holds the name, a lost message, a restarted hub) ends in the same way: it attaches again with its
 * last session until it has a new one. A new session starts after the position that the hub has; records
 * that were seen before come again and the reader must recognise them by seq. Nothing blocks, nothing logs.
 * Callbacks run on the loop; they may call anything here but feed_client_free. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/err.h"
#include "common/wire.h"

#include <czmq.h>
#include <stdbool.h>
#include <stdint.h>

struct feed_client;

struct feed_options {
	const struct bus_config *bus; /* copied: address and certificate of the feed */
	const char *sink; /* the name at the hub, copied; NULL: anonymous, nothing is kept there */
	/* Anonymous only: start after it; epoch 0: with what was logged from from_ms on (ms since the epoch
	 * UTC), or, where that is 0 too, with the newest version of each build. */
	struct position from;
	int64_t from_ms;
};

/* Lives during the call. */
struct feed_session {
	int64_t session;
	struct position position; /* acknowledged last; the first range starts after it */
	struct position head;     /* the newest at the hub */
	struct text note;         /* of the sink; null: none */
};

/* The log from first to last, both inclusive, with count records. Lives during the call, but each record's
 * frame may be moved out (zmq_msg_move from feed_range_frame) and kept. */
struct feed_range {
	int64_t first, last;
	size_t count;
	const int64_t *seqs; /* ascending, count of them */
	struct wire_message *message;
};

static inline zmq_msg_t *feed_range_frame(const struct feed_range *range, size_t index)
{
	return &range->message->frames[index + 1];
}

/* None may be NULL. */
struct feed_events {
	/* A session began. Credit starts at none: grant some. Rejects and notes that were not yet confirmed
	 * must be sent again. */
	void (*attached)(void *context, const struct feed_session *session);
	void (*records)(void *context, const struct feed_range *range);
	/* Nothing more is there for now: work on what came. */
	void (*settled)(void *context);
	/* A reject is durable. */
	void (*rejected)(void *context, int64_t seq);
	/* A note is durable; in the order of the calls of feed_client_note. */
	void (*noted)(void *context);
	/* There is no session; why is for people. It goes on by itself. */
	void (*waiting)(void *context, const char *why);
	/* Likewise, and an operator must act at the hub: it does not let us in. */
	void (*refused)(void *context, const char *why);
	/* It can't go on: an operator must act (another protocol version). Nothing is called after it. */
	void (*failed)(void *context, const struct err *err);
	/* The answer to feed_client_detach: the hub took everything that was sent, or did not answer in time.
	 */
	void (*detached)(void *context);
};

/* Starts to attach at once. ERR_CONFIG: the endpoint can't be used. */
enum status feed_client_new(struct feed_client **out, zloop_t *loop, const struct feed_options *options,
			    const struct feed_events *events, void *context, struct err *err) MUST_CHECK;
/* Drops the connection without a word: the session lives on at the hub until its time is up. Accepts NULL;
 * nulls the pointer. */
void feed_client_free(struct feed_client **client);

bool feed_client_attached(const struct feed_client *client);
/* The last seq that came in this session; everything up to it may be acknowledged or rejected. */
int64_t feed_client_received(const struct feed_client *client);
/* Records granted and not yet come. */
int64_t feed_client_credit_left(const struct feed_client *client);

/* Grants so many records more. Ignored without a session. */
void feed_client_credit(struct feed_client *client, int64_t records);
/* Everything up to seq is confirmed by the destination. May run ahead of what came in this session (after a
 * loss): the hub is told as soon as it may be. Never sinks. Forgotten when the epoch changes. */
void feed_client_ack(struct feed_client *client, int64_t seq);
/* Moves a record to the dead letters. ERR_AGAIN: not now (no session, not come in this session, queue full);
 * try again at the next `settled` or `attached`. */
enum status feed_client_reject(struct feed_client *client, int64_t seq, const char *reason) MUST_CHECK;
/* Keeps note for the sink at the hub. ERR_AGAIN as above. */
enum status feed_client_note(struct feed_client *client, struct text note) MUST_CHECK;
/* The sink's destination was lost: the hub forgets the position, and a new session starts with the newest
 * version of every build. */
void feed_client_anew(struct feed_client *client);
/* Ends the session; `detached` is called later, from the loop, within a second. */
void feed_client_detach(struct feed_client *client);
