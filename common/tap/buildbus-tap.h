/* libbuildbus-tap: hear every version of every CI build as it passes through a Buildbus hub.
 *
 * The tap of the hub is best effort: it drops what a slow listener has no room for. This library numbers what
 * came, fetches what is missing from the hub's log, and so hands on each record once and the versions of a
 * build in order; what the log has no longer it tells. docs/tapping.md has complete programs.
 *
 * Nothing is shared between taps; one tap is for one thread at a time. No function but buildbus_tap_next
 * waits, none prints. Link with `pkg-config --cflags --libs buildbus-tap`. */
/* SPDX-License-Identifier: MIT */
#ifndef BUILDBUS_TAP_H
#define BUILDBUS_TAP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BUILDBUS_TAP_API __attribute__((visibility("default")))

struct buildbus_tap;

/* Zero what is not wanted. Everything is copied. */
struct buildbus_tap_options {
	size_t size;      /* sizeof(struct buildbus_tap_options): later versions append members */
	const char *tap;  /* bus.tap of the configuration: ipc://PATH or tcp://HOST:PORT */
	const char *feed; /* bus.feed; NULL: what is missing is told, not fetched, and there is no past */
	/* What to hear, ended by NULL; NULL or none: everything.
	 *   build.buildkite.acme.we    what begins so; end it with a dot for a whole part
	 *   build.*.acme.web.finished  `*` stands for any part of a part
	 *   acme/web                   parts that follow each other anywhere; also buildkite, finished, web-*
	 */
	const char *const *topics;
	int64_t from_seq;        /* > 0: begin with that record of the log */
	int64_t from_time_ms;    /* > 0: begin with what was logged then; ms since the epoch UTC */
	const char *certificate; /* path of this client's secret certificate (`buildbus keys new`) */
	const char *server_key;  /* with it: the hub's public key, 40 characters */
};

enum buildbus_tap_kind {
	BUILDBUS_TAP_NOTHING,      /* the time is over, or a signal came */
	BUILDBUS_TAP_RECORD,       /* one version of one build */
	BUILDBUS_TAP_LOST,         /* records can't be had any more: `why`; first, last, count */
	BUILDBUS_TAP_CONNECTED,    /* the hub answered: nothing after this is missed */
	BUILDBUS_TAP_DISCONNECTED, /* it is away: `why`. The library connects again by itself and goes on */
	BUILDBUS_TAP_RENEWED,      /* its log is another one (made anew, or restored): seqs begin anew */
};

/* Lives until the next call for its tap. */
struct buildbus_tap_event {
	int64_t epoch, seq;   /* RECORD: its place in the log of the hub, which `epoch` names */
	int64_t prev;         /* RECORD: of the record of the same pipeline before; 0: none, or not told */
	int64_t published_at; /* RECORD: ms since the epoch UTC; 0: it was fetched from the log */
	const char *topic;    /* RECORD: build.<provider>.<slug parts>.<state> */
	const void *record;   /* RECORD: msgpack map, docs/record.md */
	size_t record_size;
	int64_t first, last, count; /* LOST: so many of the seqs from first to last; count 0: unknown */
	const char *why;            /* LOST, DISCONNECTED: a sentence for people */
	int64_t reserved[6];        /* 0 */
};

/* Begins to connect. 0: *tap is one, end it with buildbus_tap_close. -1: buildbus_tap_error(NULL) says why.
 */
BUILDBUS_TAP_API int buildbus_tap_open(struct buildbus_tap **tap, const struct buildbus_tap_options *options);

/* Waits up to timeout_ms (-1: for ever) for the next event and returns its kind. -1: it can't go on;
 * buildbus_tap_error says why. */
BUILDBUS_TAP_API int buildbus_tap_next(struct buildbus_tap *tap, struct buildbus_tap_event *event,
				       int timeout_ms);

/* Accepts NULL; nulls the pointer. */
BUILDBUS_TAP_API void buildbus_tap_close(struct buildbus_tap **tap);

/* The sentence of the last -1; NULL: of the last buildbus_tap_open of this thread. Never NULL. */
BUILDBUS_TAP_API const char *buildbus_tap_error(const struct buildbus_tap *tap);

/* A text of the event's record by its key (docs/record.md), "author.name" inside a group. Not
 * NUL-terminated; NULL: null, absent or no text. */
BUILDBUS_TAP_API const char *buildbus_tap_text(const struct buildbus_tap_event *event, const char *key,
					       size_t *size);
/* The same for an integer. */
BUILDBUS_TAP_API int64_t buildbus_tap_int(const struct buildbus_tap_event *event, const char *key,
					  int64_t otherwise);

/* "0.1.0" */
BUILDBUS_TAP_API const char *buildbus_tap_version(void);

#ifdef __cplusplus
}
#endif
#endif
