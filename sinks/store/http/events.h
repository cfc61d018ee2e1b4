/* What the sink has committed lately, for streams: the loop's thread adds, the server's threads read. Bounded
 * in number and bytes: whoever is further behind starts anew. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { EVENTS_MAX = 1024, EVENTS_BYTES_MAX = 2 << 20, CURSOR_SIZE = 48 };

struct event {
	char *pipeline; /* "buildkite/acme/web"; of the same memory as text */
	char *text;     /* as it goes over the wire */
	size_t size;
};

struct events {
	pthread_mutex_t lock;
	int64_t boot;        /* tells this run of the process from others */
	int64_t first, next; /* of the ring: event n is at[n % EVENTS_MAX] for first <= n < next */
	size_t bytes;
	struct event at[EVENTS_MAX];
	int listeners;
};

void events_init(struct events *events, int64_t boot);
void events_fini(struct events *events);
/* Somebody listens, or has lately: texts are wanted. */
bool events_are_wanted(struct events *events);
void events_listen(struct events *events, int change);
/* A build was stored: json is its record without jobs. at NULL: nobody listens, only the cursor moves. */
void events_add(struct events *events, struct text pipeline, struct text json);

/* "<boot>-<n>": everything before n is in the file by now. Returns n. */
int64_t events_cursor(struct events *events, char out[static CURSOR_SIZE]);
/* The n of a cursor of this run that is still in the ring; -1: no. NULL: the newest. */
int64_t events_place(struct events *events, const char *cursor);

/* Copies up to size bytes of what is at *n from *offset on, of that pipeline alone where one is given; moves
 * both. 0: there is nothing yet. *lost: *n is not in the ring any more; it was moved to the newest. */
size_t events_read(struct events *events, const char *pipeline, int64_t *n, size_t *offset, char *out,
		   size_t size, bool *lost);
