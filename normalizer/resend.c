/* Records that one sink gets once more: dead letters that are tried again, and replays. Each takes the next
 * seq, like a record of the log, but only a note of it is kept, and only for that sink: so it is confirmed,
 * refused and taken up after a crash as any other, and comes in order with the versions of its build
 * (docs/decisions/0016-what-is-sent-again-takes-a-seq.md). */
/* SPDX-License-Identifier: MIT */
#include "common/record.h"
#include "normalizer/port.h"
#include "normalizer/recent.h"
#include "normalizer/session.h"

enum status resend_add(struct hub *hub, struct text sink, int64_t of, int64_t *seq, struct err *err)
{
	struct session *session = session_named(hub, sink);
	enum status status;

	*seq = hub->next;
	status = db_run(&hub->db, SQL_RESEND_ADD, err, "tii", sink, *seq, of);
	if (status == OK) {
		status = db_meta_set(&hub->db, "resent", *seq, err);
	}
	if (status == OK && recent_put(&hub->recent, *seq, TEXT("")) != OK) {
		status = err_set(err, ERR_SYS, "out of memory for record %lld", (long long)*seq);
	}
	if (status == OK) {
		hub->next++;
		hub->batch.records++;
	}
	if (session) {
		session->resends = true;
	}
	return status;
}

enum status resend_look(struct hub *hub, struct session *session, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_RESEND_ANY, &row, err, "t", text_of(session->name));

	session->resends = row != NULL;
	db_done(&hub->db, SQL_RESEND_ANY);
	return status;
}

enum status resend_acked(struct hub *hub, struct session *session, int64_t position, struct err *err)
{
	char stage[NAME_MAX_BYTES + 8];
	enum status status = db_run(&hub->db, SQL_RESEND_DONE, err, "ti", text_of(session->name), position);

	snprintf(stage, sizeof stage, "sink:%s", session->name);
	if (status == OK) {
		status = db_run(&hub->db, SQL_DEAD_DELIVERED, err, "ti", text_of(stage), position);
	}
	return status == OK ? resend_look(hub, session, err) : status;
}

enum status resend_mark(struct hub *hub, struct text record, struct text *marked, struct err *err)
{
	struct build build;
	enum status status;

	arena_reset(&hub->arena);
	status = build_unpack(record.at, record.size, &hub->arena, &build, err);
	if (status != OK) {
		return OK; /* the sink says so */
	}
	build.origin = ORIGIN_REPLAY;
	msgpack_sbuffer_clear(&hub->packed);
	build_pack(&build, &hub->packed, NULL);
	*marked = (struct text){hub->packed.data, hub->packed.size};
	return OK;
}
