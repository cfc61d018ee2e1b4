/* One more thread, for what takes time or comes by the clock: it asks the hub for its status and its dead
 * letters when somebody wants to see them, and lets streams say that they are alive. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum watch_view { WATCH_BUS, WATCH_DEAD, WATCH_VIEWS };

struct streams;
struct asker;

struct view {
	char *text; /* JSON; NULL: never asked */
	size_t size;
	int64_t at_ms;
	bool wanted;
	bool silent; /* it took too long, and still does: nobody waits for it */
};

/* Zeroed, then watch_open. */
struct watch {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* both ways */
	const struct bus_config *bus;
	struct streams *streams;
	struct asker *asker; /* NULL: not connected; the thread's own */
	struct view views[WATCH_VIEWS];
	bool open, closing;
};

enum status watch_open(struct watch *watch, const struct bus_config *bus, struct streams *streams,
		       struct err *err) MUST_CHECK;
void watch_close(struct watch *watch);
/* What the hub said at most a second ago, or {unreachable, said}; heap, NULL: no memory. Waits a little for a
 * hub that does not answer, no more. */
char *watch_look(struct watch *watch, enum watch_view view, size_t *size);
/* A stream began, or has something to say later: the clock counts. */
void watch_stir(struct watch *watch);
