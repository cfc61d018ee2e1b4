/* One envelope of a publish: normalised, compared, logged; what can't be read is set aside with its reason.
 */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/raw.h"
#include "common/record.h"
#include "normalizer/details.h"
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/provider.h"
#include "normalizer/records.h"
#include "normalizer/targets.h"

#include <stdlib.h>

#define GONE_MISSES   3       /* so many 404s … */
#define GONE_AFTER_MS 3600000 /* … over so long make a build finished (docs/record.md) */
#define GONE_RETRY_MS 1800000 /* between two of them */
#define KEY_MAX_BYTES 512
#define OBSERVED_MIN  946684800000  /* 2000-01-01, ms */
#define OBSERVED_MAX  4102444800000 /* 2100-01-01, ms */

enum status dead_letter(struct hub *hub, const char *stage, struct text target, struct text key,
			const char *reason, struct text body, struct err *err)
{
	char of[KEY_MAX_BYTES + 1];

	snprintf(of, sizeof of, "%.*s", TEXT_FMT(key));
	log_warn("hub.dead_letter", STR("stage", stage), STR("key", of), STR("reason", reason));
	++*hub->counts.dead;
	hub->unread = true;
	return db_run(&hub->db, SQL_DEAD_PUT, err,
		      "itttt"
		      "b",
		      wall_ms(), text_of(stage), target, key, text_of(reason), body);
}

/* Changed records only; `raw_retention: 0` is none. */
static enum status archive(struct hub *hub, struct text target, struct text envelope, struct err *err)
{
	if (hub->context->config.bus.raw_retention_ms <= 0) {
		return OK;
	}
	return archive_add(&hub->archive, &hub->db, target, hub->next - 1, envelope, err);
}

static void count(struct intake *counts, enum change change)
{
	counts->fresh += change == CHANGE_NEW;
	counts->unchanged += change == CHANGE_NONE;
	counts->stale += change == CHANGE_STALE;
}

static enum status apply_all(struct hub *hub, struct build *builds, size_t build_count,
			     const struct observation *seen, struct intake *counts, bool *changed,
			     struct err *err)
{
	for (size_t i = 0; i < build_count; i++) {
		enum change change;
		enum status status = record_apply(hub, &builds[i], seen, &change, err);
		if (status != OK) {
			return status;
		}
		count(counts, change);
		*changed |= change == CHANGE_NEW;
	}
	return OK;
}

static enum status take_build(struct hub *hub, const struct raw *raw, const struct observation *seen,
			      struct text envelope, struct intake *counts, struct err *err)
{
	const struct provider *provider = provider_find(raw->provider);
	struct normal_notes notes = {0};
	struct build *builds = NULL;
	struct err why = {0};
	size_t count = 0;
	bool changed = false;
	int64_t stale;
	enum status status;

	if (!provider) {
		return dead_letter(hub, "normalize", seen->target, seen->key,
				   "no normalizer for this provider", envelope, err);
	}
	if (provider->normalize(raw, &hub->arena, &builds, &count, &notes, &why) != OK) {
		return dead_letter(hub, "normalize", seen->target, seen->key, why.text, envelope, err);
	}
	*hub->counts.unknown_words += notes.unknown_words;
	for (size_t i = 0; i < count; i++) {
		builds[i].version = INT_NULL;
		builds[i].origin = raw->origin == ORIGIN_BACKFILL ? ORIGIN_BACKFILL : ORIGIN_LIVE;
	}
	stale = counts->stale;
	status = apply_all(hub, builds, count, seen, counts, &changed, err);
	if (status == OK && hub->unread &&
	    counts->stale == stale) { /* what could not be read before is there now */
		status = db_run(&hub->db, SQL_DEAD_READ, err, "tt", seen->target, seen->key);
	}
	return status == OK && changed ? archive(hub, seen->target, envelope, err) : status;
}

static enum status take_gone(struct hub *hub, const struct raw *raw, const struct observation *seen,
			     struct intake *counts, struct err *err)
{
	int64_t seq = 0;
	enum change change;
	sqlite3_stmt *row;
	enum status status =
		db_run(&hub->db, SQL_BUILD_MISSED, err, "iittii", raw->observed_at, wall_ms() + GONE_RETRY_MS,
		       seen->target, seen->key, raw->observed_at, record_trusted_to(raw->observed_at));

	if (status != OK || db_changes(&hub->db) == 0) {
		counts->stale += status == OK; /* not open, or seen later than this */
		return status;
	}
	status = db_query(&hub->db, SQL_BUILD_GONE, &row, err, "ttii", seen->target, seen->key,
			  (int64_t)GONE_MISSES, raw->observed_at - GONE_AFTER_MS);
	if (row) {
		seq = sqlite3_column_int64(row, 0);
	}
	db_done(&hub->db, SQL_BUILD_GONE);
	if (status == OK && seq && (status = record_gone(hub, seq, seen, &change, err)) == OK) {
		count(counts, change);
	}
	return status;
}

/* One that was open stays so: looked after, but not fetched in all its size every time. */
static enum status take_oversize(struct hub *hub, const struct observation *seen, struct err *err)
{
	enum status status = db_run(&hub->db, SQL_BUILD_HANDED_OUT, err, "itt", wall_ms() + GONE_RETRY_MS,
				    seen->target, seen->key);

	return status == OK ? dead_letter(hub, "oversize", seen->target, seen->key,
					  "this build is over the size that the bus carries",
					  (struct text){0}, err)
			    : status;
}

static enum status take_details(struct hub *hub, const struct lease *lease, const struct raw *raw,
				struct text envelope, struct intake *counts, struct err *err)
{
	bool changed = false;
	enum status status = details_take(hub, lease, raw, counts, &changed, err);

	return status == OK && changed ? archive(hub, text_of(lease->target), envelope, err) : status;
}

static enum status take(struct hub *hub, const struct lease *lease, const struct raw *raw, struct text target,
			struct text bytes, struct intake *counts, struct err *err)
{
	struct observation seen = {.target = target,
				   .key = raw->key,
				   .observed_at = raw->observed_at,
				   .poll_ms = hub_poll_ms(hub, lease->source)};
	const struct source *source = source_named(hub, text_of(lease->source));

	seen.source = source && source->details ? source->name : NULL;

	switch ((enum raw_kind)raw->kind) {
	case RAW_BUILD:
		return take_build(hub, raw, &seen, bytes, counts, err);
	case RAW_GONE:
		return take_gone(hub, raw, &seen, counts, err);
	case RAW_OVERSIZE:
		return take_oversize(hub, &seen, err);
	case RAW_DETAILS:
	case RAW_LATER:
		return take_details(hub, lease, raw, bytes, counts, err);
	case RAW_NULL:
		break;
	}
	return err_set(err, ERR_DATA, "kind: unknown");
}

/* What the hub relies on, beyond the form: due keys travel in heads, and a time from nowhere would make every
 * later answer stale. */
static enum status check_envelope(const struct raw *raw, struct err *err)
{
	if (raw->key.size < 1 || raw->key.size > KEY_MAX_BYTES) {
		return err_set(err, ERR_DATA, "key: not 1 to %d bytes", KEY_MAX_BYTES);
	}
	if (raw->observed_at < OBSERVED_MIN || raw->observed_at > OBSERVED_MAX) {
		return err_set(err, ERR_DATA, "observed_at: %lld is no time between 2000 and 2100",
			       (long long)raw->observed_at);
	}
	return OK;
}

/* Of a live walk: each build belongs to the target of its pipeline. */
static enum status take_routed(struct hub *hub, const struct lease *lease, const struct raw *raw,
			       struct text target, struct text bytes, struct intake *counts, struct err *err)
{
	int64_t fresh = counts->fresh;
	struct text hurry;
	bool follows;
	enum status status = live_follows(hub, lease, target, &follows, &hurry, err);

	if (status == OK && !follows) {
		counts->stale++;
		return OK;
	}
	if (status == OK) {
		status = take(hub, lease, raw, target, bytes, counts, err);
	}
	if (status == OK && hurry.at && counts->fresh > fresh) {
		status = db_run(&hub->db, SQL_TARGET_SOONER, err, "iti", wall_ms(), hurry, wall_ms());
	}
	return status;
}

enum status intake_envelope(struct hub *hub, const struct lease *lease, struct text bytes,
			    struct intake *counts, struct err *err)
{
	arena_reset(&hub->arena);
	return intake_kept(hub, lease, (struct text){0}, bytes, counts, err);
}

enum status intake_kept(struct hub *hub, const struct lease *lease, struct text known_by, struct text bytes,
			struct intake *counts, struct err *err)
{
	struct text target = text_of(lease->target), key = TEXT("");
	bool live = live_is(lease->target);
	struct err why = {0};
	struct raw raw;
	enum status status;

	if (raw_unpack(bytes.at, bytes.size, &raw, &why) != OK) {
		return dead_letter(hub, "envelope", target, key, why.text, bytes, err);
	}
	raw.key = known_by.at ? known_by : raw.key;
	key = (struct text){raw.key.at, raw.key.size < KEY_MAX_BYTES ? raw.key.size : KEY_MAX_BYTES};
	if (check_envelope(&raw, &why) != OK ||
	    (live && live_route(hub, lease, &raw.key, &target, &why) != OK)) {
		return dead_letter(hub, "envelope", target, key, why.text, bytes, err);
	}
	status = live ? take_routed(hub, lease, &raw, target, bytes, counts, &why)
		      : take(hub, lease, &raw, target, bytes, counts, &why);
	if (status == ERR_DATA) {
		return dead_letter(hub, "normalize", target, raw.key, why.text, bytes, err);
	}
	if (status != OK) {
		*err = why;
	}
	return status;
}
