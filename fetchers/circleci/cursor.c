/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/cursor.h"

#include "common/schema.h"
#include "common/time.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define CURSOR_VERSION 1
#define CURSOR_DEPTH   4

/* Re-runs: a look after ten minutes, and each later than the one before by a quarter of its age; some forty
 * in three months. What is open the hub asks for by key; this is for what has no build yet. */
#define ENDED_SHARE  4
#define ENDED_MIN_MS (10 * MINUTE_MS)
#define OPEN_SHARE   30
#define OPEN_MAX_MS  (2 * HOUR_MS)

struct packed_follow {
	struct text id;
	int64_t created_at, checked_at, print, detailed;
	bool ended;
};

struct packed_cursor {
	int64_t version, covered_to, covered_from, count;
	bool bottom;
	struct text token;
	struct field_list follows;
};

static const struct field follow_fields[] = {
	{.key = "id", .type = FIELD_TEXT, .offset = offsetof(struct packed_follow, id)},
	{.key = "created", .type = FIELD_INT, .offset = offsetof(struct packed_follow, created_at)},
	{.key = "checked", .type = FIELD_INT, .offset = offsetof(struct packed_follow, checked_at)},
	{.key = "print", .type = FIELD_INT, .offset = offsetof(struct packed_follow, print)},
	{.key = "detailed", .type = FIELD_INT, .offset = offsetof(struct packed_follow, detailed)},
	{.key = "ended", .type = FIELD_BOOL, .offset = offsetof(struct packed_follow, ended)},
	{.key = NULL},
};

static const struct field cursor_fields[] = {
	{.key = "v", .type = FIELD_INT, .offset = offsetof(struct packed_cursor, version)},
	{.key = "covered_to", .type = FIELD_INT, .offset = offsetof(struct packed_cursor, covered_to)},
	{.key = "covered_from", .type = FIELD_INT, .offset = offsetof(struct packed_cursor, covered_from)},
	{.key = "count", .type = FIELD_INT, .offset = offsetof(struct packed_cursor, count)},
	{.key = "bottom", .type = FIELD_BOOL, .offset = offsetof(struct packed_cursor, bottom)},
	{.key = "token", .type = FIELD_TEXT, .offset = offsetof(struct packed_cursor, token)},
	{.key = "follows",
	 .type = FIELD_LIST,
	 .offset = offsetof(struct packed_cursor, follows),
	 .members = follow_fields,
	 .member_size = sizeof(struct packed_follow)},
	{.key = NULL},
};

void cursor_init(struct cursor *cursor)
{
	*cursor = (struct cursor){.covered_to = INT_NULL, .covered_from = INT_NULL};
}

struct follow *cursor_follow(struct cursor *cursor, const char *id)
{
	for (size_t i = 0; i < cursor->follow_count; i++) {
		if (strcmp(cursor->follows[i].id, id) == 0) {
			return &cursor->follows[i];
		}
	}
	return NULL;
}

/* The oldest goes, of those that have ended if there is one. */
static struct follow *least(struct cursor *cursor)
{
	struct follow *found = &cursor->follows[0];

	for (size_t i = 1; i < cursor->follow_count; i++) {
		struct follow *other = &cursor->follows[i];

		if (other->ended > found->ended ||
		    (other->ended == found->ended && other->created_at < found->created_at)) {
			found = other;
		}
	}
	return found;
}

void cursor_put(struct cursor *cursor, const struct follow *follow)
{
	struct follow *place = cursor_follow(cursor, follow->id);

	if (!place && cursor->follow_count < FOLLOWS_MAX) {
		place = &cursor->follows[cursor->follow_count++];
	} else if (!place) {
		place = least(cursor);
		if (place->ended && follow->ended && follow->created_at < place->created_at) {
			return;
		}
	}
	*place = *follow;
}

void cursor_forget(struct cursor *cursor, const char *id)
{
	struct follow *follow = cursor_follow(cursor, id);

	if (follow) {
		*follow = cursor->follows[--cursor->follow_count];
	}
}

bool follow_due(const struct follow *follow, int64_t now, int64_t poll_ms)
{
	int64_t age = now - follow->created_at, wait;

	if (follow->checked_at > now) { /* a clock was ahead */
		return true;
	}
	if (follow->ended) {
		wait = age / ENDED_SHARE > ENDED_MIN_MS ? age / ENDED_SHARE : ENDED_MIN_MS;
		return age < FOLLOW_MAX_MS && now - follow->checked_at >= wait;
	}
	wait = age / OPEN_SHARE > poll_ms ? age / OPEN_SHARE : poll_ms;
	return now - follow->checked_at >= (wait < OPEN_MAX_MS ? wait : OPEN_MAX_MS);
}

void cursor_pack(const struct cursor *cursor, msgpack_sbuffer *out)
{
	struct packed_follow follows[FOLLOWS_MAX];
	const struct packed_cursor packed = {
		.version = CURSOR_VERSION,
		.covered_to = cursor->covered_to,
		.covered_from = cursor->covered_from,
		.count = cursor->count,
		.bottom = cursor->bottom,
		.token = text_of(cursor->token[0] ? cursor->token : NULL),
		.follows = {follows, cursor->follow_count},
	};

	for (size_t i = 0; i < cursor->follow_count; i++) {
		const struct follow *follow = &cursor->follows[i];

		follows[i] =
			(struct packed_follow){text_of(follow->id),    follow->created_at, follow->checked_at,
					       (int64_t)follow->print, follow->detailed,   follow->ended};
	}
	schema_pack(out, cursor_fields, &packed);
}

static bool take_follow(struct cursor *cursor, const struct packed_follow *packed)
{
	struct follow *follow = &cursor->follows[cursor->follow_count];

	if (packed->id.size == 0 || packed->id.size >= ID_BYTES || packed->created_at == INT_NULL ||
	    packed->checked_at == INT_NULL || packed->print == INT_NULL) {
		return false;
	}
	*follow = (struct follow){.created_at = packed->created_at,
				  .checked_at = packed->checked_at,
				  .print = (uint64_t)packed->print,
				  .detailed = packed->detailed > 0 ? packed->detailed : 0,
				  .ended = packed->ended};
	memcpy(follow->id, packed->id.at, packed->id.size);
	cursor->follow_count++;
	return true;
}

static bool take(struct cursor *cursor, const struct packed_cursor *packed)
{
	const struct packed_follow *follows = packed->follows.items;
	bool good = packed->version == CURSOR_VERSION && packed->token.size < TOKEN_BYTES &&
		    packed->follows.count <= FOLLOWS_MAX;

	cursor->covered_to = packed->covered_to;
	cursor->covered_from = packed->covered_from;
	cursor->count = packed->count > 0 ? packed->count : 0;
	cursor->bottom = packed->bottom;
	if (good && packed->token.at) {
		memcpy(cursor->token, packed->token.at, packed->token.size);
	}
	for (size_t i = 0; good && i < packed->follows.count; i++) {
		good = take_follow(cursor, &follows[i]);
	}
	return good;
}

enum status cursor_unpack(struct cursor *cursor, struct text bytes, struct err *err)
{
	struct packed_cursor packed = {0};
	enum status status = msgpack_check(bytes.at, bytes.size, CURSOR_DEPTH, err);
	msgpack_unpacked unpacked;
	struct arena arena;

	cursor_init(cursor);
	if (status != OK) {
		return status;
	}
	arena_init(&arena, 1 << 20);
	schema_init(cursor_fields, &packed);
	msgpack_unpacked_init(&unpacked);
	if (msgpack_unpack_next(&unpacked, bytes.at, bytes.size, NULL) != MSGPACK_UNPACK_SUCCESS ||
	    schema_unpack(cursor_fields, &unpacked.data, &arena, &packed, err) != OK ||
	    !take(cursor, &packed)) {
		cursor_init(cursor);
		status = err_set(err, ERR_DATA, "not a cursor of version %d", CURSOR_VERSION);
	}
	msgpack_unpacked_destroy(&unpacked);
	arena_fini(&arena);
	return status;
}
