/* Between the files of this sink. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/alarm.h"
#include "common/google/token.h"
#include "sinks/firestore/access.h"
#include "sinks/firestore/document.h"
#include "sinks/firestore/inquiry.h"
#include "sinks/firestore/projects.h"
#include "sinks/firestore/question.h"
#include "sinks/firestore/reply.h"
#include "sinks/sink.h"

#include <sys/queue.h>

enum firestore_state {
	FIRESTORE_CLOSED,   /* not known whether the projects exist; nobody asks */
	FIRESTORE_CHECKING, /* waits for a token, or for `projects` to be read or made */
	FIRESTORE_OPEN,     /* they exist: builds may be written */
};

LIST_HEAD(delivery_list, delivery);

struct firestore_numbers {
	int64_t *read, *written, *same, *older, *unmapped, *commits, *conflicts, *tokens;
};

struct firestore {
	struct sink_context *context;
	const struct firestore_config *config;
	struct projects projects;
	struct access access;
	struct google_token *token;
	struct http *http;
	enum firestore_state state;
	struct alarm check_alarm; /* CLOSED: the next try */
	unsigned check_tries;
	int check_refusals; /* of the bearer */
	struct arena check_arena;
	char *sent_bearer;               /* of the check's request; heap */
	struct delivery_list deliveries; /* all batches that were kept */
	uint64_t given_up;               /* batches of which the rules refused too much */
	struct firestore_numbers numbers;
	/* Of a `buildbus sync`. */
	int64_t timeout_ms; /* --in-progress-timeout */
	bool may_run;       /* some document may be in progress */
	int64_t refused_ms; /* since then the rules refuse a document that holds up others; 0: none */
	struct question_list questions;
	struct known *known;   /* NULL: not asked */
	struct settle *settle; /* NULL: not yet */
};

/* One document of a delivery on its way. */
enum item_state {
	ITEM_READ,  /* must be read (again) */
	ITEM_WRITE, /* differs: to be committed */
	ITEM_DONE,  /* was stored before, or something later was */
	ITEM_WRITTEN,
	ITEM_RETRY,  /* not now */
	ITEM_WAIT,   /* for its time, or for one before it */
	ITEM_REJECT, /* never */
};

struct item {
	struct document document;
	const char *name; /* whole, as in the API */
	enum item_state state;
	const char *updated_at; /* of what is stored; NULL: nothing is */
	int64_t retry_ms;       /* RETRY, WAIT */
	bool refused;           /* by the rules, alone; then RETRY */
	const char *why;        /* RETRY, REJECT */
};

enum delivery_state {
	DELIVERY_WAITING, /* for the project's check or a token */
	DELIVERY_READING,
	DELIVERY_COMMITTING,
};

struct range {
	size_t from, count; /* of delivery->order */
};

/* One batch. Lives until sink_batch_done. */
struct delivery {
	LIST_ENTRY(delivery) link;
	struct firestore *firestore;
	struct sink_batch *batch;
	enum delivery_state state;
	bool starting; /* inside `write`: its end is told by the return value */
	bool due;      /* to be resumed */
	bool in_order; /* of a project nothing after what is not written (order.c) */
	struct item *items;
	size_t count;
	size_t *item_of;         /* of each record: its item; SIZE_MAX: already said */
	size_t *order;           /* items to be committed */
	struct range ranges[64]; /* of order, still to be committed; the last first */
	size_t range_count;
	int rounds;   /* reads */
	int refusals; /* commits refused by the rules since one was accepted */
	int token_refusals;
	char why[400];      /* of the last answer that was no success */
	struct arena round; /* what was read, until it is read again */
	struct arena body;  /* of one request */
	char *sent_bearer;  /* of the request in flight; heap */
};

/* delivery.c: maps the batch, then reads and commits until every item has its verdict. False: all is said. */
bool delivery_start(struct firestore *firestore, struct sink_batch *batch);
/* The project's check or the token is settled: the deliveries that wait go on, or are put off with err. */
void deliveries_resume(struct firestore *firestore);
void deliveries_put_off(struct firestore *firestore, const struct err *err);
void deliveries_free(struct firestore *firestore);
/* Sends `documents:<verb>` with root as body, or waits for the project's check or a token: delivery_next is
 * called again then. */
void delivery_send(struct delivery *delivery, const char *verb, yyjson_mut_doc *body,
		   http_callback *callback);
/* The next step: read, commit or end. The delivery may be gone after. */
void delivery_next(struct delivery *delivery);
/* What has no verdict yet becomes RETRY. */
void delivery_put_off(struct delivery *delivery, const char *why, int64_t after_ms);
/* An answer that says nothing of single documents: waits for another token, or puts off. The delivery may be
 * gone after. */
void delivery_failed(struct delivery *delivery, const struct reply *reply);
void item_retry(struct delivery *delivery, struct item *item, const char *why, int64_t after_ms);
void item_reject(struct delivery *delivery, struct item *item, const char *why);

/* read.c */
void delivery_read(struct delivery *delivery);
/* commit.c */
void delivery_commit(struct delivery *delivery);

/* order.c: what may not be written before what is before it waits; what the rules refuse for long is
 * given up. */
void order_hold(struct delivery *delivery);
bool order_is_patient(const struct firestore *firestore);
void order_end(struct delivery *delivery);

/* check.c */
extern const struct sink_checker firestore_checker;

/* project.c: sees to it that the documents in `projects` exist. */
void project_check(struct firestore *firestore);
void project_token_settled(struct firestore *firestore, enum status status, const struct err *err);
