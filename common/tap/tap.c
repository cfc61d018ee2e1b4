/* The tap: records as they pass, gaps found by their numbers and filled from the log.
 *
 * Everything up to seen.covered has come. The hub's answer to a hello (docs/protocol.md section 5) moves that
 * on, a record whose `prev` did not come stops it: then the log is read from there, while what passes waits.
 */
/* SPDX-License-Identifier: MIT */
#include "common/tap/tap.h"
#include "common/tap/field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define ASK_MS        1000  /* while records pass; a lost last one is found after that */
#define ASK_IDLE_MS   10000 /* else */
#define UNANSWERED_MS 1000  /* the answer may be dropped as any record */
#define REOPEN_MS     1000  /* a refused socket never tries again by itself */
#define TEND_MS       500
#define WAITING_MIN   500 /* it drops none before so many wait: half of its limit, by libzmq's way to count */

static _Thread_local struct err open_error;

static enum status add_topics(struct buildbus_tap *tap, const char *const *wanted, struct err *err)
{
	enum status status = OK;

	for (; status == OK && wanted && *wanted; wanted++) {
		status = topics_add(&tap->topics, *wanted, err);
	}
	return status;
}

static enum status open_tap(struct buildbus_tap *tap, const struct buildbus_tap_options *options,
			    struct err *err)
{
	enum status status;

	if (!options->tap || (!options->feed && (options->from_seq > 0 || options->from_time_ms > 0))) {
		return err_set(err, ERR_CONFIG, "the address of the %s is missing",
			       options->tap ? "feed" : "tap");
	}
	tap->from_seq = options->from_seq;
	tap->from_time_ms = options->from_time_ms;
	status = peer_init(&tap->peer, options, err);
	if (status == OK) {
		status = add_topics(tap, options->topics, err);
	}
	return status == OK ? live_open(&tap->live, &tap->peer, &tap->topics, err) : status;
}

int buildbus_tap_open(struct buildbus_tap **out, const struct buildbus_tap_options *options)
{
	struct buildbus_tap_options known = {0};
	struct buildbus_tap *tap = calloc(1, sizeof *tap);
	enum status status;

	*out = tap;
	memcpy(&known, options, options->size < sizeof known ? options->size : sizeof known);
	status = tap ? open_tap(tap, &known, &open_error) : err_set(&open_error, ERR_SYS, "out of memory");
	if (status != OK) {
		buildbus_tap_close(out);
	}
	return status == OK ? 0 : -1;
}

void buildbus_tap_close(struct buildbus_tap **tap)
{
	if (!*tap) {
		return;
	}
	past_end(&(*tap)->past);
	live_close(&(*tap)->live);
	peer_fini(&(*tap)->peer);
	topics_fini(&(*tap)->topics);
	seen_fini(&(*tap)->seen);
	free((*tap)->topic);
	free(*tap);
	*tap = NULL;
}

const char *buildbus_tap_error(const struct buildbus_tap *tap)
{
	return tap ? tap->err.text : open_error.text;
}

const char *buildbus_tap_version(void)
{
	return BUILDBUS_VERSION;
}

static int fail(struct buildbus_tap *tap)
{
	tap->failed = true;
	return -1;
}

/* The event of a record that is wanted, NOTHING of another one. */
static int hand_on(struct buildbus_tap *tap, struct buildbus_tap_event *event, struct text topic,
		   struct text record)
{
	char *copy;

	if (!topics_match(&tap->topics, topic)) {
		return BUILDBUS_TAP_NOTHING;
	}
	copy = strndup(topic.at, topic.size);
	if (!copy) {
		err_set(&tap->err, ERR_SYS, "out of memory for a topic");
		return fail(tap);
	}
	free(tap->topic);
	tap->topic = copy;
	event->topic = copy;
	event->record = record.at;
	event->record_size = record.size;
	return BUILDBUS_TAP_RECORD;
}

/* Reads the log from what is covered up to seq. */
static int fetch(struct buildbus_tap *tap, struct buildbus_tap_event *event, int64_t to)
{
	struct position from = {tap->epoch, tap->seen.covered};

	if (to <= from.seq) {
		return BUILDBUS_TAP_NOTHING;
	}
	if (tap->peer.feed) {
		return past_begin(&tap->past, &tap->peer, from, tap->from_time_ms, to, &tap->err) == OK
			       ? BUILDBUS_TAP_NOTHING
			       : fail(tap);
	}
	*event = (struct buildbus_tap_event){.epoch = tap->epoch,
					     .first = from.seq + 1,
					     .last = to,
					     .why = "no feed was given to fetch them from"};
	seen_cover(&tap->seen, to);
	return BUILDBUS_TAP_LOST;
}

static int put_seen(struct buildbus_tap *tap, struct text topic, int64_t seq)
{
	return seen_put(&tap->seen, topic_pipeline(topic), seq, &tap->err) == OK ? BUILDBUS_TAP_NOTHING
										 : fail(tap);
}

/* A record out of the log: new, unless it came live. */
static int on_past_record(struct buildbus_tap *tap, struct buildbus_tap_event *event, int64_t seq,
			  struct text record)
{
	struct buildbus_tap_event it = {
		.epoch = tap->epoch, .seq = seq, .record = record.at, .record_size = record.size};
	char *topic = field_topic(&it);
	int kind = BUILDBUS_TAP_NOTHING;

	if (topic && seq > seen_last(&tap->seen, topic_pipeline(text_of(topic)))) {
		kind = put_seen(tap, text_of(topic), seq);
		if (kind == BUILDBUS_TAP_NOTHING) {
			*event = it;
			kind = hand_on(tap, event, text_of(topic), record);
		}
	}
	free(topic);
	return kind;
}

static int lost(struct buildbus_tap *tap, struct buildbus_tap_event *event, int64_t count)
{
	*event = (struct buildbus_tap_event){
		.epoch = tap->epoch,
		.first = tap->past.first,
		.last = tap->past.to,
		.count = count,
		.why = count ? "superseded versions stay for bus.log_retention, and what is "
			       "sent again to one sink takes numbers too"
			     : tap->err.text};
	return BUILDBUS_TAP_LOST;
}

static int step_past(struct buildbus_tap *tap, struct buildbus_tap_event *event)
{
	int64_t seq = 0, missing;
	struct text record;
	int kind = BUILDBUS_TAP_NOTHING;
	enum past_kind past = PAST_RECORD;

	while (kind == BUILDBUS_TAP_NOTHING && past == PAST_RECORD) {
		past = past_next(&tap->past, &tap->peer, &seq, &record, &tap->err);
		if (past == PAST_RECORD) {
			kind = on_past_record(tap, event, seq, record);
		}
	}
	if (past == PAST_END || past == PAST_FAILED) {
		missing = past == PAST_END ? tap->past.missing : 0;
		tap->from_time_ms = 0;
		if (missing > 0 || past == PAST_FAILED) {
			kind = lost(tap, event, missing);
		}
		seen_cover(&tap->seen, tap->past.to);
		past_end(&tap->past);
	}
	return kind;
}

/* The first answer: where the log ends now, and where we begin. */
static int begin(struct buildbus_tap *tap, const struct live_news *news)
{
	if (tap->from_seq > news->seq + 1) {
		err_set(&tap->err, ERR_DATA, "the newest record is %" PRId64 ": there is no %" PRId64 " yet",
			news->seq, tap->from_seq);
		return fail(tap);
	}
	tap->epoch = news->epoch;
	tap->fetch_to = tap->answered = news->seq;
	seen_renew(&tap->seen, tap->from_time_ms > 0 ? -1
			       : tap->from_seq > 0   ? tap->from_seq - 1
						     : news->seq);
	return BUILDBUS_TAP_CONNECTED;
}

static int renew(struct buildbus_tap *tap, int64_t epoch, int64_t covered)
{
	tap->epoch = epoch;
	tap->came = tap->came_before = 0;
	tap->answered = covered;
	seen_renew(&tap->seen, covered);
	return BUILDBUS_TAP_RENEWED;
}

/* `prev` can't tell of a last record that was dropped. Before the hub drops one, many wait, all of which come
 * between the answer before and the one after: so what is covered follows one answer late. */
static void audit(struct buildbus_tap *tap, int64_t seq, bool doubt)
{
	if (doubt || tap->came + tap->came_before >= WAITING_MIN) {
		tap->fetch_to = seq;
	} else if (tap->answered > tap->seen.covered) {
		seen_cover(&tap->seen, tap->answered);
	}
	tap->answered = seq;
	tap->came_before = tap->came;
	tap->came = 0;
}

static int on_hello(struct buildbus_tap *tap, const struct live_news *news)
{
	bool again = tap->away;

	tap->away = false;
	if (tap->epoch == 0) {
		return begin(tap, news);
	}
	if (news->epoch != tap->epoch) {
		return renew(tap, news->epoch, news->seq);
	}
	audit(tap, news->seq, again);
	return again ? BUILDBUS_TAP_CONNECTED : BUILDBUS_TAP_NOTHING;
}

static int deliver(struct buildbus_tap *tap, struct buildbus_tap_event *event)
{
	const struct live_news *news = &tap->news;
	int kind = put_seen(tap, news->topic, news->seq);

	tap->held = false;
	*event = (struct buildbus_tap_event){.epoch = news->epoch,
					     .seq = news->seq,
					     .prev = news->prev,
					     .published_at = news->published_at};
	return kind < 0 ? kind : hand_on(tap, event, news->topic, news->record);
}

/* A record that passes. It is held while what is missing before it is fetched. */
static int on_live_record(struct buildbus_tap *tap, struct buildbus_tap_event *event)
{
	const struct live_news *news = &tap->news;
	int64_t last;

	if (tap->epoch == 0) {
		return BUILDBUS_TAP_NOTHING; /* before the beginning */
	}
	if (news->epoch != tap->epoch) {
		tap->held = true;
		return renew(tap, news->epoch, news->seq - 1);
	}
	tap->came++; /* others wait at the hub with those that are wanted */
	if (!topics_about(&tap->topics, news->topic)) {
		return BUILDBUS_TAP_NOTHING;
	}
	last = seen_last(&tap->seen, topic_pipeline(news->topic));
	if (news->seq <= last) {
		return BUILDBUS_TAP_NOTHING; /* it came out of the log */
	}
	if (news->prev > last) {
		tap->held = true;
		tap->fetch_to = news->seq - 1;
		return BUILDBUS_TAP_NOTHING;
	}
	return deliver(tap, event);
}

static int away(struct buildbus_tap *tap, struct buildbus_tap_event *event, const char *why)
{
	bool told = tap->away;

	tap->away = true;
	*event = (struct buildbus_tap_event){.epoch = tap->epoch, .why = why};
	return told ? BUILDBUS_TAP_NOTHING : BUILDBUS_TAP_DISCONNECTED;
}

static int step_live(struct buildbus_tap *tap, struct buildbus_tap_event *event)
{
	int kind = BUILDBUS_TAP_NOTHING;
	enum live_kind live = LIVE_RECORD;

	/* One that is held keeps its place in the socket's message. */
	while (kind == BUILDBUS_TAP_NOTHING && live != LIVE_NOTHING && !tap->held && tap->fetch_to == 0) {
		live = live_next(&tap->live, &tap->news);
		if (live == LIVE_HELLO) {
			kind = on_hello(tap, &tap->news);
		} else if (live == LIVE_RECORD) {
			kind = on_live_record(tap, event);
		} else if (live == LIVE_AWAY && tap->epoch != 0) {
			kind = away(tap, event, "the connection ended");
		} else if (live == LIVE_REFUSED) {
			tap->reopen_ms = peer_now_ms() + REOPEN_MS;
			kind = away(tap, event,
				    "the hub refuses the connection: it wants a certificate that it knows");
		}
	}
	return kind;
}

static int step(struct buildbus_tap *tap, struct buildbus_tap_event *event)
{
	int64_t to = tap->fetch_to;

	if (tap->past.socket) {
		return step_past(tap, event);
	}
	tap->fetch_to = 0;
	if (to > tap->seen.covered) {
		return fetch(tap, event, to);
	}
	return tap->held ? deliver(tap, event) : step_live(tap, event);
}

/* What time alone makes due. *wait_ms becomes less where something will be. */
static int tend(struct buildbus_tap *tap, int64_t *wait_ms)
{
	int64_t now = peer_now_ms(), every = tap->came ? ASK_MS : ASK_IDLE_MS;
	int64_t ask_ms = tap->live.asked_ms + (tap->live.asked ? UNANSWERED_MS : every);

	if (tap->reopen_ms && now >= tap->reopen_ms) {
		tap->reopen_ms = 0;
		live_close(&tap->live);
		if (live_open(&tap->live, &tap->peer, &tap->topics, &tap->err) != OK) {
			return fail(tap);
		}
	} else if (!tap->past.socket && now >= ask_ms) {
		live_ask(&tap->live);
	}
	*wait_ms = *wait_ms < 0 || *wait_ms > TEND_MS ? TEND_MS : *wait_ms;
	return 0;
}

/* False: a signal came. */
static bool wait_for_news(struct buildbus_tap *tap, int64_t wait_ms)
{
	zmq_pollitem_t items[] = {
		{.socket = tap->past.socket ? tap->past.socket : tap->live.socket, .events = ZMQ_POLLIN},
		{.socket = tap->live.monitor, .events = ZMQ_POLLIN},
	};

	return zmq_poll(items, tap->past.socket ? 1 : 2, (long)wait_ms) >= 0 || errno != EINTR;
}

int buildbus_tap_next(struct buildbus_tap *tap, struct buildbus_tap_event *event, int timeout_ms)
{
	int64_t until_ms = peer_now_ms() + timeout_ms, wait_ms;
	int kind;

	while (!tap->failed) {
		*event = (struct buildbus_tap_event){0};
		kind = step(tap, event);
		if (kind != BUILDBUS_TAP_NOTHING) {
			return kind;
		}
		wait_ms = timeout_ms < 0 ? -1 : until_ms - peer_now_ms();
		if (timeout_ms >= 0 && wait_ms <= 0) {
			return BUILDBUS_TAP_NOTHING;
		}
		if (tap->held || tap->fetch_to) {
			continue;
		}
		if (tend(tap, &wait_ms) == 0 && !wait_for_news(tap, wait_ms)) {
			return BUILDBUS_TAP_NOTHING;
		}
	}
	return -1;
}
