/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

/* The newest records, as the feed sends them: a sink that keeps up never makes the hub read its database. */
#define RECENT_MAX 1024
struct recent {
	zmq_msg_t records[RECENT_MAX]; /* of seq s at s % RECENT_MAX; empty: one that is sent again */
	int64_t first, next; /* seqs held: first … next - 1; those from head + 1 aren't committed yet */
	size_t bytes;
};

/* Puts a copy of the packed record of seq there. */
enum status recent_put(struct recent *recent, int64_t seq, struct text bytes) MUST_CHECK;
/* NULL: not held any more. */
zmq_msg_t *recent_get(struct recent *recent, int64_t seq);
/* Forgets seq and everything after it (a rollback). */
void recent_cut(struct recent *recent, int64_t seq);
