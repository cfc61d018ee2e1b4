/* The readers of the feed: who they are and what each has; pump.c sends. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/session.h"
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/port.h"

#include <stdlib.h>

#define BUSY_RETRY_MAX_MS 1000
#define ANONYMOUS_MAX     256  /* sessions without a name: they cost nothing to ask for */
#define NAMES_MAX         1000 /* sinks: each holds back trimming until it lapses */

static void session_fini(struct session *session)
{
	free(session->name);
	zmq_msg_close(&session->identity);
}

void session_close(struct hub *hub, struct session *session)
{
	session_fini(session);
	*session = hub->sessions[--hub->session_count];
}

void session_forget_all(struct hub *hub)
{
	while (hub->session_count) {
		session_close(hub, &hub->sessions[hub->session_count - 1]);
	}
	free(hub->sessions);
	hub->sessions = NULL;
	hub->session_capacity = 0;
}

struct session *session_of(struct hub *hub, int64_t number)
{
	for (size_t i = 0; i < hub->session_count; i++) {
		if (hub->sessions[i].number == number) {
			return &hub->sessions[i];
		}
	}
	return NULL;
}

struct session *session_named(struct hub *hub, struct text name)
{
	for (size_t i = 0; i < hub->session_count; i++) {
		if (hub->sessions[i].name && text_is(name, hub->sessions[i].name)) {
			return &hub->sessions[i];
		}
	}
	return NULL;
}

/* Acks aren't answered, so their holder would never say them again: without anything new the position would
 * stay behind for ever. The error joins the answers of the lost transaction. */
static void unacknowledge(struct hub *hub, struct session *session, int64_t kept)
{
	if (kept < session->position) {
		reply_error(hub, PORT_FEED, &session->identity, "full", FULL_RETRY_MS,
			    "an ack could not be stored", 0);
	}
	session->position = kept;
}

void session_roll_back(struct hub *hub)
{
	for (size_t i = hub->session_count; i-- > 0;) {
		struct session *session = &hub->sessions[i];
		struct text name = text_of(session->name);
		sqlite3_stmt *row = NULL;
		struct err err;
		bool lost = session->number > hub->counter;

		if (!lost && session->name) {
			lost = db_query(&hub->db, SQL_SINK_GET, &row, &err, "t", name) != OK || !row;
			unacknowledge(hub, session, row ? sqlite3_column_int64(row, 0) : 0);
			db_done(&hub->db, SQL_SINK_GET);
			lost = lost || resend_look(hub, session, &err) != OK;
		}
		if (lost) {
			session_close(hub, session);
		}
	}
}

/* Under a name that the hub does not know yet. */
static enum status introduce(struct hub *hub, struct session *session, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_SINK_COUNT, &row, err, "");
	int64_t names = row ? sqlite3_column_int64(row, 0) : 0;

	db_done(&hub->db, SQL_SINK_COUNT);
	if (status == OK && names >= NAMES_MAX) {
		status = err_set(err, ERR_DATA, "the hub knows %d sinks already and takes no further name",
				 NAMES_MAX);
	}
	session->fresh_to = hub->head;
	return status == OK ? db_run(&hub->db, SQL_SINK_ADD, err, "tii", text_of(session->name), hub->head,
				     wall_ms())
			    : status;
}

/* Named: position and note from its row, which is made if it is the first time. */
static enum status recall(struct hub *hub, struct session *session, bool anew, struct text *note,
			  struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_SINK_GET, &row, err, "t", text_of(session->name));
	bool known = row != NULL;

	if (row) {
		struct text kept = db_text(row, 2);
		session->position = sqlite3_column_int64(row, 0);
		session->fresh_to = sqlite3_column_int64(row, 1);
		if (kept.at) {
			*note = (struct text){arena_text(&hub->arena, kept.at, kept.size), kept.size};
		}
	}
	db_done(&hub->db, SQL_SINK_GET);
	if (status != OK) {
		return status;
	}
	if (!known) {
		return introduce(hub, session, err);
	}
	if (anew) {
		session->position = 0;
		session->fresh_to = hub->head;
		status = db_run(&hub->db, SQL_SINK_ANEW, err, "it", hub->head, text_of(session->name));
	}
	status = status == OK ? resend_look(hub, session, err) : status;
	return status == OK ? db_run(&hub->db, SQL_SINK_BACK, err, "it", wall_ms(), text_of(session->name))
			    : status;
}

static struct session *add(struct hub *hub, const struct session *values)
{
	if (hub->session_count == hub->session_capacity) {
		size_t capacity = hub->session_capacity ? hub->session_capacity * 2 : 8;
		struct session *sessions = realloc(hub->sessions, capacity * sizeof *sessions);
		if (!sessions) {
			return NULL;
		}
		hub->sessions = sessions;
		hub->session_capacity = capacity;
	}
	hub->sessions[hub->session_count] = *values;
	return &hub->sessions[hub->session_count++];
}

size_t session_anonymous(const struct hub *hub)
{
	size_t count = 0;

	for (size_t i = 0; i < hub->session_count; i++) {
		count += !hub->sessions[i].name;
	}
	return count;
}

/* Whether the connection of its holder has ended: a killed sink's successor need not wait for the ttl. The
 * third field says that nobody asked: a holder that took this for the answer to its reject or note would
 * believe it durable. */
static bool is_gone(struct hub *hub, const struct session *session)
{
	struct wire_message message = {0};
	struct wire_head head;
	struct err err;
	enum status status;

	wire_begin(&head, "alive", 3);
	wire_put_int(&head, session->number);
	wire_put_int(&head, session->sent);
	wire_put_bool(&head, true);
	status = wire_end(&head, &message);
	if (status == OK) {
		status = wire_send(zsock_resolve(hub->feed), &session->identity, &message, &err);
	}
	wire_fini(&message);
	return status == ERR_REMOTE;
}

bool session_holds(struct hub *hub, struct text name)
{
	struct session *holder = session_named(hub, name);

	if (holder && is_gone(hub, holder)) {
		session_close(hub, holder);
		holder = NULL;
	}
	return holder;
}

/* Another live holder of the name: how long it may still live. 0: the name is free now. */
static int64_t busy_for(struct hub *hub, struct text name, int64_t old)
{
	struct session *holder = name.at ? session_named(hub, name) : session_of(hub, old);
	int64_t left;

	if (holder && !name.at) { /* an anonymous reader begins anew: its old session is over */
		if (!holder->name) {
			session_close(hub, holder);
		}
		holder = NULL;
	}
	if (!name.at && session_anonymous(hub) >= ANONYMOUS_MAX) {
		return BUSY_RETRY_MAX_MS;
	}
	if (!holder) {
		return 0;
	}
	left = hub->ttl_ms - (now_ms() - holder->alive_ms);
	if (holder->number == old || left <= 0 || is_gone(hub, holder)) {
		session_close(hub, holder);
		return 0;
	}
	return left > BUSY_RETRY_MAX_MS ? BUSY_RETRY_MAX_MS : left;
}

enum status session_open(struct hub *hub, struct text name, int64_t old, const struct position *from,
			 const zmq_msg_t *identity, struct session **out, struct text *note, int64_t *busy_ms,
			 struct err *err)
{
	struct session session = {.alive_ms = now_ms(), .moved_ms = passed_ms(), .fresh_to = hub->head};
	enum status status;

	*out = NULL;
	*note = (struct text){0};
	arena_reset(&hub->arena);
	*busy_ms = busy_for(hub, name, old);
	if (*busy_ms > 0) {
		return OK;
	}
	if ((status = batch_begin(hub, err)) != OK) {
		return status;
	}
	session.number = ++hub->counter;
	zmq_msg_init(&session.identity);
	zmq_msg_copy(&session.identity, (zmq_msg_t *)(uintptr_t)identity);
	memcpy(session.owner, hub->in.sender, sizeof session.owner);
	if (!name.at) {
		bool ours = from && from->epoch == hub->epoch && from->seq <= hub->head;
		session.position = ours ? from->seq : 0;
		session.fresh_to = ours ? session.position : hub->head;
	} else if (!(session.name = strndup(name.at, name.size))) {
		status = err_set(err, ERR_SYS, "out of memory for a session");
	} else {
		status = recall(hub, &session, from && from->epoch == 0, note, err);
	}
	session.sent = session.position;
	if (status == OK) {
		status = db_meta_set(&hub->db, "counter", hub->counter, err);
	}
	if (status == OK && !(*out = add(hub, &session))) {
		status = err_set(err, ERR_SYS, "out of memory for a session");
	}
	if (status != OK) {
		session_fini(&session);
		if (status != ERR_DATA) { /* found before anything was written */
			batch_break(hub, err);
		}
	}
	return status;
}

void session_expire(struct hub *hub)
{
	int64_t now = now_ms();

	for (size_t i = hub->session_count; i-- > 0;) {
		struct session *session = &hub->sessions[i];
		if (now - session->alive_ms >= hub->ttl_ms) {
			if (session->name) { /* an anonymous reader owes nothing */
				log_warn("feed.expired", STR("sink", session->name),
					 NUM("session", session->number));
			}
			session_close(hub, session);
		}
	}
}
