/* Server-sent events: connections that wait suspended, at no cost, until the sink has committed something. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { STREAMS_MAX = 256, HEARTBEAT_MS = 15000 };

struct stream;
struct request;

struct streams {
	pthread_mutex_t lock;
	struct stream *first;
	int count, want_bus;
	bool closing;
	char *bus; /* what the hub said last, as an event */
	size_t bus_size;
	int64_t bus_number;
};

void streams_init(struct streams *streams);
/* Every stream ends; none begins any more. Before the server is stopped. */
void streams_close(struct streams *streams);
void streams_fini(struct streams *streams);
/* Whoever waits looks for news. beat: and says that it is alive. */
void streams_wake(struct streams *streams, bool beat);
bool streams_are_open(struct streams *streams);
/* Some want to hear of the bus. */
bool streams_want_bus(struct streams *streams);
/* Takes json (heap; NULL: nothing). */
void streams_tell_bus(struct streams *streams, char *json, size_t size);
