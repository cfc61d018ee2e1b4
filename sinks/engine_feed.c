/* What the hub says to a sink. */
/* SPDX-License-Identifier: MIT */

#include "common/log.h"
#include "common/process.h"
#include "sinks/engine.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define RECORD_BYTES 2048 /* how big a record is thought to be at least */

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

const struct feed_events engine_feed_events = {
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
