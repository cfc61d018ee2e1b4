/* What ingest and feed share: reading a request, checking it, answering it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/hub.h"

#define NAME_MAX_BYTES 512 /* of a sink, worker, provider (docs/protocol.md section 1) */
#define FULL_RETRY_MS  2000

/* A name travels through C strings, logs and file names: no NUL, no control characters. */
bool name_ok(struct text name);

struct request {
	struct hub *hub;
	enum port port;
	const zmq_msg_t *identity;
	const struct wire_fields *fields;
	int64_t fence; /* that it names, 0: none; goes into ack and error */
};

struct command {
	const char *name;
	void (*run)(struct request *request);
};

/* Answers error{code, retry_ms, detail}; retry_ms < 0: never; detail NULL: nil. */
void request_refuse(struct request *request, const char *code, int64_t retry_ms, const char *detail);
/* The same for what the hub itself could not do: full, internal; ERR_DATA: malformed. */
void request_fail(struct request *request, const struct err *err);
/* Answers error{expect} with the n that is expected. */
void request_expect(struct request *request, int64_t n);
/* Answers busy{retry_ms}; 0: unasked, what it waited for is over. */
void request_busy(struct request *request, int64_t retry_ms);
/* Answers with head, after the commit if a transaction runs. */
void request_answer(struct request *request, struct wire_head *head);
/* Reads and runs what the socket holds, a bounded number of messages a turn. commands ends with a NULL name.
 */
void port_drain(struct hub *hub, enum port port, const struct command *commands);

/* Runs the one that the first field names; otherwise: the sentence for none of them. */
void request_dispatch(struct request *request, const struct command *verbs, size_t count,
		      const char *otherwise);

/* dead.c, retry.c */

#define LETTERS_MAX 1000 /* that one request may name */
void on_dead(struct request *request);
void dead_retry(struct request *request);
/* The numbers that a request for dead letters names; false: answered. */
bool dead_numbers(struct request *request, const msgpack_object_array **numbers);

/* forget.c */
void on_forget(struct request *request);
