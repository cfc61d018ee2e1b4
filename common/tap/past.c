/* SPDX-License-Identifier: MIT */
#include "common/tap/past.h"

#include <inttypes.h>
#include <stdlib.h>

#define CREDIT     512
#define BEAT_MS    1000
#define SILENT_MS  3000 /* then a new connection is tried */
#define PATIENCE_S 20   /* then nobody is there */

static void say(struct past *past, struct wire_head *head)
{
	struct wire_message message = {0};
	struct err err;

	if (wire_end(head, &message) == OK && wire_send(past->socket, NULL, &message, &err) != OK) {
		wire_clear(&message); /* asked again after a silence */
	}
	wire_fini(&message);
	past->asked_ms = peer_now_ms();
}

static void say_session(struct past *past, const char *command, int64_t credit)
{
	struct wire_head head;

	wire_begin(&head, command, credit > 0 ? 2 : 1);
	wire_put_int(&head, past->session);
	if (credit > 0) {
		wire_put_int(&head, credit);
		past->credit += credit;
	}
	say(past, &head);
}

/* For no more than what is wanted: then nothing is on its way when the socket is closed. (libzmq 4.3 may lose
 * the memory of a message that has come in part: its pull request 3918.) */
static void give_credit(struct past *past)
{
	int64_t more = past->to - past->at.seq - past->credit;

	if (past->credit < CREDIT / 2 && more > 0) {
		say_session(past, "credit", more < CREDIT ? more : CREDIT);
	}
}

static void attach(struct past *past)
{
	struct wire_head head;

	wire_begin(&head, "attach", 3);
	wire_put_nil(&head);
	wire_put_nil(&head);
	if (past->at.seq < 0) {
		wire_put_int(&head, past->from_time_ms);
	} else {
		wire_put_position(&head, past->at);
	}
	say(past, &head);
}

static enum status open_socket(struct past *past, const struct tap_peer *peer, struct err *err)
{
	past->session = past->credit = 0;
	past->socket = peer_socket(peer, ZMQ_DEALER, err);
	if (!past->socket) {
		return err->status;
	}
	past->heard_ms = peer_now_ms();
	return peer_connect(past->socket, "feed", peer->feed, err);
}

enum status past_begin(struct past *past, const struct tap_peer *peer, struct position from,
		       int64_t from_time_ms, int64_t to, struct err *err)
{
	enum status status;

	*past = (struct past){.at = from, .from_time_ms = from_time_ms, .to = to, .first = from.seq + 1};
	past->silent_since_ms = peer_now_ms();
	status = open_socket(past, peer, err);
	if (status == OK) {
		attach(past);
	} else {
		past_end(past);
	}
	return status;
}

static void close_socket(struct past *past)
{
	if (past->socket) {
		zmq_close(past->socket);
		past->socket = NULL;
	}
}

void past_end(struct past *past)
{
	if (past->socket && past->session) {
		say_session(past, "detach", 0);
	}
	close_socket(past);
	wire_fields_fini(&past->fields);
	past->fields = (struct wire_fields){0};
	past->seqs = NULL;
	wire_fini(&past->message);
}

static enum past_kind on_attached(struct past *past, struct err *err)
{
	struct position position;

	if (!wire_int(&past->fields, 0, &past->session) || !wire_position(&past->fields, 1, &position)) {
		err_set(err, ERR_REMOTE, "the hub's answer makes no sense");
		return PAST_FAILED;
	}
	if (past->at.seq < 0) {
		past->at = position;
		past->first = position.seq + 1;
	}
	if (position.epoch != past->at.epoch || position.seq != past->at.seq) {
		err_set(err, ERR_REMOTE, "the hub has another log by now");
		return PAST_FAILED;
	}
	if (past->at.seq >= past->to) {
		return PAST_END;
	}
	past->credit = 0;
	give_credit(past);
	return PAST_NOTHING;
}

/* False: it does not follow what came; something was lost on the way. */
static bool range_follows(struct past *past)
{
	int64_t session, first, last;

	return wire_int(&past->fields, 0, &session) && session == past->session &&
	       wire_int(&past->fields, 1, &first) && first == past->at.seq + 1 &&
	       wire_int(&past->fields, 2, &last) && last >= first &&
	       wire_array(&past->fields, 3, &past->seqs) &&
	       past->seqs->size == wire_body_count(&past->message);
}

static enum past_kind on_error(struct past *past, struct err *err)
{
	struct text code = {0}, why = {0};

	wire_text(&past->fields, 0, &code);
	wire_text(&past->fields, 2, &why);
	if (text_is(code, "no_session")) {
		attach(past);
		return PAST_NOTHING;
	}
	if (text_is(code, "full") || text_is(code, "internal")) {
		return PAST_NOTHING; /* asked again after a silence */
	}
	err_set(err, ERR_REMOTE, "the hub refuses its log: %.*s %.*s", TEXT_FMT(code),
		why.at ? (int)why.size : 0, why.at ? why.at : "");
	return PAST_FAILED;
}

static enum past_kind on_message(struct past *past, struct err *err)
{
	struct text command = past->fields.command;

	past->heard_ms = past->silent_since_ms = peer_now_ms();
	past->seqs = NULL;
	if (text_is(command, "attached")) {
		return on_attached(past, err);
	}
	if (text_is(command, "error")) {
		return on_error(past, err);
	}
	if (text_is(command, "alive")) {
		int64_t sent = past->at.seq;

		wire_int(&past->fields, 1, &sent);
		if (sent > past->at.seq) {
			attach(past); /* a range was lost on the way */
		}
	}
	if (text_is(command, "records")) {
		past->next = 0;
		if (!range_follows(past)) {
			past->seqs = NULL;
			attach(past);
		}
	}
	return PAST_NOTHING;
}

/* The next record of the range at hand. */
static enum past_kind next_of_range(struct past *past, int64_t *seq, struct text *record)
{
	const msgpack_object *value;

	if (past->next < past->seqs->size) {
		value = &past->seqs->ptr[past->next];
		*seq = value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? (int64_t)value->via.u64 : 0;
		if (*seq > past->at.seq && *seq <= past->to) {
			*record = wire_body_at(&past->message, past->next++);
			past->missing += *seq - past->at.seq - 1;
			past->at.seq = *seq;
			past->credit--;
			return PAST_RECORD;
		}
	}
	return PAST_NOTHING;
}

/* The range at hand is used up. */
static enum past_kind end_of_range(struct past *past)
{
	int64_t last = past->at.seq;

	wire_int(&past->fields, 2, &last);
	last = last < past->to ? last : past->to;
	past->missing += last - past->at.seq;
	past->at.seq = last;
	past->seqs = NULL;
	if (last >= past->to) {
		return PAST_END;
	}
	give_credit(past);
	return PAST_NOTHING;
}

static enum past_kind receive(struct past *past, struct err *err)
{
	int64_t version;
	enum status status;

	wire_fields_fini(&past->fields);
	past->fields = (struct wire_fields){0};
	status = wire_receive(past->socket, NULL, &past->message, err);
	if (status == ERR_AGAIN) {
		return PAST_NOTHING;
	}
	if (status != OK || wire_read(&past->message, &past->fields, &version, err) != OK) {
		return PAST_FAILED;
	}
	return on_message(past, err);
}

/* Asks again what is not answered; gives up when nobody is there for long. */
static enum past_kind keep_alive(struct past *past, const struct tap_peer *peer, struct err *err)
{
	int64_t now = peer_now_ms();

	if (now - past->silent_since_ms > PATIENCE_S * 1000) {
		err_set(err, ERR_REMOTE, "no answer from %s for %d s", peer->feed, PATIENCE_S);
		return PAST_FAILED;
	}
	if (now - past->heard_ms > SILENT_MS) {
		close_socket(past);
		if (open_socket(past, peer, err) != OK) {
			return PAST_FAILED;
		}
		attach(past);
	} else if (past->session && now - past->asked_ms > BEAT_MS) {
		say_session(past, "heartbeat", 0);
	} else if (!past->session && now - past->asked_ms > BEAT_MS) {
		attach(past);
	}
	return PAST_NOTHING;
}

enum past_kind past_next(struct past *past, const struct tap_peer *peer, int64_t *seq, struct text *record,
			 struct err *err)
{
	enum past_kind kind = PAST_NOTHING;
	size_t had;

	do {
		if (past->seqs) {
			kind = next_of_range(past, seq, record);
			kind = kind == PAST_NOTHING ? end_of_range(past) : kind;
			if (kind != PAST_NOTHING) {
				return kind;
			}
		}
		kind = receive(past, err);
		had = past->message.count;
	} while (kind == PAST_NOTHING && had > 0);
	return kind == PAST_NOTHING ? keep_alive(past, peer, err) : kind;
}
