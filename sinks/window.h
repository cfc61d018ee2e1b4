/* The records between the acknowledged position and the newest that came: a ring in the order of seqs. Pure
 * memory: no clock, no socket. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zmq.h>

#define WINDOW_MAX 10000 /* as far ahead as a sink may run */

enum entry_state {
	ENTRY_WAITING, /* for its turn, since it came or since its last try */
	ENTRY_FLYING,  /* in a batch */
	ENTRY_REFUSED, /* must become a dead letter: the hub has not yet confirmed it */
	ENTRY_DONE,    /* holds only its place */
};

struct entry {
	int64_t seq;
	zmq_msg_t record; /* valid until DONE */
	size_t size;
	uint64_t id_hash;  /* two ids with one hash merely wait for each other */
	uint64_t pipeline; /* a hash of the id without its number */
	uint64_t previous; /* number + 1 of the entry before it in its bucket; 0: none */
	enum entry_state state;
	const void *batch; /* FLYING: which */
	unsigned tries;    /* that ended in retry */
	unsigned share;    /* > 0: a suspect, to be tried with at most so many of its kind */
	int64_t due_ms;    /* WAITING: not before */
	bool timed;        /* due_ms is the record's own time: no end of an outage makes it earlier */
	int64_t failed_ms; /* of the first try that failed; 0: none did */
	int64_t told;      /* REFUSED: session in which the hub was told; 0: not yet */
	char *reason;      /* REFUSED; heap */
};

/* Entries are numbered from 0 for ever; first..end-1 are in the ring. */
struct window {
	struct entry *entries;
	size_t capacity;   /* of the ring: a power of two, grows as needed */
	uint64_t *buckets; /* newest entry (number + 1) of each remainder of id_hash */
	uint64_t first, end;
	int64_t received; /* everything up to this seq came */
	size_t bytes;     /* of the records held */
	size_t parked;    /* bytes of those that failed at least once */
};

enum status window_init(struct window *window, struct err *err) MUST_CHECK;
/* Accepts zeroed. */
void window_fini(struct window *window);
/* Forgets all entries; the log goes on after seq. */
void window_reset(struct window *window, int64_t received);

static inline size_t window_count(const struct window *window)
{
	return (size_t)(window->end - window->first);
}

static inline struct entry *window_at(const struct window *window, uint64_t number)
{
	return &window->entries[number & (window->capacity - 1)];
}

/* Takes the record (moved; record is empty after) as the newest entry, WAITING. seq must be above all that
 * are there. NULL: full or out of memory, record stays with the caller. Other entries may move. */
struct entry *window_add(struct window *window, int64_t seq, zmq_msg_t *record, uint64_t id_hash);
/* The number of the first entry with this seq or a later one; window->end: none. */
uint64_t window_from(const struct window *window, int64_t seq);
/* NULL: not in the window. */
struct entry *window_find(const struct window *window, int64_t seq);
/* Counts a try that failed; the entry waits for the next. */
void window_failed(struct window *window, struct entry *entry);
/* Frees what the entry holds; it keeps its place until everything before it is done. */
void window_done(struct window *window, struct entry *entry);
/* Whatever is not in flight up to seq was confirmed by somebody else. */
void window_skip(struct window *window, int64_t seq);
/* Drops what is done at the front; returns the seq up to which everything is done. */
int64_t window_advance(struct window *window);
/* An earlier version of the same build is not done yet, and not part of batch (NULL: any). */
bool window_blocked(const struct window *window, const struct entry *entry, const void *batch);
