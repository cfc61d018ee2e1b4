/* `forget`: a sink that will not come back (docs/protocol.md section 3). */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/port.h"
#include "normalizer/replay.h"
#include "normalizer/session.h"

/* *lost: dead letters; *known: there was such a sink. */
static enum status erase(struct hub *hub, struct text name, bool *known, int64_t *lost, struct err *err)
{
	static const enum sql kept_for_it[] = {SQL_SINK_FORGET_RESEND, SQL_REPLAY_DROP};
	enum status status = batch_begin(hub, err);

	if (status == OK) {
		status = db_run(&hub->db, SQL_SINK_FORGET, err, "t", name);
		*known = status == OK && db_changes(&hub->db) > 0;
	}
	if (status == OK) {
		status = db_run(&hub->db, SQL_SINK_FORGET_DEAD, err, "t", name);
		*lost = status == OK ? db_changes(&hub->db) : 0;
	}
	for (size_t i = 0; i < sizeof kept_for_it / sizeof *kept_for_it && status == OK; i++) {
		status = db_run(&hub->db, kept_for_it[i], err, "t", name);
	}
	if (status == OK) {
		status = replay_load(hub, err);
	}
	if (status == OK) {
		status = replay_load(hub, err); /* one that goes on has ended */
	}
	if (status != OK) {
		batch_break(hub, err);
	}
	return status;
}

static void note(struct text name, bool known, int64_t lost)
{
	char sink[NAME_MAX_BYTES + 1];

	snprintf(sink, sizeof sink, "%.*s", TEXT_FMT(name));
	if (known) {
		log_info("hub.sink_forgotten", STR("sink", sink), NUM("dead_letters", lost));
	}
}

void on_forget(struct request *request)
{
	struct text name;
	struct wire_head head;
	struct err err = {0};
	int64_t lost;
	bool known;

	if (!wire_text(request->fields, 0, &name) || !name_ok(name)) {
		request_refuse(request, "malformed", -1, "forget needs the name of a sink");
	} else if (session_holds(request->hub, name)) {
		request_refuse(request, "attached", -1,
			       "the sink is attached: stop it and take it out of the configuration first");
	} else if (erase(request->hub, name, &known, &lost, &err) != OK) {
		request_fail(request, &err);
	} else {
		note(name, known, lost);
		wire_begin(&head, "forgotten", 2);
		wire_put_bool(&head, known);
		wire_put_int(&head, lost);
		request_answer(request, &head);
	}
}
