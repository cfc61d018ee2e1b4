/* Group commit: requests that come within 2 ms share one transaction and one fsync; each is answered after
 * it. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/batch.h"
#include "common/log.h"
#include "normalizer/lease.h"
#include "normalizer/numbers.h"
#include "normalizer/recent.h"
#include "normalizer/replay.h"
#include "normalizer/session.h"
#include "normalizer/upkeep.h"

#include <stdlib.h>

#define RETRY_MS 1000

static int on_linger(zloop_t *loop, int timer, void *arg)
{
	struct hub *hub = arg;

	(void)loop, (void)timer;
	hub->batch.timer = 0;
	batch_end(hub, NULL);
	return 0;
}

enum status batch_begin(struct hub *hub, struct err *err)
{
	enum status status;

	if (hub->batch.open && !hub->batch.broken && sqlite3_get_autocommit(hub->db.write)) {
		/* A read that failed on the way may do that: a statement now would be a commit of its own. */
		err_set(&hub->batch.why, ERR_AGAIN, "hub.db: the transaction was lost");
		hub->batch.broken = true;
	}
	if (hub->batch.open && hub->batch.broken) {
		*err = hub->batch.why;
		return err->status;
	}
	if (hub->batch.open) {
		return OK;
	}
	status = db_run(&hub->db, SQL_BEGIN, err, "");
	if (status == OK) {
		hub->batch.open = true;
		hub->batch.timer = zloop_timer(hub->context->loop, BATCH_LINGER_MS, 1, on_linger, hub);
	}
	return status;
}

void batch_break(struct hub *hub, const struct err *err)
{
	if (hub->batch.open && !hub->batch.broken) {
		hub->batch.broken = true;
		hub->batch.why = *err;
	}
}

void batch_check(struct hub *hub)
{
	if (hub->batch.open && (hub->batch.broken || hub->batch.records >= BATCH_RECORDS_MAX)) {
		batch_end(hub, NULL);
	}
}

static void *socket_of(struct hub *hub, enum port port)
{
	return zsock_resolve(port == PORT_INGEST ? hub->ingest : hub->feed);
}

/* A peer that went away or doesn't read gets nothing: it finds out by its heartbeat and asks again. */
static void send_now(struct hub *hub, enum port port, const zmq_msg_t *identity, struct wire_message *message)
{
	struct err err;
	enum status status = wire_send(socket_of(hub, port), identity, message, &err);

	if (status != OK) {
		wire_clear(message);
	}
}

void reply_send(struct hub *hub, enum port port, const zmq_msg_t *identity, struct wire_message *message,
		int64_t fence)
{
	struct batch *batch = &hub->batch;
	struct reply *reply;

	if (!batch->open) {
		send_now(hub, port, identity, message);
		wire_fini(message);
		return;
	}
	if (batch->reply_count == batch->reply_capacity) {
		size_t capacity = batch->reply_capacity ? batch->reply_capacity * 2 : 64;
		struct reply *replies = realloc(batch->replies, capacity * sizeof *replies);
		if (!replies) {
			wire_fini(message); /* as if it had been lost on the way: the peer asks again */
			return;
		}
		batch->replies = replies;
		batch->reply_capacity = capacity;
	}
	reply = &batch->replies[batch->reply_count++];
	*reply = (struct reply){.port = port, .message = *message, .fence = fence};
	*message = (struct wire_message){0};
	zmq_msg_init(&reply->identity);
	zmq_msg_copy(&reply->identity, (zmq_msg_t *)(uintptr_t)identity);
}

static enum status error_message(struct wire_message *message, const char *code, int64_t retry_ms,
				 const char *detail, int64_t fence)
{
	struct wire_head head;

	wire_begin(&head, "error", 4);
	wire_put_string(&head, code);
	retry_ms < 0 ? wire_put_nil(&head) : wire_put_int(&head, retry_ms);
	wire_put_string(&head, detail);
	fence ? wire_put_int(&head, fence) : wire_put_nil(&head);
	return wire_end(&head, message);
}

void reply_error(struct hub *hub, enum port port, const zmq_msg_t *identity, const char *code,
		 int64_t retry_ms, const char *detail, int64_t fence)
{
	struct wire_message message = {0};

	numbers_error(hub, code, detail);
	if (error_message(&message, code, retry_ms, detail, fence) == OK) {
		reply_send(hub, port, identity, &message, fence);
	}
	wire_fini(&message);
}

static void answer_all(struct hub *hub, bool committed, const struct err *why)
{
	struct batch *batch = &hub->batch;
	const char *code = why->status == ERR_AGAIN ? "full" : "internal";

	for (size_t i = 0; i < batch->reply_count; i++) {
		struct reply *reply = &batch->replies[i];
		if (committed ||
		    error_message(&reply->message, code, RETRY_MS, why->text, reply->fence) == OK) {
			send_now(hub, reply->port, &reply->identity, &reply->message);
		}
		wire_fini(&reply->message);
		zmq_msg_close(&reply->identity);
	}
	batch->reply_count = 0;
}

/* The database knows best what was committed. A seq under which a record was sent again is in no log. */
enum status load_head(struct hub *hub, struct err *err)
{
	sqlite3_stmt *row;
	int64_t resent = 0;
	enum status status = db_query(&hub->db, SQL_LOG_HEAD, &row, err, "");

	if (row) {
		hub->head = sqlite3_column_int64(row, 0);
		hub->next = hub->head + 1;
	}
	db_done(&hub->db, SQL_LOG_HEAD);
	if (status == OK && (status = db_meta_get(&hub->db, "resent", &resent, err)) == OK &&
	    resent > hub->head) {
		hub->head = resent;
		hub->next = hub->head + 1;
	}
	return status;
}

/* The database is as it was before the batch; what is in memory follows it. */
static void roll_back(struct hub *hub, struct err *why)
{
	struct err err = {0};

	if (db_run(&hub->db, SQL_ROLLBACK, &err, "") != OK && !sqlite3_get_autocommit(hub->db.write)) {
		process_stop(hub->context, ERR_SYS, &err);
	}
	recent_cut(&hub->recent, hub->head + 1);
	archive_drop(&hub->archive);
	chain_forget(&hub->chain);
	tap_drop(&hub->tap);
	if (load_head(hub, &err) != OK || lease_load(hub, &err) != OK || replay_load(hub, &err) != OK ||
	    db_meta_get(&hub->db, "counter", &hub->counter, &err) != OK ||
	    db_meta_get(&hub->db, "builds", &hub->builds, &err) != OK) {
		process_stop(hub->context, err.status == ERR_CONFIG ? ERR_CONFIG : ERR_SYS, &err);
	}
	session_roll_back(hub);
	++*hub->counts.rollbacks;
	hub->batch.failed = true;
	log_error("hub.rollback", STR("why", why->text), NUM("answers", hub->batch.reply_count));
	if (why->status == ERR_CONFIG) {
		process_stop(hub->context, ERR_CONFIG, why);
	}
	upkeep_disk(hub);
}

static enum status commit(struct hub *hub, struct err *err)
{
	enum status status = OK;

	if (hub->batch.records > 0) {
		status = db_meta_set(&hub->db, "builds", hub->builds, err);
	}
	if (status == OK) {
		status = chain_save(&hub->chain, &hub->db, err);
	}
	if (status == OK) {
		status = archive_flush(&hub->archive, &hub->db, err);
	}
	return status == OK ? db_run(&hub->db, SQL_COMMIT, err, "") : status;
}

enum status batch_end(struct hub *hub, struct err *why)
{
	struct batch *batch = &hub->batch;
	struct err err = {0};
	bool committed = false;

	if (!batch->open) {
		return OK;
	}
	if (batch->timer) {
		zloop_timer_end(hub->context->loop, batch->timer);
		batch->timer = 0;
	}
	committed = !batch->broken && commit(hub, &err) == OK;
	if (batch->broken) {
		err = batch->why;
	}
	if (committed) {
		hub->head = hub->next - 1;
		++*hub->counts.commits;
		hub->batch.failed = false;
	} else {
		roll_back(hub, &err);
	}
	batch->open = batch->broken = false;
	batch->records = 0;
	answer_all(hub, committed, &err);
	feed_pump(hub);
	tap_publish(hub);
	if (!committed && why) {
		*why = err;
	}
	return committed ? OK : err.status;
}

void batch_fini(struct hub *hub)
{
	for (size_t i = 0; i < hub->batch.reply_count; i++) {
		wire_fini(&hub->batch.replies[i].message);
		zmq_msg_close(&hub->batch.replies[i].identity);
	}
	free(hub->batch.replies);
	hub->batch = (struct batch){0};
}
