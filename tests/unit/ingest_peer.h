/* A hand-written hub for tests of the ingest client: a ROUTER on the test's own loop that speaks
 * docs/protocol.md section 2, with knobs to misbehave. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/raw.h"
#include "common/wire.h"

#include <czmq.h>

#define PEER_LEASES 16

struct peer_lease {
	int64_t fence, last_n;
	size_t bodies, gone, oversize, keys_seen;
	char cursor[2048]; /* as committed, NUL-terminated */
	size_t cursor_size;
	bool current;
};

struct ingest_peer {
	zloop_t *loop;
	zsock_t *router;
	char endpoint[64];
	zmq_msg_t identity;
	struct peer_lease leases[PEER_LEASES];
	size_t lease_count;
	int64_t fence;
	int claims, publishes, heartbeats, dones, repeats, gaps;
	size_t target_count;
	int64_t next_due_ms, remaining;
	char why[64];     /* of the last done; "": none */
	bool settled;     /* likewise */
	int order_errors; /* bodies committed that did not follow the last one */
	/* knobs */
	int give;               /* so many leases more, then idle */
	bool deaf;              /* takes everything, answers nothing */
	int lose_publishes;     /* so many are lost as with a connection */
	int lose_acks;          /* so many are committed, their acks are lost */
	int lose_dones;         /* so many are lost */
	int full;               /* so many publishes are answered with `full` */
	size_t body_max;        /* more bytes in a message: `oversize`; 0: no limit */
	bool oversize_headless; /* and without the fence */
	const char *refuse;     /* answer claims with this error */
	struct text cursor;     /* of the next leases; at NULL: nil */
	const char *target;     /* of the next leases */
	const char *const *due; /* likewise, ends with NULL */
	bool sync, anew;
	int64_t share; /* in answers to heartbeats; 0: none */
	int idle_ms;   /* 0: 50 */
	/* Called for each committed envelope. */
	void (*on_raw)(void *context, const struct raw *raw);
	void *context;
};

void ingest_peer_init(struct ingest_peer *peer, zloop_t *loop);
void ingest_peer_bind(struct ingest_peer *peer);
/* As when the process dies: the socket goes, what is committed stays. */
void ingest_peer_kill(struct ingest_peer *peer);
void ingest_peer_fini(struct ingest_peer *peer);

/* Runs the loop until done(arg); false after ms. */
bool loop_until(zloop_t *loop, bool (*done)(void *arg), void *arg, int ms);
/* The same until *counter is at least value. */
bool loop_reaches(zloop_t *loop, const int *counter, int value, int ms);
