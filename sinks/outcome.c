/* What the verdicts on a batch come to: for each of its records, and for the destination as a whole. */
/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/process.h"
#include "sinks/engine.h"

#include <stdio.h>

struct outcome {
	size_t good, retried, suspects;
	int64_t asked_ms; /* the longest wait that was asked for */
	const char *why;
};

static struct outcome count_verdicts(const struct sink_batch *batch)
{
	struct outcome outcome = {0};

	for (size_t i = 0; i < batch->count; i++) {
		const struct sink_record *record = &batch->records[i];
		bool retry = record->verdict == VERDICT_RETRY || record->verdict == VERDICT_NONE;
		bool wait = record->verdict == VERDICT_WAIT;

		outcome.retried += retry;
		outcome.suspects += record->verdict == VERDICT_SUSPECT;
		outcome.good += !retry && !wait;
		if (retry && record->reason) {
			outcome.why = record->reason;
		}
		if (retry && record->retry_ms > outcome.asked_ms) {
			outcome.asked_ms = record->retry_ms;
		}
	}
	return outcome;
}

static void retry(struct engine *engine, struct entry *entry, const struct sink_record *record, int64_t at_ms)
{
	int64_t wait_ms = backoff_ms(entry->tries, RETRY_BASE_MS, RETRY_CAP_MS);
	char reason[600];

	window_failed(&engine->window, entry);
	entry->timed = false;
	entry->failed_ms = entry->failed_ms ? entry->failed_ms : at_ms;
	entry->due_ms = at_ms + (wait_ms > record->retry_ms ? wait_ms : record->retry_ms);
	++*engine->numbers.retried;
	if (health_hopeless(&engine->health, entry->failed_ms, at_ms, engine->options.retry_for_ms)) {
		snprintf(reason, sizeof reason, "given up after %u tries: %s", entry->tries,
			 record->reason ? record->reason : "no reason given");
		engine_refuse(engine, entry, reason);
	}
}

static void wait_until(struct engine *engine, struct entry *entry, int64_t due_ms)
{
	window_failed(&engine->window, entry);
	entry->due_ms = due_ms;
	entry->timed = true;
}

static void suspect(struct engine *engine, struct entry *entry, const struct sink_record *record,
		    size_t suspects)
{
	entry->state = ENTRY_WAITING;
	if (suspects == 1) {
		engine_refuse(engine, entry, record->reason);
	} else {
		entry->share = (unsigned)(suspects + 1) / 2;
		entry->due_ms = 0;
	}
}

static void apply(struct engine *engine, const struct sink_record *record, size_t suspects, int64_t at_ms)
{
	struct entry *entry = window_find(&engine->window, record->seq);

	if (record->verdict == VERDICT_DONE) {
		window_done(&engine->window, entry);
		++*engine->numbers.done;
		++*engine->numbers.effects[record->effect];
	} else if (record->verdict == VERDICT_REJECT) {
		engine_refuse(engine, entry, record->reason);
	} else if (record->verdict == VERDICT_SUSPECT) {
		suspect(engine, entry, record, suspects);
	} else if (record->verdict == VERDICT_WAIT) {
		wait_until(engine, entry, at_ms + record->retry_ms);
	} else {
		retry(engine, entry, record, at_ms);
	}
}

/* What failed in the outage need not wait for its own back-off. */
static void recover(struct engine *engine)
{
	struct window *window = &engine->window;

	log_info("sink.recovered", STR("sink", engine->options.name));
	metrics_health(true, NULL);
	for (uint64_t i = window->first; i < window->end; i++) {
		struct entry *entry = window_at(window, i);
		entry->due_ms = entry->timed ? entry->due_ms : 0;
		entry->tries = entry->tries ? 1 : 0;
	}
}

static void judge(struct engine *engine, const struct flight *flight, const struct outcome *outcome,
		  int64_t at_ms)
{
	const struct sink_batch *batch = &flight->batch;
	int64_t wait_ms;

	if (outcome->good > 0 || outcome->retried == 0) {
		if (health_success(&engine->health, at_ms)) {
			recover(engine);
		}
	} else if (flight->fresh || health_outage(&engine->health)) {
		wait_ms = health_failure(&engine->health, at_ms, outcome->asked_ms);
		metrics_health(false, outcome->why);
		log_warn("sink.retry", STR("sink", engine->options.name), STR("why", outcome->why),
			 NUM("records", batch->count), NUM("retry_ms", wait_ms));
		engine->probe_from = window_from(&engine->window, batch->records[batch->count - 1].seq + 1);
	}
}

void outcome_take(struct engine *engine, const struct flight *flight)
{
	struct outcome outcome = count_verdicts(&flight->batch);
	int64_t at_ms = now_ms();

	judge(engine, flight, &outcome, at_ms);
	for (size_t i = 0; flight->generation == engine->generation && i < flight->batch.count; i++) {
		apply(engine, &flight->batch.records[i], outcome.suspects, at_ms);
	}
}
