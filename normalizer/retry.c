/* `dead retry`: raw records go through the normalizer again, from what is stored; records go to their sink
 * again. A letter stays until it is read, or confirmed by the sink. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/record.h"
#include "normalizer/batch.h"
#include "normalizer/lease.h"
#include "normalizer/port.h"
#include "normalizer/records.h"
#include "normalizer/replay.h"
#include "normalizer/session.h"

#define TURN_MS 5 /* then the others have their turn: the asker comes again for the rest */

struct letter {
	bool known;
	int64_t number, times;
	bool resent;
	struct text stage, target, key, body; /* in hub->arena */
};

/* What became of one. */
struct outcome {
	const char *word; /* docs/protocol.md */
	char why[512];
};

static struct text keep(struct hub *hub, struct text text)
{
	return (struct text){text.at ? arena_text(&hub->arena, text.at, text.size) : NULL, text.size};
}

static enum status letter_get(struct hub *hub, int64_t number, struct letter *letter, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_DEAD_GET, &row, err, "i", number);

	*letter = (struct letter){.known = row != NULL, .number = number};
	if (row) {
		letter->stage = keep(hub, db_text(row, 2));
		letter->target = keep(hub, db_text(row, 3));
		letter->key = keep(hub, db_text(row, 4));
		letter->times = sqlite3_column_int64(row, 6);
		letter->resent = sqlite3_column_type(row, 9) != SQLITE_NULL;
		letter->body = keep(hub, db_text(row, 10));
	}
	db_done(&hub->db, SQL_DEAD_GET);
	return status;
}

static void say(struct outcome *outcome, const char *word, const char *why)
{
	outcome->word = word;
	snprintf(outcome->why, sizeof outcome->why, "%s", why);
}

static enum status drop(struct hub *hub, const struct letter *letter, struct err *err)
{
	return db_run(&hub->db, SQL_DEAD_DROP, err, "i", letter->number);
}

/* It is refused once more: under the same number, or as another letter, when the reason is of another kind.
 */
static enum status say_refused(struct hub *hub, const struct letter *letter, struct outcome *outcome,
			       struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_DEAD_GET, &row, err, "i", letter->number);
	bool other = row && sqlite3_column_int64(row, 6) == letter->times;
	struct text reason = row ? db_text(row, 5) : TEXT("");

	outcome->word = "refused";
	snprintf(outcome->why, sizeof outcome->why, "%.*s",
		 TEXT_FMT(other ? TEXT("by another stage") : reason));
	db_done(&hub->db, SQL_DEAD_GET);
	return status == OK && other ? drop(hub, letter, err) : status;
}

static enum status retry_raw(struct hub *hub, const struct letter *letter, struct outcome *outcome,
			     struct err *err)
{
	const char *colon = memchr(letter->target.at, ':', letter->target.size);
	char *source =
		arena_text(&hub->arena, letter->target.at, colon ? (size_t)(colon - letter->target.at) : 0);
	char *target = (char *)(uintptr_t)letter->target.at; /* ends with NUL: a copy */
	const struct lease lease = {.target = target, .source = source};
	bool whole = text_is(letter->stage, "normalize");
	int64_t dead = *hub->counts.dead;
	struct intake counts = {0};
	enum status status;

	if (!source || !target || !letter->body.at) {
		say(outcome, "empty", "nothing of it is kept: it is read when the provider's answer fits");
		return OK;
	}
	status = intake_kept(hub, &lease, whole ? letter->key : (struct text){0}, letter->body, &counts, err);
	if (status != OK || *hub->counts.dead > dead) {
		return status == OK ? say_refused(hub, letter, outcome, err) : status;
	}
	say(outcome, counts.fresh ? "record" : counts.stale ? "stale" : "unchanged", "");
	return drop(hub, letter, err);
}

static enum status retry_sink(struct hub *hub, const struct letter *letter, struct outcome *outcome,
			      struct err *err)
{
	struct text sink = {letter->stage.at + strlen("sink:"), letter->stage.size - strlen("sink:")};
	struct build build = {.version = INT_NULL};
	int64_t seq = 0, version = 0;
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_BUILD_GET, &row, err, "t", letter->key);

	if (row) {
		seq = sqlite3_column_int64(row, 1);
		version = sqlite3_column_int64(row, 2);
	}
	db_done(&hub->db, SQL_BUILD_GET);
	if (status == OK && letter->body.at &&
	    build_unpack(letter->body.at, letter->body.size, &hub->arena, &build, err) != OK) {
		build.version = INT_NULL; /* the sink will say so again */
	}
	if (status != OK || seq == 0) {
		say(outcome, "gone", "the hub knows this build no more");
		return status;
	}
	if (build.version != INT_NULL && build.version < version) {
		say(outcome, "stale", "");
		return drop(hub, letter, err);
	}
	say(outcome, "sent", "");
	status = resend_add(hub, sink, seq, &seq, err);
	return status == OK ? db_run(&hub->db, SQL_DEAD_RESENT, err, "ii", seq, letter->number) : status;
}

static enum status knows_sink(struct hub *hub, const struct letter *letter, bool *known, struct err *err)
{
	struct text sink = {letter->stage.at + strlen("sink:"), letter->stage.size - strlen("sink:")};
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_SINK_GET, &row, err, "t", sink);

	*known = row != NULL;
	db_done(&hub->db, SQL_SINK_GET);
	return status;
}

static enum status retry_one(struct hub *hub, int64_t number, struct outcome *outcome, struct err *err)
{
	struct letter letter;
	bool known = true;
	enum status status;

	arena_reset(&hub->arena);
	status = letter_get(hub, number, &letter, err);
	if (status != OK || !letter.known) {
		say(outcome, "none", "no such dead letter");
		return status;
	}
	if (letter.stage.size < 5 || memcmp(letter.stage.at, "sink:", 5) != 0) {
		return retry_raw(hub, &letter, outcome, err);
	}
	if (letter.resent) {
		say(outcome, "sent", "already");
		return OK;
	}
	status = knows_sink(hub, &letter, &known, err);
	if (status == OK && !known) {
		say(outcome, "gone", "the hub knows no such sink");
		return OK;
	}
	return status == OK ? retry_sink(hub, &letter, outcome, err) : status;
}

enum status letter_retry(struct hub *hub, int64_t number, bool *fresh, struct err *err)
{
	struct outcome outcome = {0};
	enum status status = retry_one(hub, number, &outcome, err);

	*fresh = status == OK && strcmp(outcome.word, "record") == 0;
	return status;
}

static void put_outcome(struct wire_head *head, int64_t number, const struct outcome *outcome)
{
	wire_put_array(head, 3);
	wire_put_int(head, number);
	wire_put_string(head, outcome->word);
	wire_put_string(head, outcome->why);
}

/* As many as there is time for, at least one. */
static enum status retry_some(struct hub *hub, const msgpack_object_array *numbers,
			      struct wire_head *outcomes, uint32_t *count, struct err *err)
{
	int64_t until_ms = now_ms() + TURN_MS;
	enum status status = batch_begin(hub, err);

	for (*count = 0; status == OK && *count < numbers->size && (*count == 0 || now_ms() < until_ms);
	     ++*count) {
		int64_t number = (int64_t)numbers->ptr[*count].via.u64;
		struct outcome outcome = {0};

		status = retry_one(hub, number, &outcome, err);
		if (status == OK) {
			log_info("hub.letter_retried", NUM("number", number), STR("outcome", outcome.word));
			put_outcome(outcomes, number, &outcome);
		}
	}
	if (status != OK) {
		batch_break(hub, err);
	}
	return status;
}

void dead_retry(struct request *request)
{
	const msgpack_object_array *numbers;
	struct wire_head head, outcomes;
	struct err err = {0};
	uint32_t count;

	if (!dead_numbers(request, &numbers)) {
		return;
	}
	if (!request->hub->taking) {
		request_refuse(request, "full", FULL_RETRY_MS, request->hub->not_taking);
		return;
	}
	msgpack_sbuffer_init(&outcomes.buffer);
	msgpack_packer_init(&outcomes.packer, &outcomes.buffer, msgpack_sbuffer_write);
	if (retry_some(request->hub, numbers, &outcomes, &count, &err) != OK) {
		request_fail(request, &err);
	} else {
		wire_begin(&head, "dead", 2);
		wire_put_string(&head, "retry");
		wire_put_array(&head, count);
		msgpack_sbuffer_write(&head.buffer, outcomes.buffer.data, outcomes.buffer.size);
		request_answer(request, &head);
	}
	msgpack_sbuffer_destroy(&outcomes.buffer);
}
