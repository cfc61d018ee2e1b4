/* A stretch of the hub's log, read as a reader of the feed without a name (docs/protocol.md section 3). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/tap/peer.h"
#include "common/wire.h"

enum past_kind {
	PAST_NOTHING, /* wait */
	PAST_RECORD,
	PAST_END,
	PAST_FAILED, /* err says why; it is over */
};

struct past {
	void *socket;             /* NULL: none is read */
	int64_t session;          /* 0: not attached */
	struct position at;       /* everything up to it came; seq -1: it begins at from_time_ms */
	int64_t from_time_ms, to; /* to: the last seq that is wanted */
	int64_t first, missing;   /* where it began; seqs that the log has no longer */
	int64_t asked_ms, heard_ms, silent_since_ms;
	int64_t credit; /* that the hub has left */
	struct wire_message message;
	struct wire_fields fields;
	const msgpack_object_array *seqs; /* of the range at hand; NULL: none */
	uint32_t next;
};

/* Begins after from, or at the time where its seq is -1. ERR_CONFIG: the address can't be used. */
enum status past_begin(struct past *past, const struct tap_peer *peer, struct position from,
		       int64_t from_time_ms, int64_t to, struct err *err) MUST_CHECK;
/* Never waits. record lives until the next call. */
enum past_kind past_next(struct past *past, const struct tap_peer *peer, int64_t *seq, struct text *record,
			 struct err *err) MUST_CHECK;
/* Accepts zeroed and what has ended. */
void past_end(struct past *past);
