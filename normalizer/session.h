/* The readers of the feed: what they get and when. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

struct hub;

struct session {
	int64_t number;
	char *name; /* NULL: anonymous */
	zmq_msg_t identity;
	char owner[WIRE_SENDER_SIZE]; /* its public key, where the bus uses CURVE */
	int64_t position;             /* acknowledged */
	int64_t sent;                 /* last seq sent */
	int64_t fresh_to;             /* up to here superseded versions are skipped */
	int64_t credit;
	size_t unheard; /* bytes sent since its last sign */
	int64_t alive_ms;
	int64_t moved_ms; /* passed_ms(): its position, last */
	bool resends;     /* it may get records once more (resend.c) */
	bool stalled;     /* its queue is full or it is gone: nothing is tried before its next sign */
};

#define HELD_MAX 64
struct held {
	zmq_msg_t identities[HELD_MAX];
	size_t count;
};

/* session.c */

struct session *session_of(struct hub *hub, int64_t number);
/* How many have no name. */
size_t session_anonymous(const struct hub *hub);
struct session *session_named(struct hub *hub, struct text name);
/* Opens a session; name NULL: anonymous, after from or fresh. *busy_ms > 0: the name is taken (or there are
 * too many anonymous ones), *session NULL. ERR_DATA: too many names. */
enum status session_open(struct hub *hub, struct text name, int64_t old, const struct position *from,
			 const zmq_msg_t *identity, struct session **session, struct text *note,
			 int64_t *busy_ms, struct err *err) MUST_CHECK;
void session_close(struct hub *hub, struct session *session);
/* Whether a reader of that name is attached, and its connection is still there. */
bool session_holds(struct hub *hub, struct text name);
void session_expire(struct hub *hub);
void session_forget_all(struct hub *hub);
/* After a rollback: sessions of the lost transaction end, the others have their position of the database. */
void session_roll_back(struct hub *hub);

/* resend.c */

/* The record `of` goes to that sink once more, as the next seq, which nobody else gets anything for. */
enum status resend_add(struct hub *hub, struct text sink, int64_t of, int64_t *seq,
		       struct err *err) MUST_CHECK;
/* The sink has confirmed everything up to position: dead letters that it got again are no more. */
enum status resend_acked(struct hub *hub, struct session *session, int64_t position,
			 struct err *err) MUST_CHECK;
/* Sets session->resends. */
enum status resend_look(struct hub *hub, struct session *session, struct err *err) MUST_CHECK;
/* A copy of a record, marked as sent again. */
enum status resend_mark(struct hub *hub, struct text record, struct text *marked, struct err *err) MUST_CHECK;

/* pump.c */

/* Sends what credit allows to every session. Called after each commit and each credit. */
void feed_pump(struct hub *hub);

/* seek.c */

/* *seq: of the newest record that was logged before ms; 0: none was. */
enum status seek_time(struct hub *hub, int64_t ms, int64_t *seq, struct err *err) MUST_CHECK;

/* held.c: who waits for the release of a sync. */

void held_add(struct held *held, const zmq_msg_t *identity);
void held_wake(struct hub *hub);
void held_fini(struct held *held);
