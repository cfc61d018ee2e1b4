/* Batches: which records go together, and what becomes of them. */
/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/process.h"
#include "sinks/engine.h"
#include "sinks/queues.h"

#include <stdlib.h>

#define BATCH_RECORDS   256
#define BATCH_BYTES     (4 << 20)
#define BATCH_ARENA_MAX (64 << 20)
#define HOLD_BYTES      (1 << 20)

static void choose_shape(struct engine *engine)
{
	const struct sink *sink = engine->options.sink;
	struct sink_shape *shape = &engine->shape;

	*shape = (struct sink_shape){
		.batch_records = sink->batch_records ? sink->batch_records : BATCH_RECORDS,
		.batch_bytes = sink->batch_bytes ? sink->batch_bytes : BATCH_BYTES,
		.batch_age_ms = sink->batch_age_ms,
		.concurrency = sink->concurrency,
		.hold_bytes = HOLD_BYTES,
	};
	if (sink->shape) {
		sink->shape(engine->options.config, engine->options.bus, shape);
	}
	engine->in_order = engine_asks(sink);
	engine->one_version = sink->one_version || engine->in_order;
	if (shape->concurrency == 0 || shape->gapless || engine->in_order) {
		shape->concurrency = 1;
	}
}

enum status dispatch_open(struct engine *engine, struct err *err)
{
	choose_shape(engine);
	engine->flights = calloc(engine->shape.concurrency, sizeof *engine->flights);
	for (size_t i = 0; engine->flights && i < engine->shape.concurrency; i++) {
		struct flight *flight = &engine->flights[i];
		flight->batch.engine = engine;
		flight->batch.in_order = engine->in_order;
		flight->batch.records = calloc(engine->shape.batch_records, sizeof *flight->batch.records);
		flight->frames = calloc(engine->shape.batch_records, sizeof *flight->frames);
		arena_init(&flight->batch.arena, BATCH_ARENA_MAX);
		if (!flight->batch.records || !flight->frames) {
			return err_sys(err, "memory for a batch");
		}
	}
	arena_init(&engine->scratch, BATCH_ARENA_MAX);
	return engine->flights ? OK : err_sys(err, "memory for batches");
}

static void flight_clear(struct flight *flight)
{
	for (size_t i = 0; i < flight->batch.count; i++) {
		zmq_msg_close(&flight->frames[i]);
		free(flight->batch.records[i].reason);
	}
	flight->batch.count = 0;
	flight->batch.user = NULL;
	flight->active = flight->fresh = false;
	arena_reset(&flight->batch.arena);
}

void dispatch_close(struct engine *engine)
{
	for (size_t i = 0; engine->flights && i < engine->shape.concurrency; i++) {
		flight_clear(&engine->flights[i]);
		arena_fini(&engine->flights[i].batch.arena);
		free(engine->flights[i].batch.records);
		free(engine->flights[i].frames);
	}
	free(engine->flights);
	engine->flights = NULL;
	arena_fini(&engine->scratch);
}

/* The records of another epoch must land before the first of this one. */
static bool older_flying(const struct engine *engine)
{
	for (size_t i = 0; i < engine->shape.concurrency; i++) {
		if (engine->flights[i].active && engine->flights[i].generation != engine->generation) {
			return true;
		}
	}
	return false;
}

static struct flight *flight_free(const struct engine *engine)
{
	for (size_t i = 0; i < engine->shape.concurrency; i++) {
		if (!engine->flights[i].active) {
			return &engine->flights[i];
		}
	}
	return NULL;
}

/* False: no room for it beside what is there. */
static bool flight_take(struct flight *flight, struct entry *entry)
{
	struct sink_batch *batch = &flight->batch;
	struct sink_record *record = &batch->records[batch->count];
	zmq_msg_t *frame = &flight->frames[batch->count];
	struct err err;

	zmq_msg_init(frame);
	zmq_msg_copy(frame, &entry->record);
	*record = (struct sink_record){.seq = entry->seq};
	record->bytes = (struct text){zmq_msg_data(frame), zmq_msg_size(frame)};
	if (build_unpack(record->bytes.at, record->bytes.size, &batch->arena, &record->build, &err) != OK) {
		zmq_msg_close(frame);
		return false;
	}
	batch->count++;
	entry->state = ENTRY_FLYING;
	entry->batch = flight;
	flight->fresh |= entry->tries == 0;
	return true;
}

/* In an outage what failed needs no back-off of its own. */
static bool is_due(const struct engine *engine, const struct entry *entry, int64_t at_ms)
{
	return entry->due_ms <= at_ms || (health_outage(&engine->health) && !entry->timed);
}

/* What a batch may still take while it is filled. */
struct filling {
	size_t bytes_left, records_left;
	unsigned share; /* of the first record: suspects stay among themselves */
	bool ready;     /* something is due */
	bool full;
};

static bool may_take(const struct engine *engine, const struct flight *flight, const struct entry *entry,
		     const struct filling *filling, int64_t at_ms)
{
	return entry->state == ENTRY_WAITING && (is_due(engine, entry, at_ms) || entry->tries == 0) &&
	       (flight->batch.count == 0 || entry->share == filling->share) &&
	       !window_blocked(&engine->window, entry, engine->one_version ? NULL : (const void *)flight);
}

static void take(const struct engine *engine, struct flight *flight, struct entry *entry,
		 struct filling *filling, int64_t at_ms)
{
	bool first = flight->batch.count == 0;

	if ((!first && entry->size > filling->bytes_left) || !flight_take(flight, entry)) {
		filling->full = true;
		return;
	}
	if (first) {
		filling->share = entry->share;
		if (entry->share && entry->share < filling->records_left) {
			filling->records_left = entry->share;
		}
	}
	filling->bytes_left -= entry->size < filling->bytes_left ? entry->size : filling->bytes_left;
	filling->ready |= is_due(engine, entry, at_ms);
	filling->full |= --filling->records_left == 0;
}

static void give_back(struct engine *engine, struct flight *flight)
{
	for (size_t i = 0; i < flight->batch.count; i++) {
		window_find(&engine->window, flight->batch.records[i].seq)->state = ENTRY_WAITING;
	}
	flight_clear(flight);
}

static void scan(struct engine *engine, struct flight *flight, uint64_t from, struct filling *filling,
		 int64_t at_ms)
{
	struct window *window = &engine->window;
	struct queues held = {.count = 0};

	for (uint64_t i = from; i < window->end && !filling->full && !queues_full(&held); i++) {
		struct entry *entry = window_at(window, i);
		if (engine->until && entry->seq > engine->until) {
			return;
		}
		if (engine->in_order && queues_has(&held, entry->pipeline)) {
			continue;
		}
		if (may_take(engine, flight, entry, filling, at_ms)) {
			take(engine, flight, entry, filling, at_ms);
		} else if (engine->shape.gapless && entry->state == ENTRY_WAITING) {
			return;
		} else if (engine->in_order && entry->state == ENTRY_WAITING) {
			queues_add(&held, entry->pipeline);
		}
	}
}

/* In an outage each batch starts behind the one before, so that a few records that can't be written don't
 * make the destination look down for all. */
static uint64_t scan_from(const struct engine *engine)
{
	bool probe = !engine->in_order && !engine->shape.gapless && health_outage(&engine->health) &&
		     engine->probe_from > engine->window.first;

	return probe ? engine->probe_from : engine->window.first;
}

/* What was announced is not all here. */
static bool is_short(const struct engine *engine)
{
	return engine->until > engine->window.received;
}

bool sink_until_is_taken(const struct sink_context *context)
{
	const struct engine *engine = context->engine;
	const struct window *window = &engine->window;

	for (uint64_t i = window->first; i < window->end && window_at(window, i)->seq <= engine->until; i++) {
		if (window_at(window, i)->state == ENTRY_WAITING) {
			return false;
		}
	}
	return true;
}

/* False: nothing is ready. */
static bool fill(struct engine *engine, struct flight *flight, int64_t at_ms)
{
	struct filling filling = {.bytes_left = engine->shape.batch_bytes,
				  .records_left = engine->shape.batch_records};

	if (is_short(engine)) {
		return false;
	}
	if (sink_until_is_taken(&engine->context)) { /* nothing is left of it: trimmed, or done long ago */
		engine->until = 0;
	}
	if (engine->until) { /* exactly so, however large */
		filling.bytes_left = SIZE_MAX;
	}
	scan(engine, flight, scan_from(engine), &filling, at_ms);
	if (flight->batch.count == 0) {
		scan(engine, flight, engine->window.first, &filling, at_ms);
	}
	if (flight->batch.count == 0 || (!filling.ready && !filling.full && !engine->until)) {
		give_back(engine, flight);
		return false;
	}
	flight->active = true;
	flight->generation = engine->generation;
	flight->batch.epoch = engine->epoch;
	engine->flying++;
	++*engine->numbers.batches;
	return true;
}

static void flight_end(struct engine *engine, struct flight *flight)
{
	outcome_take(engine, flight);
	flight_clear(flight);
	engine->flying--;
}

void sink_batch_done(struct sink_batch *batch)
{
	struct engine *engine = batch->engine;

	flight_end(engine, (struct flight *)batch);
	engine_turn(engine);
}

bool dispatch_some(struct engine *engine)
{
	const struct sink *sink = engine->options.sink;
	int64_t at_ms = now_ms();
	struct flight *flight;

	while (!engine->draining && !engine->ended && !engine->anew && at_ms >= engine->gate_ms &&
	       !older_flying(engine) && (flight = flight_free(engine))) {
		/* In an outage one batch at a time feels whether it is over. */
		if (health_outage(&engine->health) &&
		    (engine->flying > 0 || at_ms < engine->health.until_ms)) {
			return false;
		}
		if (!fill(engine, flight, at_ms)) {
			return false;
		}
		if (sink->write(engine->state, &flight->batch) == WRITE_ENDED) {
			flight_end(engine, flight);
			return true; /* it blocked for a while: let the loop see to its sockets */
		}
	}
	return false;
}

int64_t dispatch_next_ms(const struct engine *engine)
{
	struct queues held = {.count = 0};
	bool outage = health_outage(&engine->health);
	int64_t next_ms = INT64_MAX, due_ms;

	/* The end of a batch is the next event then. */
	if (!flight_free(engine) || older_flying(engine) || is_short(engine) || engine->anew) {
		return INT64_MAX;
	}
	if (outage && engine->flying) {
		return INT64_MAX;
	}
	for (uint64_t i = engine->window.first; i < engine->window.end && !queues_full(&held); i++) {
		const struct entry *entry = window_at(&engine->window, i);
		if (entry->state != ENTRY_WAITING ||
		    (engine->in_order && queues_has(&held, entry->pipeline))) {
			continue;
		}
		due_ms = outage && !entry->timed ? engine->health.until_ms : entry->due_ms;
		if (due_ms < next_ms && !window_blocked(&engine->window, entry, NULL)) {
			next_ms = due_ms;
		}
		if (engine->in_order) {
			queues_add(&held, entry->pipeline);
		}
		if (engine->shape.gapless) {
			break; /* those behind wait for this one */
		}
	}
	return next_ms < engine->gate_ms ? engine->gate_ms : next_ms;
}
