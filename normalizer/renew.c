/* Makes records anew: what can be read now of the dead letters, then what the raw archive holds. Only what
 * comes out differently is a new version, and nothing is asked of the providers. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/provider.h"
#include "normalizer/records.h"
#include "normalizer/replay.h"
#include "normalizer/targets.h"

#define STEP_US 1000

static enum status next_letter(struct hub *hub, struct replay *replay, struct err *err)
{
	bool fresh = false;
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_DEAD_NEXT_RAW, &row, err, "i", replay->letter);

	replay->letter = row ? sqlite3_column_int64(row, 0) : INT64_MAX;
	db_done(&hub->db, SQL_DEAD_NEXT_RAW);
	if (status == OK && replay->letter != INT64_MAX) {
		status = letter_retry(hub, replay->letter, &fresh, err);
	}
	replay->made += fresh;
	return status;
}

/* Without the part that the live walk had put before it: `web#17` of target …/web is 17. */
static struct text key_there(struct text target, struct text key)
{
	const char *mark = memchr(key.at, '#', key.size);
	const char *slash = memrchr(target.at, '/', target.size);
	struct text part = {key.at, mark ? (size_t)(mark - key.at) : 0};
	struct text last = {slash ? slash + 1 : target.at, 0};

	last.size = target.size - (size_t)(last.at - target.at);
	return mark && text_same(part, last) ? (struct text){mark + 1, key.size - part.size - 1} : key;
}

/* The first one is told, the others are counted: an archive may be full of them. */
static void not_read(struct replay *replay, const char *why)
{
	if (replay->unread++ == 0) {
		log_warn("hub.not_renewed", STR("sink", replay->sink), STR("why", why));
	}
}

static enum status apply(struct hub *hub, struct replay *replay, struct build *builds, size_t count,
			 const struct observation *seen, struct err *err)
{
	enum status status = OK;

	for (size_t i = 0; i < count && status == OK; i++) {
		enum change change = CHANGE_NONE;

		builds[i].version = INT_NULL;
		builds[i].origin = ORIGIN_REPLAY;
		status = record_apply(hub, &builds[i], seen, &change, err);
		replay->made += status == OK && change == CHANGE_NEW;
	}
	return status;
}

static enum status renew(struct hub *hub, struct replay *replay, const struct archived *kept, struct err *err)
{
	const char *colon = memchr(kept->target.at, ':', kept->target.size);
	struct text name = {kept->target.at, colon ? (size_t)(colon - kept->target.at) : 0};
	const struct source *source = source_named(hub, name);
	struct observation seen = {.target = kept->target, .archived = kept->seq};
	struct normal_notes notes = {0};
	const struct provider *provider;
	struct build *builds = NULL;
	struct err why = {0};
	size_t count = 0;
	struct raw raw;
	enum status status;

	arena_reset(&hub->arena);
	if (raw_unpack(kept->envelope.at, kept->envelope.size, &raw, &why) != OK || raw.kind != RAW_BUILD) {
		return OK; /* what was owed goes along with its build */
	}
	seen.key = key_there(kept->target, raw.key);
	seen.observed_at = raw.observed_at;
	seen.poll_ms = source ? source->poll_ms : 0;
	seen.source = source && source->details ? source->name : NULL;
	provider = provider_find(raw.provider);
	if (!provider || provider->normalize(&raw, &hub->arena, &builds, &count, &notes, &why) != OK) {
		not_read(replay, provider ? why.text : "no normalizer for this provider");
		return OK;
	}
	status = apply(hub, replay, builds, count, &seen, &why);
	if (status == ERR_DATA) {
		not_read(replay, why.text);
		return OK;
	}
	*err = why;
	return status;
}

static enum status next_frame(struct hub *hub, struct replay *replay, struct err *err)
{
	enum status status = archive_frame_load(&replay->frame, &hub->db, replay->raw_at, replay->until, err);

	if (status == ERR_DATA) {
		not_read(replay, err->text);
		replay->raw_at = replay->frame.seq;
		replay->frame.seq = 0;
		return OK;
	}
	if (status == OK && !replay->frame.seq) {
		replay->raw_at = INT_NULL;
		archive_frame_fini(&replay->frame);
	}
	return status;
}

static enum status next_one(struct hub *hub, struct replay *replay, struct err *err)
{
	struct archived kept;

	if (replay->letter != INT64_MAX) {
		return next_letter(hub, replay, err);
	}
	if (!replay->frame.seq) {
		return next_frame(hub, replay, err);
	}
	if (archive_frame_next(&replay->frame, &kept)) {
		return kept.seq >= replay->since && kept.seq <= replay->until ? renew(hub, replay, &kept, err)
									      : OK;
	}
	replay->raw_at = replay->frame.seq;
	replay->frame.seq = 0;
	return OK;
}

enum status renew_step(struct hub *hub, struct replay *replay, struct err *err)
{
	int64_t until_us = zclock_usecs() + STEP_US, made = replay->made;
	enum status status = OK;

	while (status == OK && replay->raw_at != INT_NULL && replay->made - made < replay->step &&
	       zclock_usecs() < until_us) {
		status = next_one(hub, replay, err);
	}
	return status;
}
