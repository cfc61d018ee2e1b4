/* The metrics of a sink: docs/metrics.md. */
/* SPDX-License-Identifier: MIT */
#include "common/metrics.h"
#include "sinks/engine.h"

static void numbers_collect(void *context)
{
	struct engine *engine = context;
	struct engine_numbers *numbers = &engine->numbers;

	*numbers->window = (int64_t)window_count(&engine->window);
	*numbers->window_bytes = (int64_t)engine->window.bytes;
	*numbers->flying = (int64_t)engine->flying;
	*numbers->position = window_advance(&engine->window);
	*numbers->outage = health_outage(&engine->health);
}

static void effects_open(struct engine *engine)
{
	static const char *const words[] = {
		[EFFECT_UNCHANGED] = "unchanged",
		[EFFECT_CREATED] = "created",
		[EFFECT_UPDATED] = "updated",
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		engine->numbers.effects[i] =
			metrics_counter("buildbus_sink_effects_total",
					"Records confirmed, by what they changed at the destination.",
					LABELS("sink", engine->options.name, "effect", words[i]));
	}
}

void numbers_open(struct engine *engine)
{
	struct engine_numbers *numbers = &engine->numbers;
	const struct metrics_row rows[] = {
		{metrics_counter, "buildbus_sink_records_total", "Records taken from the feed.",
		 &numbers->records},
		{metrics_counter, "buildbus_sink_done_total", "Records that the destination confirmed.",
		 &numbers->done},
		{metrics_counter, "buildbus_sink_retried_total", "Writes of records to be tried again.",
		 &numbers->retried},
		{metrics_counter, "buildbus_sink_rejected_total", "Records moved to the dead letters.",
		 &numbers->rejected},
		{metrics_counter, "buildbus_sink_batches_total", "Batches written.", &numbers->batches},
		{metrics_counter, "buildbus_sink_sessions_total", "Sessions at the hub.", &numbers->sessions},
		{metrics_gauge, "buildbus_sink_position", "Everything up to here is confirmed.",
		 &numbers->position},
		{metrics_gauge, "buildbus_sink_window_records", "Records ahead of the position.",
		 &numbers->window},
		{metrics_gauge, "buildbus_sink_window_bytes", "Bytes of the records held.",
		 &numbers->window_bytes},
		{metrics_gauge, "buildbus_sink_batches_in_flight", "Batches at the destination.",
		 &numbers->flying},
		{metrics_gauge, "buildbus_sink_outage", "1: nothing succeeds, everything waits.",
		 &numbers->outage},
		METRICS_END,
	};

	metrics_table(rows, LABELS("sink", engine->options.name));
	effects_open(engine);
	metrics_on_collect(numbers_collect, engine);
}
