/* Change detection and versions: which observation of a build becomes a record (docs/record.md). */
/* SPDX-License-Identifier: MIT */
#include "normalizer/records.h"
#include "common/record.h"
#include "normalizer/details.h"
#include "normalizer/hub.h"
#include "normalizer/keep.h"
#include "normalizer/recent.h"
#include "normalizer/runs.h"

#define VISIT_MAX_MS  3600000 /* an open build is visited at least hourly */
#define DATE_AHEAD_MS 60000   /* clocks may differ by that much */

struct latest {
	bool known;
	bool other_uid; /* another build under the same id: the pipeline was made anew */
	int64_t seq, version, observed_at, attempt, hash;
	bool finished;
	bool elsewhere;                 /* open, and another target asks for it */
	int64_t owed_for, detailed_for; /* finished_at; INT_NULL: never */
	int64_t raw_seq;                /* of the record that its newest raw record made */
	struct text target, key;        /* of one made anew; in hub->arena */
};

static int64_t int_or_null(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? INT_NULL : sqlite3_column_int64(row, column);
}

static struct text keep(struct hub *hub, struct text text)
{
	return (struct text){arena_text(&hub->arena, text.at, text.size), text.size};
}

static enum status latest_get(struct hub *hub, const struct build *build, const struct observation *seen,
			      struct latest *latest, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_BUILD_GET, &row, err, "t", build->id);

	*latest = (struct latest){.known = row != NULL, .owed_for = INT_NULL, .detailed_for = INT_NULL};
	if (row) {
		struct text uid = db_text(row, 0);
		latest->other_uid = uid.at && build->uid.at && !text_same(uid, build->uid);
		latest->seq = sqlite3_column_int64(row, 1);
		latest->version = sqlite3_column_int64(row, 2);
		latest->observed_at = sqlite3_column_int64(row, 3);
		latest->attempt = sqlite3_column_int64(row, 4);
		latest->finished = sqlite3_column_int64(row, 5);
		latest->hash = sqlite3_column_int64(row, 6);
		latest->owed_for = int_or_null(row, 7);
		latest->detailed_for = int_or_null(row, 8);
		latest->elsewhere = !latest->finished && !text_same(db_text(row, 9), seen->target);
		latest->raw_seq = sqlite3_column_int64(row, 11);
		if (seen->archived) {
			latest->target = keep(hub, db_text(row, 9));
			latest->key = keep(hub, db_text(row, 10));
		}
	}
	db_done(&hub->db, SQL_BUILD_GET);
	return status;
}

int64_t record_trusted_to(int64_t observed_at)
{
	int64_t limit = wall_ms() + DATE_AHEAD_MS;

	return observed_at <= limit ? limit : INT64_MAX;
}

/* On a tie (`Date` has whole seconds) the higher attempt, then finished, then the later arrival wins. */
static bool is_stale(const struct latest *latest, const struct build *build, int64_t observed_at)
{
	if (observed_at != latest->observed_at) {
		return observed_at < latest->observed_at &&
		       latest->observed_at <= record_trusted_to(observed_at);
	}
	if (build->attempt != latest->attempt) {
		return build->attempt < latest->attempt;
	}
	return latest->finished && build->state != STATE_FINISHED;
}

/* Ever less often as it ages: age/60, not under poll_interval, not over 1 h. Age is in the provider's time.
 */
static int64_t next_visit(const struct build *build, const struct observation *seen)
{
	int64_t age = build->created_at == INT_NULL ? 0 : seen->observed_at - build->created_at;
	int64_t wait = age / 60;

	wait = wait < seen->poll_ms ? seen->poll_ms : wait;
	return wall_ms() + (wait > VISIT_MAX_MS ? VISIT_MAX_MS : wait);
}

static bool ends_now(const struct build *build, const struct latest *latest)
{
	return build->state == STATE_FINISHED &&
	       !(latest->known && latest->finished && latest->attempt >= build->attempt);
}

static enum status append(struct hub *hub, struct build *build, const struct latest *latest,
			  const struct observation *seen, uint64_t hash, struct err *err)
{
	int64_t seq = hub->next, now = wall_ms(), prev;
	struct text record;
	enum status status;

	build->version = seen->observed_at;
	if (latest->known && build->version <= latest->version) {
		build->version = latest->version + 1;
	}
	build_pack_tail(build, &hub->packed);
	record = (struct text){hub->packed.data, hub->packed.size};
	if (record.size > WIRE_BODY_MAX) { /* no reader could take it: the feed would stop there for ever */
		return err_set(err, ERR_DATA, "its record has %zu bytes, more than the bus carries",
			       record.size);
	}
	status = db_run(&hub->db, SQL_LOG_ADD, err, "iitb", seq, now, build->id, record);
	if (status == OK && latest->known) {
		status = db_run(&hub->db, SQL_SUPERSEDED_ADD, err, "ii", latest->seq, now);
	}
	if (status == OK) {
		status = db_run(&hub->db, SQL_BUILD_PUT, err, "ttiiiiiittiin", build->id, build->uid, seq,
				build->version, seen->observed_at, build->attempt,
				(int64_t)(build->state == STATE_FINISHED), (int64_t)hash, seen->target,
				seen->key, next_visit(build, seen), (int64_t)build->state,
				seen->archived || seen->derived ? INT_NULL : seq);
	}
	if (status == OK && recent_put(&hub->recent, seq, record) != OK) {
		status = err_set(err, ERR_SYS, "out of memory for record %lld", (long long)seq);
	}
	if (status == OK && (status = chain_add(&hub->chain, &hub->db, build->id, seq, &prev, err)) == OK) {
		status = tap_add(&hub->tap, build, seq, prev, err);
	}
	if (status == OK) {
		hub->next++;
		hub->batch.records++;
		hub->builds += !latest->known;
		if (ends_now(build, latest)) {
			runs_finished(build);
		}
	}
	return status;
}

/* A build that is asked for by the same key and was there before can't be asked for any more: it is over. */
static enum status end_replaced(struct hub *hub, const struct build *build, const struct observation *seen,
				struct err *err)
{
	enum change change;
	sqlite3_stmt *row;
	enum status status =
		db_query(&hub->db, SQL_BUILD_REPLACED, &row, err, "ttt", seen->target, seen->key, build->uid);
	int64_t seq = row ? sqlite3_column_int64(row, 0) : 0;

	db_done(&hub->db, SQL_BUILD_REPLACED);
	return status == OK && seq ? record_gone(hub, seq, seen, &change, err) : status;
}

/* base, or with size bytes of the uid: <base>~<uid>. */
static enum status name_by_uid(struct hub *hub, struct build *build, struct text base, size_t size,
			       struct err *err)
{
	struct text uid = {build->uid.at, size < build->uid.size ? size : build->uid.size};
	char *part = id_part(&hub->arena, uid);

	build->id =
		size == 0 ? base
			  : text_of(part ? arena_format(&hub->arena, "%.*s~%s", TEXT_FMT(base), part) : NULL);
	return build->id.at ? OK : err_set(err, ERR_DATA, "too big: no room left for the build's id");
}

/* The first one that was seen keeps the plain id, for ever: another gets a part of its uid, or, where one
 * with the same beginning was there before (uids of one minute may share it), all of it. */
static enum status find_under(struct hub *hub, struct build *build, struct text base,
			      const struct observation *seen, struct latest *latest, struct err *err)
{
	static const size_t sizes[] = {0, 8, SIZE_MAX};
	enum status status = OK;

	latest->other_uid = true;
	for (size_t i = 0; i < 3 && status == OK && latest->other_uid; i++) {
		status = name_by_uid(hub, build, base, sizes[i], err);
		status = status == OK ? latest_get(hub, build, seen, latest, err) : status;
	}
	return status;
}

static bool is_found(const struct latest *latest)
{
	return latest->known && !latest->other_uid;
}

static enum status find_latest(struct hub *hub, struct build *build, struct latest *latest,
			       const struct observation *seen, struct err *err)
{
	struct text own = build->id;
	struct former former = {0};
	enum status status = latest_get(hub, build, seen, latest, err);
	bool taken = latest->other_uid;

	if (status == OK && !is_found(latest)) {
		status = identity_former(hub, build, seen, &former, err);
	}
	for (size_t i = 0; i < former.count && status == OK && !is_found(latest); i++) {
		status = find_under(hub, build, former.ids[i], seen, latest, err);
	}
	if (status != OK || is_found(latest) || (!taken && former.count == 0)) {
		return status;
	}
	status = taken && !seen->archived ? end_replaced(hub, build, seen, err) : OK;
	return status == OK ? find_under(hub, build, own, seen, latest, err) : status;
}

/* A target that is visited no more, because its source has another name now, would never ask for it. */
static enum status adopt(struct hub *hub, const struct build *build, const struct observation *seen,
			 struct err *err)
{
	return db_run(&hub->db, SQL_BUILD_ADOPT, err, "ttt", seen->target, seen->key, build->id);
}

static enum status apply(struct hub *hub, struct build *build, const struct latest *latest,
			 const struct observation *seen, enum change *change, struct err *err)
{
	uint64_t hash;
	enum status status;

	if (latest->known && (seen->archived ? latest->raw_seq > seen->archived
					     : is_stale(latest, build, seen->observed_at))) {
		*change = CHANGE_STALE;
		return OK;
	}
	msgpack_sbuffer_clear(&hub->packed);
	build_pack_content(build, &hub->packed, &hash);
	if (!latest->known || (int64_t)hash != latest->hash) {
		*change = CHANGE_NEW;
		return append(hub, build, latest, seen, hash, err);
	}
	*change = CHANGE_NONE;
	/* A finished build that is seen unchanged within the same second needs no write. */
	if (seen->archived || (latest->finished && seen->observed_at == latest->observed_at)) {
		return OK;
	}
	if (latest->elsewhere && (status = adopt(hub, build, seen, err)) != OK) {
		return status;
	}
	return db_run(&hub->db, SQL_BUILD_SEEN, err, "iit", seen->observed_at, next_visit(build, seen),
		      build->id);
}

enum status record_load(struct hub *hub, int64_t seq, struct build *build, struct err *err)
{
	struct text bytes = {0};
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_LOG_GET, &row, err, "i", seq);

	if (row) {
		bytes = db_text(row, 1);
		bytes.at = arena_text(&hub->arena, bytes.at, bytes.size);
	}
	db_done(&hub->db, SQL_LOG_GET);
	if (status != OK) {
		return status;
	}
	if (!bytes.at) {
		return err_set(err, ERR_SYS, "record %lld can't be read back", (long long)seq);
	}
	return build_unpack(bytes.at, bytes.size, &hub->arena, build, err);
}

/* The same finish as the one whose details the record holds: no list repeats them. */
static bool has_details(const struct build *build, const struct latest *latest)
{
	return build->state == STATE_FINISHED && build->finished_at != INT_NULL &&
	       build->finished_at == latest->detailed_for && isnan(build->coverage) &&
	       build->tests.total == INT_NULL;
}

/* Some answers carry less of the pipeline than others (Buildkite's "Get a build" has no default_branch, its
 * lists have: facts in docs/record.md), none carries the details, and those of jobs come once. What was known
 * stays known, or versions would go back and forth. */
static enum status keep_known(struct hub *hub, struct build *build, const struct latest *latest,
			      struct err *err)
{
	struct build old;
	enum status status;

	if (!latest->known || (build->default_branch.at && !has_details(build, latest))) {
		return OK;
	}
	status = record_load(hub, latest->seq, &old, err);
	if (status == OK && !build->default_branch.at) {
		build->default_branch = old.default_branch;
	}
	if (status == OK && has_details(build, latest)) {
		build->coverage = old.coverage;
		build->tests = old.tests;
	}
	if (status == OK && !keep_jobs(&hub->arena, &old, build)) {
		status = err_set(err, ERR_DATA, "too big: no room left for what was known of its jobs");
	}
	return status;
}

/* The destinations of a sync have this end with its coverage: it stays what it is there. */
static bool is_whole(const struct hub *hub, struct build *build)
{
	const char *slug = memchr(build->id.at, '/', build->id.size);
	const char *key = memrchr(build->id.at, '/', build->id.size);
	const char *end = build->id.at + build->id.size;
	double coverage;

	if (hub->known.count == 0 || build->state != STATE_FINISHED || !slug || key <= slug ||
	    !known_is_whole(&hub->known, (struct text){slug + 1, (size_t)(key - slug - 1)},
			    (struct text){key + 1, (size_t)(end - key - 1)}, build->finished_at, &coverage)) {
		return false;
	}
	build->coverage = isnan(build->coverage) ? coverage : build->coverage;
	return true;
}

/* What is made anew is the same observation still, of a build that was seen so since, and may be asked for
 * under another name by now. */
static struct observation seen_since(const struct observation *seen, const struct latest *latest)
{
	struct observation since = *seen;

	if (seen->archived && latest->known) {
		since.target = latest->target;
		since.key = latest->key;
		since.observed_at =
			latest->observed_at > seen->observed_at ? latest->observed_at : seen->observed_at;
	}
	return since;
}

enum status record_apply(struct hub *hub, struct build *build, const struct observation *as_seen,
			 enum change *change, struct err *err)
{
	struct latest latest;
	struct observation since;
	const struct observation *seen = &since;
	bool whole;
	enum status status = build->id.at ? find_latest(hub, build, &latest, as_seen, err)
					  : err_set(err, ERR_DATA, "a build without an id");

	if (status != OK) {
		return status;
	}
	since = seen_since(as_seen, &latest);
	if ((status = keep_known(hub, build, &latest, err)) != OK) {
		return status;
	}
	whole = is_whole(hub, build);
	status = apply(hub, build, &latest, seen, change, err);
	return status == OK && *change != CHANGE_STALE && seen->source && !whole
		       ? details_owe(hub, build, latest.owed_for, seen, err)
		       : status;
}

enum status record_gone(struct hub *hub, int64_t seq, const struct observation *seen, enum change *change,
			struct err *err)
{
	struct build build;
	enum status status = record_load(hub, seq, &build, err);

	if (status != OK) {
		return status;
	}
	build.state = STATE_FINISHED;
	build.result = RESULT_NULL;
	build.provider_state = TEXT("gone");
	build.origin = ORIGIN_LIVE;
	return record_apply(hub, &build, seen, change, err);
}
