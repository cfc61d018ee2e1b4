/* The normalised record of docs/record.md as structs and as msgpack. Times are ms since the epoch UTC,
 * durations ms, INT_NULL is null. Texts are views: they live as long as the bytes they were read from (the
 * raw record's arena in the normalizer, the zmq_msg_t in a sink). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/err.h"
#include "common/schema.h"

enum build_state { STATE_NULL, STATE_QUEUED, STATE_RUNNING, STATE_BLOCKED, STATE_FINISHED };
enum build_result {
	RESULT_NULL,
	RESULT_SUCCESS,
	RESULT_FAILURE,
	RESULT_ERROR,
	RESULT_TIMEOUT,
	RESULT_CANCELLATION,
	RESULT_SKIP,
};
enum build_trigger {
	TRIGGER_NULL,
	TRIGGER_PUSH,
	TRIGGER_PULL_REQUEST,
	TRIGGER_SCHEDULE,
	TRIGGER_API,
	TRIGGER_MANUAL,
	TRIGGER_UPSTREAM,
	TRIGGER_OTHER,
};
enum job_kind { KIND_NULL, KIND_SCRIPT, KIND_APPROVAL, KIND_TRIGGER, KIND_WAIT };
enum build_origin { ORIGIN_NULL, ORIGIN_LIVE, ORIGIN_BACKFILL, ORIGIN_REPLAY };

struct attempt {
	int64_t attempt; /* from 1 */
	int state;       /* enum build_state */
	int result;      /* enum build_result */
	int64_t started_at, finished_at;
};

struct job {
	struct text id, name;
	int kind; /* enum job_kind */
	struct text group;
	int state, result;
	struct text provider_state;
	bool soft_failed;
	int64_t attempt;
	bool superseded; /* a later attempt exists */
	int64_t exit_status;
	int64_t queued_at, started_at, finished_at, queue_ms, duration_ms;
	struct {
		struct text name, queue, class;
	} runner;
	struct {
		int64_t index, total;
	} parallel;
	struct text url;
};

/* All null, or none. */
struct test_counts {
	int64_t total, passed, failed, skipped;
};

struct build {
	struct text type; /* "build" */
	struct text id, uid;
	int64_t version; /* set by the hub, as origin */
	int origin;
	struct text provider, organization, pipeline;
	int64_t number, attempt;
	struct field_list attempts; /* struct attempt */
	int state, result;
	struct text provider_state, branch, default_branch, tag, commit, message;
	struct {
		struct text name, email, login;
	} author;
	int trigger;
	int64_t pull_request;
	struct text repository;
	int64_t created_at, queued_at, started_at, finished_at, queue_ms, duration_ms;
	struct text url, api_url;
	double coverage; /* 0..1 */
	struct test_counts tests;
	struct text workflow;
	struct field_list jobs;   /* struct job */
	struct text pipeline_uid; /* what a pipeline keeps when it is renamed: for the hub, not packed */
};

/* The tables: order is the order of the packed map, of the JSON keys and of store.db's columns. version and
 * origin come last when packed, so that what is before them is the content that change detection hashes. */
extern const struct field build_fields[];
extern const struct field job_fields[];
extern const struct field attempt_fields[];
extern const char *const state_words[],
	*const result_words[], *const trigger_words[], *const kind_words[], *const origin_words[];

/* All fields null, type "build", attempt 1. */
void build_init(struct build *build);
void job_init(struct job *job);

/* Appends the packed map to out in two steps: the content, with its hash (XXH3, 64 bit), which change
 * detection compares; then, when it has changed, version and origin, which must be set by then (a null origin
 * is live). */
void build_pack_content(const struct build *build, msgpack_sbuffer *out, uint64_t *content_hash);
void build_pack_tail(const struct build *build, msgpack_sbuffer *out);
/* Both steps at once; content_hash may be NULL. */
void build_pack(const struct build *build, msgpack_sbuffer *out, uint64_t *content_hash);
/* Reads a packed record; texts point into bytes, lists into arena. Bytes are checked first: any input is
 * safe. */
enum status build_unpack(const void *bytes, size_t size, struct arena *arena, struct build *build,
			 struct err *err) MUST_CHECK;
/* One JSON object, keys of docs/record.md in table order, no line end. Heap; caller frees; NULL: out of
 * memory. */
char *build_json(const struct build *build, size_t *size);

/* One part of a record id or URL path, percent-encoded outside [A-Za-z0-9_.~-] ('/' too). NULL: arena full.
 */
char *id_part(struct arena *arena, struct text part);
