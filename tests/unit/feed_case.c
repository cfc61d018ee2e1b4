/* SPDX-License-Identifier: MIT */
#include "tests/unit/feed_case.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void on_attached(void *context, const struct feed_session *session)
{
	struct reader *self = context;

	self->attached++;
	self->position = session->position.seq;
	snprintf(self->note, sizeof self->note, "%.*s", TEXT_FMT(session->note));
	feed_client_credit(self->feed, self->credit);
}

static void on_records(void *context, const struct feed_range *range)
{
	struct reader *self = context;

	for (size_t i = 0; i < range->count; i++) {
		self->seqs[self->count++ % 1000] = range->seqs[i];
	}
	self->last = range->last;
}

static void on_settled(void *context)
{
	(void)context;
}

static void on_rejected(void *context, int64_t seq)
{
	((struct reader *)context)->rejected = (size_t)seq;
}

static void on_noted(void *context)
{
	((struct reader *)context)->noted++;
}

static void on_waiting(void *context, const char *why)
{
	struct reader *self = context;

	self->waited++;
	snprintf(self->why, sizeof self->why, "%s", why);
}

static void on_failed(void *context, const struct err *err)
{
	struct reader *self = context;

	self->failed++;
	snprintf(self->failure, sizeof self->failure, "%s", err->text);
}

static void on_detached(void *context)
{
	((struct reader *)context)->detached++;
}

static const struct feed_events events = {
	.attached = on_attached,
	.records = on_records,
	.settled = on_settled,
	.rejected = on_rejected,
	.noted = on_noted,
	.waiting = on_waiting,
	.refused = on_waiting,
	.failed = on_failed,
	.detached = on_detached,
};

struct reader reader;

void start(bool bound)
{
	struct bus_config bus = {0};
	struct feed_options options = {.bus = &bus, .sink = "store"};
	struct err err;

	memset(&reader, 0, sizeof reader);
	reader.loop = zloop_new();
	reader.hub = malloc(sizeof *reader.hub);
	reader.credit = 1000;
	fake_hub_init(reader.hub, reader.loop);
	if (bound) {
		fake_hub_bind(reader.hub);
	}
	bus.feed = reader.hub->endpoint;
	cr_assert(feed_client_new(&reader.feed, reader.loop, &options, &events, &reader, &err) == OK);
}

void stop(void)
{
	feed_client_free(&reader.feed);
	fake_hub_fini(reader.hub);
	free(reader.hub);
	zloop_destroy(&reader.loop);
}

bool until(bool (*done)(void *))
{
	return run_until(reader.loop, done, NULL, 8000);
}

bool is_attached(void *arg)
{
	(void)arg;
	return reader.attached >= (size_t)(reader.wanted ? reader.wanted : 1) &&
	       feed_client_attached(reader.feed);
}

static bool has_records(void *arg)
{
	(void)arg;
	return (int64_t)reader.count >= reader.wanted;
}

static bool has_position(void *arg)
{
	(void)arg;
	return reader.hub->position >= reader.wanted;
}

bool has_waited(void *arg)
{
	(void)arg;
	return reader.waited > 0;
}

void wait_attached(int64_t times)
{
	reader.wanted = times;
	cr_assert(until(is_attached), "attached %zu times, not %lld (%s)", reader.attached, (long long)times,
		  reader.why);
}

void wait_records(int64_t count)
{
	reader.wanted = count;
	cr_assert(until(has_records), "%zu records came, not %lld", reader.count, (long long)count);
}

void wait_position(int64_t seq)
{
	reader.wanted = seq;
	cr_assert(until(has_position), "the hub is at %lld", (long long)reader.hub->position);
}
