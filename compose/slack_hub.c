/* The past from the hub that runs, as a reader of its feed without a name: nothing is kept there for it. */
/* SPDX-License-Identifier: MIT */
#include "common/ask.h"
#include "common/feed_client.h"
#include "common/process.h"
#include "compose/slack_builds.h"

#include <czmq.h>

#define CREDIT     512
#define SILENCE_MS 20000 /* then the hub has gone */
#define LOOK_MS    500

struct reading {
	zloop_t *loop;
	const struct bus_config *bus;
	const struct slack_from *from;
	struct slack_builds *builds;
	struct feed_client *client;
	int64_t epoch; /* of the log; 0: not known yet */
	int64_t head;  /* the end, as it was when we came */
	int64_t heard_ms;
	bool ended;
	enum status status;
	struct err *err;
};

static int on_end(zloop_t *loop, int timer, void *arg)
{
	(void)loop, (void)timer, (void)arg;
	return -1;
}

static void end(struct reading *reading, enum status status)
{
	reading->status = status;
	reading->ended = true;
	zloop_timer(reading->loop, 0, 1, on_end, reading);
}

static enum status client_open(struct reading *reading);

/* A seq is of a log that only the first session names. */
static int on_reopen(zloop_t *loop, int timer, void *arg)
{
	struct reading *reading = arg;

	(void)loop, (void)timer;
	feed_client_free(&reading->client);
	if (client_open(reading) != OK) {
		end(reading, reading->err->status);
	}
	return 0;
}

static void on_attached(void *context, const struct feed_session *session)
{
	struct reading *reading = context;
	bool named = reading->epoch != 0 || reading->from->seq == 0;

	reading->heard_ms = now_ms();
	if (reading->epoch != session->head.epoch) {
		reading->epoch = session->head.epoch;
		reading->head = session->head.seq;
	}
	if (reading->from->seq > reading->head || (named && session->position.seq >= reading->head)) {
		end(reading, OK);
	} else if (named) {
		feed_client_credit(reading->client, CREDIT);
	} else {
		zloop_timer(reading->loop, 0, 1, on_reopen, reading);
	}
}

static void on_records(void *context, const struct feed_range *range)
{
	struct reading *reading = context;
	enum status status = OK;

	reading->heard_ms = now_ms();
	for (size_t i = 0; status == OK && i < range->count; i++) {
		zmq_msg_t *frame = feed_range_frame(range, i);

		status = slack_builds_add(reading->builds,
					  (struct text){zmq_msg_data(frame), zmq_msg_size(frame)},
					  reading->err);
	}
	feed_client_credit(reading->client, (int64_t)range->count);
	if (status != OK || range->last >= reading->head) {
		end(reading, status);
	}
}

static void on_number(void *context, int64_t number)
{
	(void)context, (void)number;
}

static void on_nothing(void *context)
{
	(void)context;
}

static void on_waiting(void *context, const char *why)
{
	(void)context, (void)why;
}

static void on_refused(void *context, const char *why)
{
	struct reading *reading = context;

	end(reading, err_set(reading->err, ERR_REMOTE, "the normalizer does not let us in: %s", why));
}

static void on_failed(void *context, const struct err *err)
{
	struct reading *reading = context;

	*reading->err = *err;
	end(reading, err->status);
}

static const struct feed_events events = {
	.attached = on_attached,
	.records = on_records,
	.settled = on_nothing,
	.rejected = on_number,
	.noted = on_nothing,
	.waiting = on_waiting,
	.refused = on_refused,
	.failed = on_failed,
	.detached = on_nothing,
};

static enum status client_open(struct reading *reading)
{
	struct feed_options options = {
		.bus = reading->bus,
		.from_ms = reading->from->time_ms,
		.from = {.epoch = reading->from->seq ? reading->epoch : 0, .seq = reading->from->seq - 1},
	};

	return feed_client_new(&reading->client, reading->loop, &options, &events, reading, reading->err);
}

static int on_look(zloop_t *loop, int timer, void *arg)
{
	struct reading *reading = arg;

	(void)loop, (void)timer;
	if (!reading->ended && now_ms() - reading->heard_ms > SILENCE_MS) {
		end(reading,
		    err_set(reading->err, ERR_REMOTE, "the normalizer at %s went away", reading->bus->feed));
	}
	return 0;
}

enum status slack_read_hub(const struct bus_config *bus, const struct slack_from *from,
			   struct slack_builds *builds, struct err *err)
{
	struct reading reading = {
		.bus = bus, .from = from, .builds = builds, .heard_ms = now_ms(), .err = err};
	struct answer answer = {0};
	enum status status = ask_status(bus, &answer, err);

	ask_fini(&answer);
	if (status != OK) {
		return status;
	}
	reading.loop = zloop_new();
	if (!reading.loop) {
		return err_sys(err, "a loop");
	}
	status = client_open(&reading);
	zloop_timer(reading.loop, LOOK_MS, 0, on_look, &reading);
	if (status == OK) {
		zloop_start(reading.loop);
		status = reading.ended ? reading.status : err_set(err, ERR_REMOTE, "interrupted");
	}
	feed_client_free(&reading.client);
	zloop_destroy(&reading.loop);
	return status;
}
