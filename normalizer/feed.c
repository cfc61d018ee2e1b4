/* The commands of sinks and of `buildbus`: docs/protocol.md section 3. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/lease.h"
#include "normalizer/numbers.h"
#include "normalizer/port.h"
#include "normalizer/records.h"
#include "normalizer/replay.h"
#include "normalizer/session.h"

#define HELD_RETRY_MS 1000 /* should it miss the release */

#define NOTE_MAX   65536
#define REASON_MAX 4096
#define CREDIT_MAX 1000000

static void answer_alive(struct request *request, const struct session *session)
{
	struct wire_head head;

	wire_begin(&head, "alive", 2);
	wire_put_int(&head, session->number);
	wire_put_int(&head, session->sent);
	request_answer(request, &head);
}

/* NULL: answered. A sign of life; the session follows its holder to a new connection. */
static struct session *session_for(struct request *request)
{
	struct session *session;
	int64_t number;

	if (!wire_int(request->fields, 0, &number)) {
		request_refuse(request, "malformed", -1, "field 1 is not a session");
		return NULL;
	}
	session = session_of(request->hub, number);
	if (!session || !door_owns(request, session)) {
		request_refuse(request, "no_session", 0, NULL);
		return NULL;
	}
	session->alive_ms = now_ms();
	session->stalled = false;
	session->unheard = 0;
	zmq_msg_copy(&session->identity, (zmq_msg_t *)(uintptr_t)request->identity);
	return session;
}

static void answer_attached(struct request *request, const struct session *session, struct text note)
{
	struct hub *hub = request->hub;
	struct wire_head head;

	log_info("feed.attached", STR("sink", session->name), NUM("session", session->number),
		 NUM("position", session->position), NUM("head", hub->head));
	wire_begin(&head, "attached", 4);
	wire_put_int(&head, session->number);
	wire_put_position(&head, (struct position){hub->epoch, session->position});
	wire_put_bytes(&head, note);
	wire_put_position(&head, (struct position){hub->epoch, hub->head});
	request_answer(request, &head);
}

/* Where an anonymous reader begins: a position, or a time. *given false: it doesn't say. */
static bool read_from(struct request *request, struct position *from, bool *given, struct err *err)
{
	const struct wire_fields *fields = request->fields;
	int64_t ms;

	err->status = OK;
	*given = !wire_nil(fields, 2);
	if (*given && wire_int(fields, 2, &ms)) {
		from->epoch = request->hub->epoch;
		return seek_time(request->hub, ms, &from->seq, err) == OK;
	}
	return !*given || (wire_position(fields, 2, from) && from->seq >= 0);
}

static void on_attach(struct request *request)
{
	struct hub *hub = request->hub;
	const struct wire_fields *fields = request->fields;
	struct text name = {0}, note;
	struct position from;
	bool given;
	struct session *session;
	struct err err = {0};
	int64_t old = 0, busy_ms;

	if ((!wire_nil(fields, 0) && (!wire_text(fields, 0, &name) || !name_ok(name))) ||
	    (!wire_nil(fields, 1) && !wire_int(fields, 1, &old)) ||
	    !read_from(request, &from, &given, &err)) {
		err.status == OK ? request_refuse(request, "malformed", -1,
						  "attach needs sink (1 to 512 bytes or nil), session or "
						  "nil, position or time or nil")
				 : request_fail(request, &err);
		return;
	}
	if (!door_allows_name(request, name)) {
		return;
	}
	session = session_of(hub, old);
	if (session && !door_owns(request, session)) {
		old = 0; /* guessed: nobody's session is closed by it */
	}
	if (hub->held && name.at) {
		held_add(&hub->waiting, request->identity);
		request_busy(request, HELD_RETRY_MS);
	} else if (session_open(hub, name, old, given ? &from : NULL, request->identity, &session, &note,
				&busy_ms, &err) != OK) {
		request_fail(request, &err);
	} else if (session) {
		answer_attached(request, session, note);
	} else {
		request_busy(request, busy_ms);
	}
}

/* What a `buildbus sync` wants is here, or its time to fetch is over: the sinks may have it, and nothing more
 * is taken. */
static void on_release(struct request *request)
{
	struct hub *hub = request->hub;
	struct wire_head head;
	struct err err = {0};

	if (hub->held && (sort_by_finish(hub, &err) != OK || lease_end_all(hub, &err) != OK)) {
		request_fail(request, &err);
		return;
	}
	hub->released = hub->released || hub->held;
	hub->held = false;
	wire_begin(&head, "released", 1);
	wire_put_int(&head, hub->head);
	request_answer(request, &head);
	held_wake(hub);
}

static void on_credit(struct request *request)
{
	struct session *session = session_for(request);
	int64_t records;

	if (!session) {
		return;
	}
	if (!wire_int(request->fields, 1, &records) || records < 1 ||
	    records > CREDIT_MAX - session->credit) {
		request_refuse(request, "malformed", -1,
			       "credit needs a session and 1 to 1000000 records in all");
		return;
	}
	session->credit += records;
	feed_pump(request->hub);
	replay_turn(request->hub); /* a sink that waited is back */
}

static enum status store_ack(struct hub *hub, struct session *session, struct text note, struct err *err)
{
	enum status status;

	if (!session->name) {
		return OK;
	}
	status = batch_begin(hub, err);
	if (status == OK) {
		status = db_run(&hub->db, SQL_SINK_ACK, err, "ibit", session->position, note, wall_ms(),
				text_of(session->name));
		if (status == OK && session->resends) {
			status = resend_acked(hub, session, session->position, err);
		}
		if (status != OK) {
			batch_break(hub, err);
		}
	}
	return status;
}

static void on_ack(struct request *request)
{
	struct hub *hub = request->hub;
	struct session *session = session_for(request);
	struct position position;
	struct text note = {0};
	struct err err = {0};

	if (!session) {
		return;
	}
	if (!wire_position(request->fields, 1, &position) ||
	    (!wire_nil(request->fields, 2) && !wire_text(request->fields, 2, &note)) ||
	    note.size > NOTE_MAX || position.epoch != hub->epoch || position.seq > session->sent) {
		request_refuse(request, "malformed", -1,
			       "ack needs a session, a position that was sent, and a note of at most 64 KiB");
		return;
	}
	if (position.seq < session->position && !note.at) {
		return; /* overtaken */
	}
	if (position.seq > session->position) {
		*hub->counts.acked += position.seq - session->position;
		session->position = position.seq;
		session->moved_ms = passed_ms();
	}
	if (store_ack(hub, session, note, &err) != OK) {
		request_fail(request, &err);
	} else if (note.at) {
		answer_alive(request, session);
	}
	replay_turn(hub);
}

/* What the session got under seq. */
static enum status sent_as(struct hub *hub, const struct session *session, int64_t seq, struct text *id,
			   struct text *record, struct err *err)
{
	enum sql which = SQL_LOG_GET;
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, which, &row, err, "i", seq);

	arena_reset(&hub->arena);
	if (status == OK && !row && session->resends) {
		db_done(&hub->db, which);
		which = SQL_RESEND_GET;
		status = db_query(&hub->db, which, &row, err, "ti", text_of(session->name), seq);
	}
	if (row) {
		struct text name = db_text(row, 0), body = db_text(row, 1);
		*id = (struct text){arena_text(&hub->arena, name.at, name.size), name.size};
		*record = (struct text){arena_text(&hub->arena, body.at, body.size), body.size};
	}
	db_done(&hub->db, which);
	return status;
}

static enum status bury(struct hub *hub, const struct session *session, int64_t seq, struct text reason,
			struct err *err)
{
	struct text id = {0}, record = {0};
	char stage[NAME_MAX_BYTES + 8], why[REASON_MAX + 1];
	enum status status = sent_as(hub, session, seq, &id, &record, err);

	if (status != OK || !id.at || !record.at) {
		return status;
	}
	snprintf(stage, sizeof stage, "sink:%s", session->name ? session->name : "");
	snprintf(why, sizeof why, "%.*s", TEXT_FMT(reason));
	return dead_letter(hub, stage, TEXT(""), id, why, record, err);
}

static void on_reject(struct request *request)
{
	struct hub *hub = request->hub;
	struct session *session = session_for(request);
	struct text reason = {0};
	struct err err = {0};
	int64_t seq;
	enum status status;

	if (!session) {
		return;
	}
	if (!session->name || !wire_int(request->fields, 1, &seq) || seq < 1 || seq > session->sent ||
	    !wire_text(request->fields, 2, &reason) || reason.size > REASON_MAX) {
		request_refuse(request, "malformed", -1,
			       "reject needs a session of a sink, a seq that was sent, and a reason of at "
			       "most 4096 bytes");
		return;
	}
	status = batch_begin(hub, &err);
	if (status == OK && (status = bury(hub, session, seq, reason, &err)) != OK) {
		batch_break(hub, &err);
	}
	if (status != OK) {
		request_fail(request, &err);
		return;
	}
	answer_alive(request, session);
}

static void on_heartbeat(struct request *request)
{
	struct session *session = session_for(request);

	if (session) {
		answer_alive(request, session);
		feed_pump(request->hub);
	}
}

static void on_detach(struct request *request)
{
	struct session *session = session_for(request);
	struct wire_head head;

	if (!session) {
		return;
	}
	wire_begin(&head, "bye", 1);
	wire_put_int(&head, session->number);
	request_answer(request, &head);
	session_close(request->hub, session);
}

static void on_status(struct request *request)
{
	struct wire_message message = {0};
	struct err err = {0};

	if (status_map(request->hub, &message, &err) != OK) {
		request_fail(request, &err);
	} else {
		reply_send(request->hub, PORT_FEED, request->identity, &message, 0);
	}
	wire_fini(&message);
}

static const struct command commands[] = {
	{"credit", on_credit}, {"ack", on_ack},       {"heartbeat", on_heartbeat}, {"attach", on_attach},
	{"reject", on_reject}, {"detach", on_detach}, {"status", on_status},       {"release", on_release},
	{"dead", on_dead},     {"forget", on_forget}, {"replay", on_replay},       {.name = NULL},
};

int on_feed(zloop_t *loop, zsock_t *socket, void *arg)
{
	(void)loop, (void)socket;
	port_drain(arg, PORT_FEED, commands);
	return 0;
}
