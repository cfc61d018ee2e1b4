/* What each reader of the feed gets next, and when. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/hub.h"
#include "normalizer/recent.h"
#include "normalizer/session.h"

#define RANGE_RECORDS_MAX 256
#define RANGE_BYTES_MAX   (64 << 10)
#define SCAN_MAX          2000 /* seqs that a range may pass over: most may be superseded */
/* On its way to all readers without a name: any listener may open hundreds, and nothing waits for them. */
#define ANONYMOUS_BYTES_MAX (32 << 20)
#define RANGES_A_TURN       8 /* of one session; then the others and the sockets have their turn */

/* One range being built: bodies are collected first, because the head lists their seqs. */
struct range {
	int64_t first, last;
	int64_t seqs[RANGE_RECORDS_MAX];
	uint32_t count;
	size_t bytes;
	struct wire_message bodies; /* [0] is a place for the head */
};

static bool range_full(const struct range *range, int64_t limit)
{
	return range->count >= limit || range->bytes >= RANGE_BYTES_MAX;
}

static int64_t limit_of(const struct session *session)
{
	return session->credit < RANGE_RECORDS_MAX ? session->credit : RANGE_RECORDS_MAX;
}

/* From the ring: every seq up to head is there. */
static enum status fill_recent(struct hub *hub, struct session *session, struct range *range)
{
	zmq_msg_t *msg;

	while (range->last < hub->head && !range_full(range, limit_of(session)) &&
	       (msg = recent_get(&hub->recent, range->last + 1))) {
		if (zmq_msg_size(msg) == 0) {
			if (session->resends) {
				break; /* the database says what this one gets */
			}
			range->last++;
			continue;
		}
		if (wire_body_share(&range->bodies, msg) != OK) {
			return ERR_SYS;
		}
		range->seqs[range->count++] = ++range->last;
		range->bytes += zmq_msg_size(msg);
	}
	return OK;
}

/* From the database, through a connection that sees committed rows only. */
static enum status fill_log(struct hub *hub, struct session *session, struct range *range, struct err *err)
{
	bool fresh = range->last < session->fresh_to;
	enum sql which = fresh              ? SQL_READ_FEED_FRESH
			 : session->resends ? SQL_READ_FEED_RESENT
					    : SQL_READ_FEED;
	int64_t most = range->last + SCAN_MAX, to = fresh ? session->fresh_to : hub->head;
	int64_t limit = limit_of(session);
	sqlite3_stmt *row;
	enum status status;

	to = fresh && most < to ? most : to;
	status = which == SQL_READ_FEED_RESENT
			 ? db_query(&hub->db, which, &row, err, "iiit", range->last, to, limit,
				    text_of(session->name))
			 : db_query(&hub->db, which, &row, err, "iii", range->last, to, limit);

	while (status == OK && row && !range_full(range, limit)) {
		struct text record = db_text(row, 1);
		if (which == SQL_READ_FEED_RESENT && sqlite3_column_int(row, 2) &&
		    (status = resend_mark(hub, record, &record, err)) != OK) {
			break;
		}
		if (wire_body_copy(&range->bodies, record.at, record.size) != OK) {
			status = err_set(err, ERR_SYS, "out of memory for the feed");
			break;
		}
		range->last = range->seqs[range->count++] = sqlite3_column_int64(row, 0);
		range->bytes += record.size;
		status = db_next(&hub->db, &row, err);
	}
	if (status == OK && !row && !range_full(range, limit)) {
		range->last = to; /* nothing else up to there */
	}
	db_done(&hub->db, which);
	return status;
}

static enum status send_range(struct hub *hub, struct session *session, struct range *range, struct err *err)
{
	struct wire_message head_message = {0};
	struct wire_head head;
	enum status status;

	wire_begin(&head, "records", 4);
	wire_put_int(&head, session->number);
	wire_put_int(&head, range->first);
	wire_put_int(&head, range->last);
	wire_put_array(&head, range->count);
	for (uint32_t i = 0; i < range->count; i++) {
		wire_put_int(&head, range->seqs[i]);
	}
	status = wire_end(&head, &head_message);
	if (status == OK) {
		zmq_msg_move(&range->bodies.frames[0], &head_message.frames[0]);
		status = wire_send(zsock_resolve(hub->feed), &session->identity, &range->bodies, err);
	}
	wire_fini(&head_message);
	return status;
}

/* Sends one range. share: bytes that one without a name may have on their way. False: nothing more can go to
 * this session now. */
static bool pump_one(struct hub *hub, struct session *session, size_t share)
{
	struct range range = {.first = session->sent + 1, .last = session->sent};
	struct err err = {0};
	enum status status;

	if (session->sent >= hub->head || session->credit <= 0 || session->stalled) {
		return false;
	}
	if (!session->name && session->unheard >= share) {
		session->stalled = true;
		return false;
	}
	status = wire_body_copy(&range.bodies, "", 0);
	if (status == OK && range.last >= session->fresh_to) {
		status = fill_recent(hub, session, &range);
	}
	if (status == OK && range.last < range.first) {
		status = fill_log(hub, session, &range, &err);
	}
	if (status == OK) {
		status = send_range(hub, session, &range, &err);
	}
	wire_fini(&range.bodies);
	if (status == OK) {
		session->unheard += range.bytes;
		session->sent = range.last;
		session->credit -= range.count;
		*hub->counts.sent += range.count;
	} else if (status == ERR_SYS || status == ERR_CONFIG) {
		process_stop(hub->context, status, &err);
	}
	session->stalled = status != OK;
	return status == OK;
}

static int on_pump(zloop_t *loop, int timer, void *arg)
{
	struct hub *hub = arg;

	(void)loop, (void)timer;
	hub->pump_timer = 0;
	feed_pump(hub);
	return 0;
}

void feed_pump(struct hub *hub)
{
	size_t anonymous = session_anonymous(hub), share = ANONYMOUS_BYTES_MAX / (anonymous ? anonymous : 1);
	bool more = false;

	if (hub->batch.open) {
		return; /* after the commit */
	}
	for (size_t i = 0; i < hub->session_count; i++) {
		int ranges = 0;
		while (ranges < RANGES_A_TURN && pump_one(hub, &hub->sessions[i], share)) {
			ranges++;
		}
		more |= ranges == RANGES_A_TURN;
	}
	if (more && !hub->pump_timer) {
		hub->pump_timer = zloop_timer(hub->context->loop, 0, 1, on_pump, hub);
	}
}
