/* SPDX-License-Identifier: MIT */
#include "tests/unit/sink_plan.h"
#include "common/process.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct plan plan;
struct run run;

static enum status plan_open(void *state, struct sink_context *context, const void *config, struct err *err)
{
	(void)state, (void)context, (void)config, (void)err;
	return OK;
}

static void plan_current(void *state)
{
	(void)state;
	run.currents++;
	run.current_at = (int64_t)run.write_count;
}

static void plan_attached(void *state, struct text note, struct position position)
{
	(void)state, (void)position;
	snprintf(run.note, sizeof run.note, "%.*s", TEXT_FMT(note));
}

static bool spoiled(const struct sink_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (plan.poison && batch->records[i].build.number == plan.poison) {
			return true;
		}
	}
	return false;
}

static bool must_wait(void)
{
	plan.wait_to = plan.wait_to ? plan.wait_to : now_ms() + plan.wait_ms;
	return now_ms() < plan.wait_to;
}

static void judge(struct sink_record *record)
{
	const struct build *build = &record->build;

	if (plan.down || (plan.retry && build->number == plan.retry)) {
		sink_retry(record, 1, "the test said so");
	} else if (plan.wait && build->number == plan.wait && must_wait()) {
		sink_wait(record, plan.wait_to - now_ms());
	} else if (plan.reject && build->number == plan.reject) {
		sink_reject(record, "number %lld is not wanted", (long long)build->number);
	} else {
		run.writes[run.write_count++ % WRITES_MAX] =
			(struct write){build->number, build->version, record->seq};
		sink_done(record, EFFECT_UPDATED);
	}
}

static void judge_all(struct sink_batch *batch)
{
	if (spoiled(batch)) {
		sink_all_suspect(batch, "one of them is bad");
		return;
	}
	for (size_t i = 0; i < batch->count; i++) {
		judge(&batch->records[i]);
	}
}

static enum sink_write plan_write(void *state, struct sink_batch *batch)
{
	(void)state;
	run.batches++;
	if (plan.keep) {
		run.kept[run.kept_count++] = batch;
		run.most_flying = run.kept_count > run.most_flying ? run.kept_count : run.most_flying;
		return WRITE_PENDING;
	}
	judge_all(batch);
	return WRITE_ENDED;
}

void release(void)
{
	while (run.kept_count > 0) {
		struct sink_batch *batch = run.kept[--run.kept_count];
		judge_all(batch);
		sink_batch_done(batch);
	}
}

static void plan_close(void *state)
{
	(void)state;
}

static void on_ended(void *owner, enum status status, const struct err *err)
{
	(void)owner;
	run.ended = true;
	run.status = status;
	if (err) {
		run.err = *err;
	}
}

void start(void)
{
	struct engine_options options = {.name = "plan", .ended = on_ended};
	struct err err;

	run.sink = (struct sink){.name = "plan",
				 .batch_records = plan.batch,
				 .concurrency = plan.concurrency,
				 .one_version = plan.one_version,
				 .open = plan_open,
				 .attached = plan_attached,
				 .current = plan_current,
				 .write = plan_write,
				 .close = plan_close};
	run.loop = zloop_new();
	run.hub = malloc(sizeof *run.hub);
	fake_hub_init(run.hub, run.loop);
	fake_hub_bind(run.hub);
	run.bus.feed = run.hub->endpoint;
	options.sink = &run.sink;
	options.bus = &run.bus;
	options.loop = run.loop;
	options.retry_for_ms = run.retry_for_ms;
	cr_assert(engine_open(&run.engine, &options, &err) == OK);
}

void stop(void)
{
	engine_close(&run.engine);
	fake_hub_fini(run.hub);
	free(run.hub);
	zloop_destroy(&run.loop);
}

bool until(bool (*done)(void *))
{
	return run_until(run.loop, done, NULL, 8000);
}

bool is_position(void *arg)
{
	(void)arg;
	return run.hub->position >= run.wanted;
}

void wait_position(int64_t seq)
{
	run.wanted = seq;
	cr_assert(until(is_position), "the hub is at %lld, not %lld", (long long)run.hub->position,
		  (long long)seq);
}

bool is_written(void *arg)
{
	(void)arg;
	return (int64_t)run.write_count >= run.wanted;
}

void wait_written(int64_t count)
{
	run.wanted = count;
	cr_assert(until(is_written), "%zu written, not %lld", run.write_count, (long long)count);
}

static bool is_kept(void *arg)
{
	(void)arg;
	return (int64_t)run.kept_count >= run.wanted;
}

void wait_kept(int64_t batches)
{
	run.wanted = batches;
	cr_assert(until(is_kept), "%zu batches kept, not %lld", run.kept_count, (long long)batches);
}

bool has_ended(void *arg)
{
	(void)arg;
	return run.ended;
}

void expect_order(void)
{
	for (size_t i = 0; i < run.write_count; i++) {
		for (size_t j = 0; j < i; j++) {
			cr_assert(run.writes[i].number != run.writes[j].number ||
					  run.writes[i].version > run.writes[j].version,
				  "number %lld: version %lld after %lld", (long long)run.writes[i].number,
				  (long long)run.writes[i].version, (long long)run.writes[j].version);
		}
	}
}
