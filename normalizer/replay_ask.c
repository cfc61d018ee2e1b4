/* `replay`: begins one, tells of it, stops it (docs/protocol.md section 3). */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/record.h"
#include "normalizer/batch.h"
#include "normalizer/port.h"
#include "normalizer/replay.h"
#include "normalizer/session.h"

static void put_pair(struct wire_head *head, const char *key, int64_t value)
{
	wire_put_string(head, key);
	value == INT_NULL ? wire_put_nil(head) : wire_put_int(head, value);
}

void replay_put(struct hub *hub, struct wire_head *head, const struct replay *replay)
{
	wire_put_map(head, 11);
	wire_put_string(head, "sink");
	wire_put_string(head, replay->sink);
	put_pair(head, "since", replay->since);
	put_pair(head, "until", replay->until);
	put_pair(head, "at", replay->at);
	put_pair(head, "raw_at", replay->raw_at);
	put_pair(head, "sent", replay->sent);
	put_pair(head, "made", replay->made);
	put_pair(head, "unread", replay->unread);
	put_pair(head, "began_at", replay->began_at);
	put_pair(head, "ended_at", replay->ended_at);
	wire_put_string(head, "waits");
	wire_put_bool(head, replay->ended_at == INT_NULL && !session_named(hub, text_of(replay->sink)));
}

static void answer(struct request *request, const char *verb, const struct replay *replay)
{
	struct wire_head head;

	wire_begin(&head, "replay", 2);
	wire_put_string(&head, verb);
	replay ? replay_put(request->hub, &head, replay) : wire_put_nil(&head);
	request_answer(request, &head);
}

static enum status knows_sink(struct hub *hub, struct text sink, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_SINK_GET, &row, err, "t", sink);

	if (status == OK && !row) {
		status = err_set(err, ERR_DATA,
				 "the hub knows no sink of that name: `buildbus sinks list` has them");
	}
	db_done(&hub->db, SQL_SINK_GET);
	return status;
}

static enum status may_begin(struct hub *hub, struct text sink, bool renew, struct err *err)
{
	const struct replay *running = replay_of(hub, sink);

	if (running && running->ended_at == INT_NULL) {
		return err_set(err, ERR_DATA,
			       "a replay to this sink is on its way: wait for it, or end it with --stop");
	}
	if (renew && hub->context->config.bus.raw_retention_ms <= 0) {
		return err_set(err, ERR_DATA, "nothing can be made anew: bus.raw_retention is 0");
	}
	return knows_sink(hub, sink, err);
}

static enum status begin(struct hub *hub, struct text sink, int64_t since, bool renew, struct err *err)
{
	enum status status = batch_begin(hub, err);

	if (status == OK) {
		status = db_run(&hub->db, SQL_REPLAY_PUT, err, "tiiin", sink, since, wall_ms(), hub->next - 1,
				renew ? since - 1 : INT_NULL);
	}
	if (status == OK) {
		status = replay_load(hub, err);
	}
	if (status != OK) {
		batch_break(hub, err);
	}
	return status;
}

static void replay_begin(struct request *request)
{
	struct hub *hub = request->hub;
	const struct wire_fields *fields = request->fields;
	bool renew = wire_true(fields, 4);
	int64_t since = 1, ms;
	struct text sink;
	struct err err = {0};
	enum status status = OK;

	if (!wire_text(fields, 1, &sink) || !name_ok(sink) ||
	    (!wire_nil(fields, 2) && (!wire_int(fields, 2, &since) || since < 0)) ||
	    (!wire_nil(fields, 3) && !wire_int(fields, 3, &ms))) {
		request_refuse(
			request, "malformed", -1,
			"replay begin needs a sink, a seq or nil, a time or nil, and whether to renormalize");
		return;
	}
	if (!wire_nil(fields, 3)) {
		status = seek_time(hub, ms, &since, &err);
		since++;
	}
	since = since < 1 ? 1 : since;
	if (status != OK || (status = may_begin(hub, sink, renew, &err)) != OK ||
	    (status = begin(hub, sink, since, renew, &err)) != OK) {
		request_fail(request, &err);
		return;
	}
	log_info("hub.replay", STR("sink", replay_of(hub, sink)->sink), NUM("since", since),
		 NUM("until", hub->next - 1));
	answer(request, "begin", replay_of(hub, sink));
	replay_turn(hub);
}

static void replay_look(struct request *request)
{
	struct text sink = {0};

	wire_text(request->fields, 1, &sink);
	answer(request, "look", replay_of(request->hub, sink));
}

/* What is sent already is sent. */
static void replay_stop(struct request *request)
{
	struct hub *hub = request->hub;
	struct text sink = {0};
	struct err err = {0};
	enum status status = batch_begin(hub, &err);
	bool known;

	wire_text(request->fields, 1, &sink);
	known = replay_of(hub, sink) != NULL;
	if (status == OK) {
		status = db_run(&hub->db, SQL_REPLAY_DROP, &err, "t", sink);
	}
	if (status == OK) {
		status = replay_load(hub, &err);
	}
	if (status != OK) {
		batch_break(hub, &err);
		request_fail(request, &err);
		return;
	}
	if (known) {
		char name[NAME_MAX_BYTES + 1];
		snprintf(name, sizeof name, "%.*s", TEXT_FMT(sink));
		log_info("hub.replay_stopped", STR("sink", name));
	}
	answer(request, "stop", NULL);
}

void on_replay(struct request *request)
{
	static const struct command verbs[] = {
		{"begin", replay_begin}, {"look", replay_look}, {"stop", replay_stop}};

	request_dispatch(request, verbs, sizeof verbs / sizeof *verbs, "replay needs begin, look or stop");
}
