/* A hand-written hub for tests of readers: one session, a log in memory, the feed of docs/protocol.md, and
 * knobs to misbehave. Runs on the test's own loop. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"
#include "common/wire.h"

#include <czmq.h>

#define FAKE_LOG_MAX    110000
#define FAKE_DEAD_MAX   64
#define FAKE_ATTACH_MAX 64

struct fake_dead {
	int64_t seq;
	char reason[256];
};

struct fake_hub {
	zloop_t *loop;
	zsock_t *router;
	char endpoint[128];
	zmq_msg_t peer;                /* of the session */
	struct text log[FAKE_LOG_MAX]; /* [0] is seq 1; at NULL: compacted away */
	int64_t head, epoch, session, next_session, position, sent, credit;
	char note[256];
	struct fake_dead dead[FAKE_DEAD_MAX];
	size_t dead_count;
	int64_t attach_sessions[FAKE_ATTACH_MAX]; /* what each attach brought; 0: nil */
	size_t attach_count;
	size_t acks, heartbeats, byes, notes;
	int64_t most_ahead; /* of sent before position */
	/* knobs */
	bool deaf;          /* answers nothing */
	int busy;           /* answer so many attaches with busy */
	bool woke;          /* the name is free as an attach comes: `busy 0`, then its answer */
	bool skip_range;    /* leave the next range out: a gap */
	bool drop_last;     /* the next range is lost, nothing follows it */
	bool quiet_rejects; /* store rejects without an answer */
	int full;           /* refuse so many acks, notes, rejects: the disk is full */
	const char *refuse; /* answer attach with this error */
	int64_t range_max;  /* records a message; 0: 256 */
};

/* The endpoint is ipc in a fresh folder; nothing listens before fake_hub_bind. */
void fake_hub_init(struct fake_hub *hub, zloop_t *loop);
void fake_hub_bind(struct fake_hub *hub);
/* As when the process dies: the socket goes, sessions are forgotten, the log and the position stay. */
void fake_hub_kill(struct fake_hub *hub);
void fake_hub_fini(struct fake_hub *hub);

/* Appends and sends what credit allows; returns the seq. */
int64_t fake_hub_add(struct fake_hub *hub, const void *bytes, size_t size);
/* As when the record was superseded: the log goes on without it. */
void fake_hub_trim(struct fake_hub *hub, int64_t seq);
int64_t fake_hub_add_build(struct fake_hub *hub, const struct build *build);
/* A build `buildkite/acme/web/<number>` with one job. */
int64_t fake_hub_add_number(struct fake_hub *hub, int64_t number, int64_t version);
/* Ends the session without telling its holder. */
void fake_hub_forget(struct fake_hub *hub);
/* An `alive` that answers nothing: another instance asks for the name. */
void fake_hub_probe(struct fake_hub *hub);
/* Sends what credit allows. */
void fake_hub_pump(struct fake_hub *hub);

/* Runs the loop until done(arg); false after ms. */
bool run_until(zloop_t *loop, bool (*done)(void *arg), void *arg, int ms);
