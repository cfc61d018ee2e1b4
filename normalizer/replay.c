/* Steps of replays. A step goes into the log once the sink has confirmed the one before, so that what is new
 * never waits for more than a step, and the sink's destination sets the pace. Where it has come is committed
 * with it: who dies on the way goes on from there. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/replay.h"
#include "common/log.h"
#include "common/record.h"
#include "normalizer/batch.h"
#include "normalizer/session.h"

#include <stdlib.h>

#define STEP_MIN   16
#define STEP_MAX   2048 /* a sink holds 10,000 records at most */
#define SCAN_MAX   1000 /* seqs that a step may pass over: most may be superseded */
#define OTHERS_MS  2000 /* so long it waits for other sinks, to which records made anew go as well */
#define BETWEEN_MS 1    /* steps that no sink holds back */

static void replay_clear(struct replay *replay)
{
	free(replay->sink);
	archive_frame_fini(&replay->frame);
}

void replay_fini(struct hub *hub)
{
	for (size_t i = 0; i < hub->replay_count; i++) {
		replay_clear(&hub->replays[i]);
	}
	free(hub->replays);
	hub->replays = NULL;
	hub->replay_count = 0;
}

static int64_t int_or_null(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? INT_NULL : sqlite3_column_int64(row, column);
}

static enum status add(struct hub *hub, sqlite3_stmt *row, struct err *err)
{
	struct replay *replays = realloc(hub->replays, (hub->replay_count + 1) * sizeof *replays);
	struct text sink = db_text(row, 0);

	if (!replays) {
		return err_set(err, ERR_SYS, "out of memory for a replay");
	}
	hub->replays = replays;
	replays[hub->replay_count] = (struct replay){
		.sink = strndup(sink.at, sink.size),
		.since = sqlite3_column_int64(row, 1),
		.began_at = sqlite3_column_int64(row, 2),
		.at = sqlite3_column_int64(row, 3),
		.until = sqlite3_column_int64(row, 4),
		.raw_at = int_or_null(row, 5),
		.sent = sqlite3_column_int64(row, 6),
		.made = sqlite3_column_int64(row, 7),
		.ended_at = int_or_null(row, 8),
		.step = STEP_MIN,
		.wait_for = hub->head, /* the step that was made last is in there */
	};
	return replays[hub->replay_count++].sink ? OK : err_set(err, ERR_SYS, "out of memory for a replay");
}

enum status replay_load(struct hub *hub, struct err *err)
{
	sqlite3_stmt *row;
	enum status status;

	replay_fini(hub);
	status = db_query(&hub->db, SQL_REPLAY_ALL, &row, err, "");
	while (status == OK && row && (status = add(hub, row, err)) == OK) {
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, SQL_REPLAY_ALL);
	return status;
}

struct replay *replay_of(struct hub *hub, struct text sink)
{
	for (size_t i = 0; i < hub->replay_count; i++) {
		if (text_is(sink, hub->replays[i].sink)) {
			return &hub->replays[i];
		}
	}
	return NULL;
}

static enum status keep(struct hub *hub, const struct replay *replay, struct err *err)
{
	return db_run(&hub->db, SQL_REPLAY_MOVE, err, "iniint", replay->at, replay->raw_at, replay->sent,
		      replay->made, replay->ended_at, text_of(replay->sink));
}

/* Those that are sent again by the next step; *last: it comes so far. */
static enum status list(struct hub *hub, const struct replay *replay, int64_t *seqs, size_t *count,
			int64_t *last, struct err *err)
{
	int64_t to = replay->at + SCAN_MAX < replay->until ? replay->at + SCAN_MAX : replay->until;
	sqlite3_stmt *row;
	enum status status =
		db_query(&hub->db, SQL_READ_REPLAY, &row, err, "iii", replay->at, to, replay->step);

	*count = 0;
	while (status == OK && row && *count < STEP_MAX) {
		seqs[(*count)++] = sqlite3_column_int64(row, 0);
		status = db_next(&hub->db, &row, err);
	}
	db_done(&hub->db, SQL_READ_REPLAY);
	*last = (int64_t)*count == replay->step ? seqs[*count - 1] : to;
	return status;
}

static enum status send_step(struct hub *hub, struct replay *replay, struct err *err)
{
	int64_t seqs[STEP_MAX], seq;
	size_t count;
	enum status status = list(hub, replay, seqs, &count, &replay->at, err);

	for (size_t i = 0; i < count && status == OK; i++) {
		status = resend_add(hub, text_of(replay->sink), seqs[i], &seq, err);
	}
	replay->sent += (int64_t)count;
	return status;
}

static void log_end(const struct replay *replay)
{
	log_info("hub.replayed", STR("sink", replay->sink), NUM("sent", replay->sent),
		 NUM("made", replay->made), NUM("unread", replay->unread),
		 NUM("ms", replay->ended_at - replay->began_at));
}

/* Within a frame of the archive there is nothing to keep: it would be read again. */
static bool has_moved(const struct replay *before, const struct replay *now)
{
	return before->at != now->at || before->raw_at != now->raw_at || before->made != now->made ||
	       before->ended_at != now->ended_at;
}

static enum status step(struct hub *hub, struct replay *replay, struct err *err)
{
	const struct replay was = *replay;
	int64_t before = hub->next;
	enum status status = batch_begin(hub, err);

	if (status != OK) {
		return status;
	}
	if (replay->raw_at != INT_NULL) {
		status = renew_step(hub, replay, err);
	} else if (replay->at < replay->until) {
		status = send_step(hub, replay, err);
	} else {
		replay->ended_at = wall_ms();
		log_end(replay);
	}
	if (status == OK && has_moved(&was, replay)) {
		status = keep(hub, replay, err);
	}
	if (status != OK) {
		batch_break(hub, err);
	}
	if (hub->next > before) {
		replay->wait_for = hub->next - 1;
		replay->stepped_us = zclock_usecs();
	}
	return status;
}

/* Sinks to which records made anew go as well; one that does not get on is not waited for. */
static bool others_have(const struct hub *hub, const struct replay *replay)
{
	for (size_t i = 0; i < hub->session_count; i++) {
		const struct session *session = &hub->sessions[i];
		if (session->name && session->position < replay->wait_for) {
			return zclock_usecs() - replay->stepped_us > OTHERS_MS * 1000;
		}
	}
	return true;
}

static bool may_step(struct hub *hub, const struct replay *replay)
{
	const struct session *session = session_named(hub, text_of(replay->sink));

	return replay->ended_at == INT_NULL && hub->taking && session && !session->stalled &&
	       session->position >= replay->wait_for &&
	       (replay->raw_at == INT_NULL || others_have(hub, replay));
}

/* Larger as long as that costs no time, smaller when it does. */
static void adapt(struct replay *replay)
{
	int64_t took = zclock_usecs() - replay->stepped_us, quick = replay->quickest_us;

	replay->stepped_us = 0;
	if (quick == 0 || took < quick) {
		replay->quickest_us = quick = took;
	}
	if (took * 2 <= quick * 3) {
		replay->step = replay->step * 2 < STEP_MAX ? replay->step * 2 : STEP_MAX;
	} else if (took > quick * 2) {
		replay->step = replay->step / 2 > STEP_MIN ? replay->step / 2 : STEP_MIN;
		replay->quickest_us += quick / 16; /* the destination may have become slower */
	}
}

static int on_between(zloop_t *loop, int timer, void *arg)
{
	struct hub *hub = arg;

	(void)loop, (void)timer;
	hub->replay_timer = 0;
	replay_turn(hub);
	return 0;
}

void replay_turn(struct hub *hub)
{
	bool more = false;
	struct err err = {0};

	for (size_t i = 0; i < hub->replay_count; i++) {
		struct replay *replay = &hub->replays[i];

		if (!may_step(hub, replay)) {
			continue;
		}
		if (replay->stepped_us) {
			adapt(replay);
		}
		if (step(hub, replay, &err) != OK) {
			return; /* the transaction is lost: what is in memory is read anew, and tried in a
				   second */
		}
		more |= may_step(hub, replay);
	}
	if (more && !hub->replay_timer) {
		hub->replay_timer = zloop_timer(hub->context->loop, BETWEEN_MS, 1, on_between, hub);
	}
}
