/* The dead letters as `buildbus dead` asks for them (docs/protocol.md section 3): list, show, drop. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/port.h"

#define LIST_MAX       1000
#define LIST_BYTES_MAX (WIRE_HEAD_MAX / 2) /* no letter's row is bigger than the rest */

static void put_int(struct wire_head *head, const char *key, sqlite3_stmt *row, int column)
{
	wire_put_string(head, key);
	sqlite3_column_type(row, column) == SQLITE_NULL
		? wire_put_nil(head)
		: wire_put_int(head, sqlite3_column_int64(row, column));
}

static void put_text(struct wire_head *head, const char *key, sqlite3_stmt *row, int column)
{
	wire_put_string(head, key);
	wire_put_text(head, db_text(row, column));
}

/* Columns as LETTER has them (db_sql.c). */
static void put_letter(struct wire_head *head, sqlite3_stmt *row)
{
	wire_put_map(head, 10);
	put_int(head, "number", row, 0);
	put_int(head, "at", row, 1);
	put_text(head, "stage", row, 2);
	put_text(head, "target", row, 3);
	put_text(head, "key", row, 4);
	put_text(head, "reason", row, 5);
	put_int(head, "times", row, 6);
	put_int(head, "bytes", row, 7);
	put_int(head, "asked_again_at", row, 8);
	put_int(head, "resent", row, 9);
}

static void begin_answer(struct wire_head *head, const char *verb, uint32_t fields)
{
	wire_begin(head, "dead", fields + 1);
	wire_put_string(head, verb);
}

/* Rows are packed aside: how many there are is known last. */
static enum status read_list(struct hub *hub, int64_t after, struct text stage, struct wire_head *rows,
			     uint32_t *count, bool *more, struct err *err)
{
	enum sql which = stage.at ? SQL_READ_DEAD_OF : SQL_READ_DEAD;
	sqlite3_stmt *row;
	enum status status =
		stage.at ? db_query(&hub->db, which, &row, err, "iti", after, stage, (int64_t)LIST_MAX)
			 : db_query(&hub->db, which, &row, err, "ii", after, (int64_t)LIST_MAX);

	*count = 0;
	while (status == OK && row && rows->buffer.size < LIST_BYTES_MAX) {
		put_letter(rows, row);
		++*count;
		status = db_next(&hub->db, &row, err);
	}
	*more = row || *count == LIST_MAX;
	db_done(&hub->db, which);
	return status;
}

static void dead_list(struct request *request)
{
	struct wire_head head, rows;
	struct text stage = {0};
	struct err err = {0};
	int64_t after = 0;
	uint32_t count;
	bool more;

	if (!wire_int(request->fields, 1, &after) ||
	    (!wire_nil(request->fields, 2) && !wire_text(request->fields, 2, &stage))) {
		request_refuse(request, "malformed", -1,
			       "dead list needs a number to start after, and a stage or nil");
		return;
	}
	msgpack_sbuffer_init(&rows.buffer);
	msgpack_packer_init(&rows.packer, &rows.buffer, msgpack_sbuffer_write);
	if (batch_end(request->hub, &err) != OK ||
	    read_list(request->hub, after, stage, &rows, &count, &more, &err) != OK) {
		request_fail(request, &err);
	} else {
		begin_answer(&head, "list", 2);
		wire_put_array(&head, count);
		msgpack_sbuffer_write(&head.buffer, rows.buffer.data, rows.buffer.size);
		wire_put_bool(&head, more);
		request_answer(request, &head);
	}
	msgpack_sbuffer_destroy(&rows.buffer);
}

static void answer_letter(struct request *request, sqlite3_stmt *row)
{
	struct wire_message message = {0};
	struct wire_head head;
	struct text body = row ? db_text(row, 10) : (struct text){0};
	enum status status;

	begin_answer(&head, "show", 1);
	row ? put_letter(&head, row) : wire_put_nil(&head);
	status = wire_end(&head, &message);
	if (status == OK && body.at) {
		status = wire_body_copy(&message, body.at, body.size);
	}
	if (status == OK) {
		reply_send(request->hub, request->port, request->identity, &message, 0);
	}
	wire_fini(&message);
}

static void dead_show(struct request *request)
{
	struct hub *hub = request->hub;
	struct err err = {0};
	sqlite3_stmt *row;
	int64_t number;

	if (!wire_int(request->fields, 1, &number)) {
		request_refuse(request, "malformed", -1, "dead show needs the number of a letter");
	} else if (db_query(&hub->db, SQL_DEAD_GET, &row, &err, "i", number) != OK) {
		request_fail(request, &err);
	} else {
		answer_letter(request, row);
		db_done(&hub->db, SQL_DEAD_GET);
	}
}

bool dead_numbers(struct request *request, const msgpack_object_array **numbers)
{
	if (!wire_array(request->fields, 1, numbers) || (*numbers)->size > LETTERS_MAX) {
		request_refuse(request, "malformed", -1, "at most 1000 numbers of letters are needed");
		return false;
	}
	for (uint32_t i = 0; i < (*numbers)->size; i++) {
		if ((*numbers)->ptr[i].type != MSGPACK_OBJECT_POSITIVE_INTEGER) {
			request_refuse(request, "malformed", -1,
				       "a number of a letter is a positive integer");
			return false;
		}
	}
	return true;
}

static enum status drop_all(struct hub *hub, const msgpack_object_array *numbers, struct wire_head *gone,
			    uint32_t *count, struct err *err)
{
	enum status status = batch_begin(hub, err);

	*count = 0;
	for (uint32_t i = 0; status == OK && i < numbers->size; i++) {
		int64_t number = (int64_t)numbers->ptr[i].via.u64;

		status = db_run(&hub->db, SQL_DEAD_DROP, err, "i", number);
		if (status == OK && db_changes(&hub->db) > 0) {
			log_info("hub.letter_dropped", NUM("number", number));
			wire_put_int(gone, number);
			++*count;
		}
	}
	if (status != OK) {
		batch_break(hub, err);
	}
	return status;
}

static void dead_drop(struct request *request)
{
	const msgpack_object_array *numbers;
	struct wire_head head, gone;
	struct err err = {0};
	uint32_t count;

	if (!dead_numbers(request, &numbers)) {
		return;
	}
	msgpack_sbuffer_init(&gone.buffer);
	msgpack_packer_init(&gone.packer, &gone.buffer, msgpack_sbuffer_write);
	if (drop_all(request->hub, numbers, &gone, &count, &err) != OK) {
		request_fail(request, &err);
	} else {
		begin_answer(&head, "drop", 1);
		wire_put_array(&head, count);
		msgpack_sbuffer_write(&head.buffer, gone.buffer.data, gone.buffer.size);
		request_answer(request, &head);
	}
	msgpack_sbuffer_destroy(&gone.buffer);
}

void on_dead(struct request *request)
{
	static const struct command verbs[] = {
		{"list", dead_list}, {"show", dead_show}, {"retry", dead_retry}, {"drop", dead_drop}};

	request_dispatch(request, verbs, sizeof verbs / sizeof *verbs,
			 "dead needs list, show, retry or drop");
}
