/* SPDX-License-Identifier: MIT */
#include "sinks/engine.h"
#include "common/log.h"
#include "common/process.h"

#include <stdlib.h>

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
		status = feed_client_new(&engine->feed, options->loop, &feed, &engine_feed_events, engine,
					 err);
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
