/* SPDX-License-Identifier: MIT */
#include "sinks/engine.h"
#include "common/log.h"
#include "common/process.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define RECORD_BYTES  2048  /* how big a record is thought to be at least */
#define FIRST_BYTES   65536 /* and before any came */
#define DRAIN_WAIT_MS 8000  /* for batches in flight: the process ends two seconds later */

void engine_end(struct engine *engine, enum status status, const struct err *err)
{
	if (!engine->ended) {
		engine->ended = true;
		engine->options.ended(engine->options.owner, status, err);
	}
}

void engine_refuse(struct engine *engine, struct entry *entry, const char *reason)
{
	entry->state = ENTRY_REFUSED;
	entry->reason = strdup(reason ? reason : "no reason given");
	entry->told = 0;
	engine->refused++;
	++*engine->numbers.rejected;
	log_warn("sink.rejected", STR("sink", engine->options.name), NUM("seq", entry->seq),
		 STR("why", entry->reason));
}

/* Dead letters that the hub does not know of yet in this session. */
static void tell_refused(struct engine *engine)
{
	struct window *window = &engine->window;

	for (uint64_t i = window->first; engine->refused && i < window->end; i++) {
		struct entry *entry = window_at(window, i);
		if (entry->state != ENTRY_REFUSED || entry->told == engine->session) {
			continue;
		}
		if (feed_client_reject(engine->feed, entry->seq, entry->reason) != OK) {
			return;
		}
		entry->told = engine->session;
	}
}

static int on_wake(zloop_t *loop, int timer, void *arg)
{
	struct engine *engine = arg;

	(void)loop, (void)timer;
	engine->wake_timer = -1;
	engine_turn(engine);
	return 0;
}

static void wake_at(struct engine *engine, int64_t at_ms)
{
	int64_t wait_ms = at_ms - now_ms();

	if (engine->wake_timer >= 0 && engine->wake_ms == at_ms) {
		return;
	}
	if (engine->wake_timer >= 0) {
		zloop_timer_end(engine->options.loop, engine->wake_timer);
		engine->wake_timer = -1;
	}
	engine->wake_ms = at_ms;
	if (at_ms != INT64_MAX) {
		engine->wake_timer = zloop_timer(engine->options.loop, wait_ms > 0 ? (size_t)wait_ms : 0, 1,
						 on_wake, engine);
	}
}

/* What is confirmed and what was refused. */
static void tell_hub(struct engine *engine)
{
	const struct sink *sink = engine->options.sink;
	int64_t seq = window_advance(&engine->window);

	if (engine->session) {
		feed_client_ack(engine->feed, seq);
	}
	tell_refused(engine);
	if (engine->session && !engine->anew && !engine->current && seq >= engine->head) {
		engine->current = true;
		if (sink->current) {
			sink->current(engine->state);
		}
	}
}

void engine_turn(struct engine *engine)
{
	bool more;

	tell_hub(engine); /* before a note of the next batch, which builds on it */
	more = dispatch_some(engine);
	if (engine->ended) {
		return;
	}
	tell_hub(engine);
	notes_tell(engine);
	if (engine->draining) {
		wake_at(engine, INT64_MAX);
		if (engine->flying == 0) {
			feed_client_detach(engine->feed);
		}
		return;
	}
	engine_grant(engine);
	wake_at(engine, more ? 0 : dispatch_next_ms(engine));
}

static void count_refused(struct engine *engine)
{
	const struct window *window = &engine->window;

	engine->refused = 0;
	for (uint64_t i = window->first; i < window->end; i++) {
		engine->refused += window_at(window, i)->state == ENTRY_REFUSED;
	}
}

static void on_attached(void *context, const struct feed_session *session)
{
	struct engine *engine = context;
	const struct sink *sink = engine->options.sink;

	if (engine->epoch != session->position.epoch || engine->anew) {
		window_reset(&engine->window, session->position.seq);
		engine->refused = 0;
		engine->generation++;
		engine->anew = false;
	} else {
		window_skip(&engine->window, session->position.seq);
		count_refused(engine);
	}
	engine->epoch = session->position.epoch;
	engine->session = session->session;
	engine->head = session->head.seq;
	engine->current = false;
	++*engine->numbers.sessions;
	engine->waiting[0] = '\0';
	denial_over(&engine->denial);
	notes_ask_again(engine);
	log_info("sink.attached", STR("sink", engine->options.name), NUM("position", session->position.seq),
		 NUM("head", session->head.seq));
	if (sink->attached) {
		sink->attached(engine->state, session->note, session->position);
	}
	if (!engine->anew) {
		engine_turn(engine);
	}
}

/* Of the id of a build: all but its number. */
static size_t pipeline_size(struct text id)
{
	size_t size = id.size;

	while (size > 0 && id.at[size - 1] != '/') {
		size--;
	}
	return size;
}

/* False: the hub sent more than it was allowed to. */
static bool take_record(struct engine *engine, int64_t seq, zmq_msg_t *frame)
{
	size_t size = zmq_msg_size(frame);
	struct build build;
	struct err err = {0};
	struct entry *entry;
	enum status status;
	uint64_t hash;

	arena_reset(&engine->scratch);
	status = build_unpack(zmq_msg_data(frame), size, &engine->scratch, &build, &err);
	hash = status == OK ? XXH3_64bits(build.id.at, build.id.size) : (uint64_t)seq;
	entry = window_add(&engine->window, seq, frame, hash);
	if (!entry) {
		return false;
	}
	entry->pipeline = status == OK ? XXH3_64bits(build.id.at, pipeline_size(build.id)) : 0;
	entry->due_ms = engine->shape.batch_age_ms ? now_ms() + engine->shape.batch_age_ms : 0;
	engine->large_bytes -= engine->large_bytes / 64;
	engine->large_bytes = size > engine->large_bytes ? size : engine->large_bytes;
	engine->large_bytes = engine->large_bytes > RECORD_BYTES ? engine->large_bytes : RECORD_BYTES;
	++*engine->numbers.records;
	if (status != OK) {
		engine_refuse(engine, entry, err.text);
	}
	return true;
}

static void on_records(void *context, const struct feed_range *range)
{
	struct engine *engine = context;
	struct window *window = &engine->window;
	struct err err = {0};

	for (size_t i = 0; i < range->count; i++) {
		/* After a loss what is already here comes again. */
		if (range->seqs[i] > window->received &&
		    !take_record(engine, range->seqs[i], feed_range_frame(range, i))) {
			err_set(&err, ERR_REMOTE, "the hub sent more records than it was granted");
			engine_end(engine, ERR_REMOTE, &err);
			return;
		}
	}
	if (range->last > window->received) {
		window->received = range->last;
	}
}

static void on_settled(void *context)
{
	engine_turn(context);
}

static void on_rejected(void *context, int64_t seq)
{
	struct engine *engine = context;
	struct entry *entry = window_find(&engine->window, seq);

	if (entry && entry->state == ENTRY_REFUSED) {
		window_done(&engine->window, entry);
		engine->refused--;
	}
}

static void on_noted(void *context)
{
	notes_kept(context);
}

static void on_waiting(void *context, const char *why)
{
	struct engine *engine = context;

	if (strncmp(engine->waiting, why, sizeof engine->waiting - 1) != 0) {
		snprintf(engine->waiting, sizeof engine->waiting, "%s", why);
		log_info("sink.waiting", STR("sink", engine->options.name), STR("why", why));
	}
}

static void on_refused(void *context, const char *why)
{
	struct engine *engine = context;

	denial_tell(&engine->denial, why);
}

static void on_failed(void *context, const struct err *err)
{
	engine_end(context, err->status, err);
}

static void end_well(struct engine *engine)
{
	log_info("sink.detached", STR("sink", engine->options.name), NUM("done", *engine->numbers.done),
		 NUM("created", *engine->numbers.effects[EFFECT_CREATED]),
		 NUM("updated", *engine->numbers.effects[EFFECT_UPDATED]),
		 NUM("unchanged", *engine->numbers.effects[EFFECT_UNCHANGED]),
		 NUM("rejected", *engine->numbers.rejected));
	engine_end(engine, OK, NULL);
}

static void on_detached(void *context)
{
	struct engine *engine = context;
	const struct sink *sink = engine->options.sink;

	if (sink->settle && sync_is_complete(engine->options.bus)) {
		sink->settle(engine->state);
	} else {
		end_well(engine);
	}
}

void sink_settled(struct sink_context *context, int64_t updated)
{
	struct engine *engine = context->engine;

	*engine->numbers.effects[EFFECT_UPDATED] += updated;
	end_well(engine);
}

static const struct feed_events feed_events = {
	.attached = on_attached,
	.records = on_records,
	.settled = on_settled,
	.rejected = on_rejected,
	.noted = on_noted,
	.waiting = on_waiting,
	.refused = on_refused,
	.failed = on_failed,
	.detached = on_detached,
};

static void tell_ready(const struct engine_options *options)
{
	if (options->ready) {
		options->ready(options->owner);
	}
}

void sink_ready(struct sink_context *context)
{
	struct engine *engine = context->engine;

	if (!engine_asks(engine->options.sink)) {
		tell_ready(&engine->options);
	} else if (!engine->asked) {
		engine->asked = true;
		engine->options.sink->known(engine->state);
	}
}

void sink_wake(struct sink_context *context)
{
	if (context->engine->feed) {
		engine_turn(context->engine);
	}
}

void sink_anew(struct sink_context *context)
{
	struct engine *engine = context->engine;

	log_warn("sink.anew", STR("sink", engine->options.name));
	engine->anew = true;
	engine->until = 0;
	feed_client_anew(engine->feed);
}

enum status engine_open(struct engine *engine, const struct engine_options *options, struct err *err)
{
	struct feed_options feed = {.bus = options->bus, .sink = options->name};
	const struct sink *sink = options->sink;
	enum status status;

	engine->options = *options;
	engine->options.retry_for_ms = options->retry_for_ms ? options->retry_for_ms : RETRY_FOR_MS;
	engine->wake_timer = -1;
	engine->large_bytes = FIRST_BYTES;
	engine->context =
		(struct sink_context){options->name, options->loop, options->bus, options->file, engine};
	numbers_open(engine);
	status = window_init(&engine->window, err);
	if (status == OK) {
		status = dispatch_open(engine, err);
	}
	if (status == OK && sink->state_size && !(engine->state = calloc(1, sink->state_size))) {
		status = err_sys(err, "memory for the sink");
	}
	if (status == OK) {
		status = sink->open(engine->state, &engine->context, options->config, err);
	}
	if (status == OK) {
		status = feed_client_new(&engine->feed, options->loop, &feed, &feed_events, engine, err);
	}
	if (status == OK && !sink->ready_later && engine_asks(sink)) {
		sink_ready(&engine->context);
	}
	return status;
}

static int on_drain_limit(zloop_t *loop, int timer, void *arg)
{
	struct engine *engine = arg;

	(void)loop, (void)timer;
	if (!engine->ended && engine->flying > 0) {
		log_warn("sink.drain_cut", STR("sink", engine->options.name), NUM("batches", engine->flying));
		feed_client_detach(engine->feed);
	}
	return 0;
}

void engine_drain(struct engine *engine)
{
	if (!engine->draining) {
		engine->draining = true;
		zloop_timer(engine->options.loop, DRAIN_WAIT_MS, 1, on_drain_limit, engine);
		engine_turn(engine);
	}
}

void engine_close(struct engine *engine)
{
	engine->ended = true;
	feed_client_free(&engine->feed);
	if (engine->state) {
		engine->options.sink->close(engine->state);
	}
	free(engine->state);
	notes_close(engine);
	if (engine->window.entries) {
		dispatch_close(engine);
		window_fini(&engine->window);
	}
	if (engine->options.loop && engine->wake_timer >= 0) {
		zloop_timer_end(engine->options.loop, engine->wake_timer);
	}
}
