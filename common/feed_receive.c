/* What the hub says, one function a command. */
/* SPDX-License-Identifier: MIT */
#include "common/feed_private.h"
#include "common/process.h"

static void on_attached(struct feed_client *client, const struct wire_fields *fields)
{
	struct feed_session session = {0};

	if (client->state != FEED_ATTACHING || !wire_int(fields, 0, &session.session) ||
	    !wire_position(fields, 1, &session.position)) {
		return;
	}
	if (client->anew && session.position.seq != 0) {
		return; /* the answer to an attach from before */
	}
	wire_text(fields, 2, &session.note);
	wire_position(fields, 3, &session.head);
	client->session = session.session;
	if (client->epoch != session.position.epoch || client->anew) {
		client->ack_wanted = 0;
	}
	client->anew = false;
	client->epoch = session.position.epoch;
	client->received = client->acked = session.position.seq;
	client->ack_after_ms = 0;
	client->credit_left = 0;
	client->question_count = 0;
	client->tries = 0;
	feed_enter(client, FEED_ATTACHED, -1);
	if (client->leaving) {
		feed_say_detach(client);
	} else {
		client->events->attached(client->context, &session);
	}
}

static void on_busy(struct feed_client *client, const struct wire_fields *fields)
{
	int64_t retry_ms = 0;

	wire_int(fields, 0, &retry_ms);
	if (client->state == FEED_ATTACHING && retry_ms == 0) {
		return; /* what it waited for ended as it asked again: the answer to that comes next */
	}
	if (client->state == FEED_ATTACHING) {
		client->tries = 0; /* the hub is well */
		feed_lose(client, feed_wait_ms(client, retry_ms), "another instance holds this name");
	} else if (client->state == FEED_WAITING && retry_ms == 0) { /* what it waited for is over */
		feed_enter(client, FEED_WAITING, 0);
	}
}

static bool read_seqs(struct feed_client *client, const struct wire_fields *fields, struct feed_range *range)
{
	const msgpack_object_array *seqs;
	int64_t least;

	if (!wire_int(fields, 1, &range->first) || !wire_int(fields, 2, &range->last) ||
	    !wire_array(fields, 3, &seqs) || range->first > range->last ||
	    seqs->size != wire_body_count(&client->in)) {
		return false;
	}
	least = range->first;
	for (uint32_t i = 0; i < seqs->size; i++) {
		const msgpack_object *seq = &seqs->ptr[i];
		if (seq->type != MSGPACK_OBJECT_POSITIVE_INTEGER || seq->via.i64 < least ||
		    seq->via.i64 > range->last) {
			return false;
		}
		client->seqs[i] = seq->via.i64;
		least = seq->via.i64 + 1;
	}
	range->count = seqs->size;
	return true;
}

static void on_records(struct feed_client *client, const struct wire_fields *fields)
{
	struct feed_range range = {.seqs = client->seqs, .message = &client->in};

	if (!read_seqs(client, fields, &range)) {
		client->tries++;
		feed_lose(client, feed_wait_ms(client, 0), "a range of records that can't be read");
		return;
	}
	if (range.first != client->received + 1) {
		feed_lose(client, 0, "a gap between ranges of records");
		return;
	}
	client->received = range.last;
	client->credit_left -= (int64_t)range.count;
	if (!client->sink) {
		client->from = (struct position){client->epoch, range.last};
	}
	client->events->records(client->context, &range);
	feed_flush_ack(client);
}

static void on_alive(struct feed_client *client, const struct wire_fields *fields)
{
	struct feed_question question = {ASKED_HEARTBEAT, 0};
	int64_t hub_sent;
	bool answers = wire_nil(fields, 2);

	if (client->question_count && answers) {
		question = client->questions[client->question_first];
		client->question_first = (client->question_first + 1) % FEED_QUESTIONS_MAX;
		client->question_count--;
	}
	if (wire_int(fields, 1, &hub_sent) && hub_sent > client->received) {
		feed_lose(client, 0, "records were lost on the way");
	} else if (question.asked == ASKED_REJECT) {
		client->events->rejected(client->context, question.seq);
	} else if (question.asked == ASKED_NOTE) {
		client->events->noted(client->context);
	}
}

static void stop_for(struct feed_client *client, struct text code, struct text detail)
{
	struct err err = {0};

	err_set(&err, ERR_CONFIG, "the hub at %s refuses this reader: %.*s%s%.*s", client->endpoint,
		TEXT_FMT(code), detail.size ? ": " : "", TEXT_FMT(detail));
	feed_end(client, &err);
}

/* The hub could not store something, or did not understand it. Which message it was is not said. */
static void on_trouble(struct feed_client *client, int64_t retry_ms, struct text code)
{
	if (client->state == FEED_ATTACHED && retry_ms > 0 && feed_asked_count(client, false) == 0) {
		/* It can only have been an ack: say it again later, all of it. */
		client->acked = 0;
		client->ack_after_ms = now_ms() + retry_ms;
		return;
	}
	client->tries++;
	feed_lose(client, feed_wait_ms(client, retry_ms),
		  text_is(code, "full") ? "the hub's disk is full" : "the hub refuses what was sent");
}

static void deny(struct feed_client *client, struct text detail)
{
	char why[256];

	snprintf(why, sizeof why, "%.*s", TEXT_FMT(detail));
	feed_refused(client, why);
}

static void on_error(struct feed_client *client, const struct wire_fields *fields)
{
	struct text code = TEXT(""), detail = TEXT("");
	int64_t retry_ms = 0;

	wire_text(fields, 0, &code);
	wire_int(fields, 1, &retry_ms);
	wire_text(fields, 2, &detail);
	if (text_is(code, "version") || text_is(code, "command") ||
	    (client->state == FEED_ATTACHING && text_is(code, "malformed"))) {
		stop_for(client, code, detail);
	} else if (text_is(code, "denied")) {
		deny(client, detail);
	} else if (!text_is(code, "no_session")) {
		on_trouble(client, retry_ms, code);
	} else if (client->state == FEED_ATTACHED || client->state == FEED_DETACHING) {
		/* While attaching it answers what was said in the session before. */
		feed_lose(client, 0, "the session ended at the hub");
	}
}

static bool of_this_session(const struct feed_client *client, const struct wire_fields *fields)
{
	int64_t session;

	return wire_int(fields, 0, &session) && session == client->session &&
	       (client->state == FEED_ATTACHED || client->state == FEED_DETACHING);
}

static void on_command(struct feed_client *client, const struct wire_fields *fields)
{
	bool mine = of_this_session(client, fields);

	client->heard_ms = now_ms();
	if (text_is(fields->command, "attached")) {
		on_attached(client, fields);
	} else if (text_is(fields->command, "busy")) {
		on_busy(client, fields);
	} else if (text_is(fields->command, "error")) {
		on_error(client, fields);
	} else if (text_is(fields->command, "records") && mine && client->state == FEED_ATTACHED) {
		on_records(client, fields);
	} else if (text_is(fields->command, "alive") && mine && client->state == FEED_ATTACHED) {
		on_alive(client, fields);
	} else if (text_is(fields->command, "bye") && mine && client->state == FEED_DETACHING) {
		feed_end(client, NULL);
	}
}

bool feed_take_message(struct feed_client *client)
{
	struct wire_fields fields;
	struct err err = {0};
	int64_t version;
	enum status status = wire_receive(zsock_resolve(client->socket), NULL, &client->in, &err);

	if (status == ERR_AGAIN || status == ERR_SYS) {
		return false;
	}
	if (status == OK) {
		status = wire_read(&client->in, &fields, &version, &err);
		if (status == OK && client->state != FEED_ENDED) {
			on_command(client, &fields);
		}
		wire_fields_fini(&fields);
	}
	if (status != OK && client->state == FEED_ATTACHED) {
		client->tries++;
		feed_lose(client, feed_wait_ms(client, 0), err.text);
	}
	return true;
}
