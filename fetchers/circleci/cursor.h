/* Where the fetcher is in a project's pipelines, newest first. Pure: no I/O, no clock; times are the
 * provider's, ms since the epoch UTC.
 *
 * The API has no time filter: a live walk goes down from the newest pipeline to `covered_to`, less an
 * overlap; back-fill goes on below `covered_from`. Pipelines read lately are followed, for re-runs: a new
 * workflow in an old pipeline shows in no list. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

#include <msgpack.h>
#include <stdint.h>

#define CURSOR_OVERLAP_MS 120000 /* pipelines become visible a little after their created_at */
#define FOLLOWS_MAX       500    /* the hub takes cursors of 64 KiB */
#define FOLLOW_MAX_MS     (INT64_C(90) * 86400000)
#define TOKEN_BYTES       1024
#define ID_BYTES          40 /* a UUID and its end */

/* A pipeline that was read. */
struct follow {
	char id[ID_BYTES];
	int64_t created_at;
	int64_t checked_at; /* when its workflows were listed last */
	uint64_t print;     /* of what they were then; 0: never read */
	int64_t detailed;   /* jobs up to this number have been asked for their details; 0: none */
	bool ended;
	bool fresh; /* it was looked at in this visit; not kept */
};

/* Zeroed is not valid: cursor_init. */
struct cursor {
	int64_t covered_to;      /* newest created_at of the last whole live walk; INT_NULL: none yet */
	int64_t covered_from;    /* what was created from here on was read; INT_NULL: nothing */
	int64_t count;           /* pipelines read by the first page and back-fill */
	bool bottom;             /* there is nothing further to read below covered_from */
	char token[TOKEN_BYTES]; /* of the page below covered_from; "": none */
	struct follow follows[FOLLOWS_MAX];
	size_t follow_count;
};

void cursor_init(struct cursor *cursor);
/* NULL: it isn't followed. */
struct follow *cursor_follow(struct cursor *cursor, const char *id);
/* Puts it in place of the one with its id, or of the oldest one when there is no room. */
void cursor_put(struct cursor *cursor, const struct follow *follow);
void cursor_forget(struct cursor *cursor, const char *id);
/* Whether it is time to list its workflows again: ever less often as it ages. */
bool follow_due(const struct follow *follow, int64_t now, int64_t poll_ms);

void cursor_pack(const struct cursor *cursor, msgpack_sbuffer *out);
/* ERR_DATA: not a cursor of this kind; cursor is as after cursor_init. */
enum status cursor_unpack(struct cursor *cursor, struct text bytes, struct err *err) MUST_CHECK;
