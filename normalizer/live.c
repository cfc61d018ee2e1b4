/* The live walk of an organization: one target whose visits bring what is new of all pipelines of a source,
 * so that the pipelines' own targets need not be visited at each poll. What it brings belongs to those
 * targets; what it doesn't bring, their own visits do (docs/decisions/0005-one-walk-for-all.md). */
/* SPDX-License-Identifier: MIT */
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/plan.h"

#define KEY_MARK      '#'     /* in no encoded slug */
#define ANEW_AFTER_MS 3600000 /* after it last stood in for the others */

static struct text folder_of(const char *target)
{
	return (struct text){target, strlen(target) - strlen(LIVE_PART)};
}

bool live_is(const char *target)
{
	size_t size = strlen(target), tail = strlen("/" LIVE_PART);

	return size > tail && strcmp(target + size - tail, "/" LIVE_PART) == 0;
}

static struct text in_arena(char *text)
{
	return text ? text_of(text) : (struct text){0};
}

enum status live_route(struct hub *hub, const struct lease *lease, struct text *key, struct text *target,
		       struct err *err)
{
	const char *mark = memchr(key->at, KEY_MARK, key->size);
	struct text part = {key->at, mark ? (size_t)(mark - key->at) : 0};
	struct text rest = {mark ? mark + 1 : NULL, mark ? key->size - part.size - 1 : 0};

	if (part.size == 0 || rest.size == 0 || memchr(part.at, '/', part.size) ||
	    part.at[part.size - 1] == '*' || part.at[0] == LIVE_PART[0]) {
		return err_set(err, ERR_DATA, "key: not <pipeline>#<key>, under the lease of a live walk");
	}
	*target = in_arena(
		arena_format(&hub->arena, "%.*s%.*s", TEXT_FMT(folder_of(lease->target)), TEXT_FMT(part)));
	*key = rest;
	return target->at ? OK : err_set(err, ERR_DATA, "too big: no room left for the build's target");
}

struct text live_key(struct hub *hub, struct text target, struct text key)
{
	const char *slash = memrchr(target.at, '/', target.size);
	struct text part = {slash ? slash + 1 : target.at, 0};

	part.size = target.size - (size_t)(part.at - target.at);
	return in_arena(arena_format(&hub->arena, "%.*s%c%.*s", TEXT_FMT(part), KEY_MARK, TEXT_FMT(key)));
}

static enum status is_active(struct hub *hub, struct text target, bool *yes, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_TARGET_IS_ACTIVE, &row, err, "t", target);

	*yes = row && sqlite3_column_int64(row, 0) == 1;
	db_done(&hub->db, SQL_TARGET_IS_ACTIVE);
	return status;
}

enum status live_follows(struct hub *hub, const struct lease *lease, struct text target, bool *yes,
			 struct text *hurry, struct err *err)
{
	struct text discovery =
		in_arena(arena_format(&hub->arena, "%.*s*", TEXT_FMT(folder_of(lease->target))));
	enum status status = is_active(hub, target, yes, err);

	*hurry = (struct text){0};
	if (status != OK || *yes) {
		return status;
	}
	status = is_active(hub, discovery, yes, err);
	*hurry = *yes ? discovery : *hurry;
	return status;
}

enum status live_anew(struct hub *hub, const struct lease *lease, bool *anew, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_TARGET_SETTLED, &row, err, "t", text_of(lease->target));

	*anew = row && sqlite3_column_type(row, 1) != SQLITE_NULL &&
		sqlite3_column_int64(row, 1) < wall_ms() - ANEW_AFTER_MS;
	db_done(&hub->db, SQL_TARGET_SETTLED);
	return status;
}

enum status live_relieve(struct hub *hub, const struct lease *lease, const struct due *due, struct err *err)
{
	return db_run(&hub->db, SQL_LIVE_RELIEVE, err, "iitit", due->net_at, wall_ms(),
		      text_of(lease->source), due->settled_from, text_of(lease->target));
}
