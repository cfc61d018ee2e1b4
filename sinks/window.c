/* SPDX-License-Identifier: MIT */
#include "sinks/window.h"

#include <stdlib.h>

#define BUCKETS        4096
#define CAPACITY_FIRST 256

enum status window_init(struct window *window, struct err *err)
{
	*window = (struct window){
		.entries = calloc(CAPACITY_FIRST, sizeof *window->entries),
		.capacity = CAPACITY_FIRST,
		.buckets = calloc(BUCKETS, sizeof *window->buckets),
	};
	return window->entries && window->buckets ? OK : err_sys(err, "memory for %d records", WINDOW_MAX);
}

void window_reset(struct window *window, int64_t received)
{
	for (uint64_t i = window->first; i < window->end; i++) {
		window_done(window, window_at(window, i));
	}
	window->first = window->end;
	window->received = received;
}

void window_fini(struct window *window)
{
	window_reset(window, 0);
	free(window->entries);
	free(window->buckets);
	*window = (struct window){0};
}

/* A zmq_msg_t may be moved in memory as bytes as long as nobody uses the old place. */
static bool grow(struct window *window)
{
	struct window larger = *window;

	larger.capacity *= 2;
	larger.entries = calloc(larger.capacity, sizeof *larger.entries);
	if (!larger.entries) {
		return false;
	}
	for (uint64_t i = window->first; i < window->end; i++) {
		*window_at(&larger, i) = *window_at(window, i);
	}
	free(window->entries);
	*window = larger;
	return true;
}

struct entry *window_add(struct window *window, int64_t seq, zmq_msg_t *record, uint64_t id_hash)
{
	uint64_t *bucket = &window->buckets[id_hash % BUCKETS];
	struct entry *entry;

	if (window_count(window) == WINDOW_MAX ||
	    (window_count(window) == window->capacity && !grow(window))) {
		return NULL;
	}
	entry = window_at(window, window->end);
	*entry = (struct entry){.seq = seq, .id_hash = id_hash, .size = zmq_msg_size(record)};
	zmq_msg_init(&entry->record);
	zmq_msg_move(&entry->record, record);
	entry->previous = *bucket;
	*bucket = ++window->end;
	window->bytes += entry->size;
	return entry;
}

uint64_t window_from(const struct window *window, int64_t seq)
{
	uint64_t low = window->first, high = window->end;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (window_at(window, middle)->seq < seq) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct entry *window_find(const struct window *window, int64_t seq)
{
	uint64_t number = window_from(window, seq);

	return number < window->end && window_at(window, number)->seq == seq ? window_at(window, number)
									     : NULL;
}

void window_failed(struct window *window, struct entry *entry)
{
	window->parked += entry->tries == 0 ? entry->size : 0;
	entry->tries++;
	entry->state = ENTRY_WAITING;
}

void window_done(struct window *window, struct entry *entry)
{
	if (entry->state == ENTRY_DONE) {
		return;
	}
	entry->state = ENTRY_DONE;
	window->bytes -= entry->size;
	window->parked -= entry->tries > 0 ? entry->size : 0;
	zmq_msg_close(&entry->record);
	free(entry->reason);
	entry->reason = NULL;
}

void window_skip(struct window *window, int64_t seq)
{
	for (uint64_t i = window->first; i < window->end && window_at(window, i)->seq <= seq; i++) {
		if (window_at(window, i)->state != ENTRY_FLYING) {
			window_done(window, window_at(window, i));
		}
	}
	if (window->received < seq) {
		window->received = seq;
	}
}

int64_t window_advance(struct window *window)
{
	while (window->first < window->end && window_at(window, window->first)->state == ENTRY_DONE) {
		window->first++;
	}
	return window->first < window->end ? window_at(window, window->first)->seq - 1 : window->received;
}

bool window_blocked(const struct window *window, const struct entry *entry, const void *batch)
{
	uint64_t at = entry->previous;

	/* Entries that left the ring end the chain: whatever is older left before them. */
	while (at > window->first) {
		const struct entry *before = window_at(window, at - 1);
		bool together = batch && before->state == ENTRY_FLYING && before->batch == batch;

		if (before->id_hash == entry->id_hash && before->state != ENTRY_DONE && !together) {
			return true;
		}
		at = before->previous;
	}
	return false;
}
