/* Group commit: what is promised in one transaction is answered after it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/wire.h"

struct hub;

enum port { PORT_INGEST, PORT_FEED };

/* An answer that waits for the commit of what it promises. */
struct reply {
	enum port port;
	zmq_msg_t identity;
	struct wire_message message;
	int64_t fence; /* goes into the error if the commit fails; 0: none */
};

#define BATCH_RECORDS_MAX 256 /* group commit at 256 records or 2 ms */
#define BATCH_LINGER_MS   2

struct batch {
	bool open;      /* a transaction runs */
	bool broken;    /* a statement failed: the commit will roll back instead */
	bool failed;    /* the last commit did */
	struct err why; /* of broken */
	int timer;      /* zloop timer, 0: none */
	size_t records;
	struct reply *replies;
	size_t reply_count, reply_capacity;
};

/* Opens the transaction if there is none. Call before the first statement of a request. */
enum status batch_begin(struct hub *hub, struct err *err) MUST_CHECK;
/* Marks the open transaction as lost: nothing of it will be committed, everyone who waits gets an error to
 * retry. Without one: nothing. */
void batch_break(struct hub *hub, const struct err *err);
/* Commits now if it is full. Called between messages. */
void batch_check(struct hub *hub);
/* Ends the transaction: commits, answers everyone, feeds the sessions; or rolls back and answers with errors:
 * then *err, if given, says why. OK too without one. */
enum status batch_end(struct hub *hub, struct err *err);
/* Answers a request: after the commit if a transaction runs, else at once. Takes message's frames. */
void reply_send(struct hub *hub, enum port port, const zmq_msg_t *identity, struct wire_message *message,
		int64_t fence);
/* Answers error{code, retry, detail, fence}; retry_ms < 0: nil; detail NULL: nil; fence 0: nil. */
void reply_error(struct hub *hub, enum port port, const zmq_msg_t *identity, const char *code,
		 int64_t retry_ms, const char *detail, int64_t fence);
void batch_fini(struct hub *hub);
/* Sets head and next to what the log holds. */
enum status load_head(struct hub *hub, struct err *err) MUST_CHECK;
