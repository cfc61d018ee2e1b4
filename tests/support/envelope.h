/* Envelopes of Buildkite builds as a worker publishes them (docs/protocol.md section 4), packed by hand. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/peer.h"

#define T0 1767225600000 /* 2026-01-01T00:00:00Z, ms: the provider's time unless said otherwise */

/* Zero or NULL: what is noted. */
struct told {
	int number;               /* 1 */
	const char *key;          /* the number */
	const char *state;        /* "running" */
	int64_t observed_at;      /* T0 */
	const char *uid;          /* "uid-NUMBER" */
	const char *pipeline;     /* "web", of organisation acme */
	const char *pipeline_uid; /* "pipe-web", of pipeline web */
	const char *branch;       /* "main" */
	const char *jobs;         /* "[]" */
	const char *created_at;   /* "2025-12-31T23:59:00Z" */
	const char *finished_at;  /* "2025-12-31T23:59:50Z", of what is over */
	const char *kind;         /* "build" */
	const char *origin;       /* "live" */
	const char *body;         /* the JSON of these, where kind is build; else none */
	size_t pad;               /* so many bytes more in its message */
};

/* Adds one to the peer's next message: with(worker, .number = 17, .state = "passed"). */
#define with(peer, ...) envelope_add(HERE, peer, &(struct told){__VA_ARGS__})
void envelope_add(struct spot spot, struct peer *peer, const struct told *told);
