/* Shared by the files of the ingest client only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/alarm.h"
#include "common/dealer.h"
#include "common/ingest_client.h"

/* One numbered message of a lease, kept until its ack. */
struct publish {
	struct publish *next;
	int64_t n;
	zmq_msg_t *bodies; /* shared with each copy that is sent */
	size_t count, bytes;
	char *cursor; /* NULL: unchanged */
	size_t cursor_size;
};

struct lease {
	struct ingest_lease open; /* first: what the user holds */
	struct lease *next;
	struct ingest_client *client;
	int64_t fence;

	struct publish *page; /* being filled, without a number */
	size_t page_capacity;
	struct publish *first, *last;    /* numbered, oldest first */
	int64_t acked_n, sent_n, last_n; /* acked <= sent <= last */
	int64_t rewound_to;              /* the n that was resent last after `expect`, until it is acked */
	int64_t resume_at_ms;            /* the hub is full: nothing before that */

	struct text *targets; /* waiting for their ack; NULL: none */
	size_t target_count;
	bool targets_sent;

	bool done, done_sent;
	bool settled;
	int64_t next_due_ms, remaining, reset_ms, allowance;
	char *why; /* the visit failed; NULL: it did not */

	bool asked;                     /* in the heartbeat that is under way */
	int misses;                     /* answers without this fence, in a row */
	int64_t asked_n;                /* sent before that heartbeat */
	bool asked_targets, asked_done; /* likewise */
};

struct ingest_client {
	struct dealer dealer;
	struct alarm alarm;
	const struct ingest_events *events;
	void *context;
	char *provider, *worker;
	struct lease *leases;
	int want, held;
	size_t bytes;          /* of all pages kept */
	int64_t claim_at_ms;   /* not before */
	int64_t claimed_at_ms; /* a claim is under way since; 0: none */
	int64_t beat_at_ms;
	int64_t asked_at_ms; /* a heartbeat is under way since; 0: none */
	bool silent;         /* and that was told */
	int64_t heard_at_ms; /* last message from the hub */
};

/* ingest_page.c: pages and publishes */
void publish_free(struct ingest_client *client, struct publish *publish);
/* Forgets what is durable: all up to n. */
void lease_acked(struct lease *lease, int64_t n);
/* The oldest publish in two, or its only body as `oversize`; numbers after it move. ERR_SYS: no memory. */
enum status lease_split(struct lease *lease, struct err *err) MUST_CHECK;

/* ingest_send.c: everything that can be sent now */
void ingest_pump(struct ingest_client *client);

/* ingest_grant.c */
#define DUE_KEYS_MAX 200
/* keys: room for those that out names. */
void grant_read(const struct wire_fields *fields, struct text keys[DUE_KEYS_MAX], struct ingest_grant *out);

/* ingest_receive.c */
extern const struct dealer_events ingest_dealer_events;

/* ingest_client.c */
void lease_free(struct lease *lease);
