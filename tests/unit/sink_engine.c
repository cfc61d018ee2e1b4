/* The engine against a hand-written hub and a sink that does as the test says. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "sinks/engine.h"
#include "tests/pipeline/fake_hub.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define WRITES_MAX 30000

struct write {
	int64_t number, version, seq;
};

/* What the sink does with a record. */
static struct {
	int64_t poison; /* number that spoils every batch that it is in */
	int64_t retry;  /* number that is always told to try again */
	int64_t reject; /* number that is rejected by name */
	bool down;      /* everything fails */
	bool keep;      /* batches are kept until `release` */
	bool one_version;
	size_t batch, concurrency;
} plan;

static struct {
	zloop_t *loop;
	struct fake_hub *hub;
	struct engine engine;
	struct bus_config bus;
	struct sink sink;
	int64_t retry_for_ms;
	bool ended;
	enum status status;
	struct err err;
	struct write writes[WRITES_MAX]; /* confirmed, in order */
	size_t write_count, batches, most_flying;
	struct sink_batch *kept[16];
	size_t kept_count;
	char note[64];
	int64_t wanted;
} run;

static enum status plan_open(void *state, struct sink_context *context, const void *config, struct err *err)
{
	(void)state, (void)context, (void)config, (void)err;
	return OK;
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

static void judge(struct sink_record *record)
{
	const struct build *build = &record->build;

	if (plan.down || (plan.retry && build->number == plan.retry)) {
		sink_retry(record, 1, "the test said so");
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

static void release(void)
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

static void start(void)
{
	struct engine_options options = {.name = "plan", .ended = on_ended};
	struct err err;

	run.sink = (struct sink){.name = "plan",
				 .batch_records = plan.batch,
				 .concurrency = plan.concurrency,
				 .one_version = plan.one_version,
				 .open = plan_open,
				 .attached = plan_attached,
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

static void stop(void)
{
	engine_close(&run.engine);
	fake_hub_fini(run.hub);
	free(run.hub);
	zloop_destroy(&run.loop);
}

static bool until(bool (*done)(void *))
{
	return run_until(run.loop, done, NULL, 8000);
}

static bool is_position(void *arg)
{
	(void)arg;
	return run.hub->position >= run.wanted;
}

static void wait_position(int64_t seq)
{
	run.wanted = seq;
	cr_assert(until(is_position), "the hub is at %lld, not %lld", (long long)run.hub->position,
		  (long long)seq);
}

static bool is_written(void *arg)
{
	(void)arg;
	return (int64_t)run.write_count >= run.wanted;
}

static void wait_written(int64_t count)
{
	run.wanted = count;
	cr_assert(until(is_written), "%zu written, not %lld", run.write_count, (long long)count);
}

static bool is_kept(void *arg)
{
	(void)arg;
	return (int64_t)run.kept_count >= run.wanted;
}

static void wait_kept(int64_t batches)
{
	run.wanted = batches;
	cr_assert(until(is_kept), "%zu batches kept, not %lld", run.kept_count, (long long)batches);
}

static bool has_ended(void *arg)
{
	(void)arg;
	return run.ended;
}

/* Versions of a number were confirmed in rising order, each once. */
static void expect_order(void)
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

Test(sink_engine, writes_everything_once_and_acknowledges_it)
{
	start();
	for (int i = 1; i <= 1000; i++) {
		fake_hub_add_number(run.hub, i % 50, i);
	}
	wait_position(1000);
	cr_assert(run.write_count == 1000);
	expect_order();
	stop();
}

Test(sink_engine, acknowledges_compacted_ranges)
{
	start();
	fake_hub_add_number(run.hub, 1, 1);
	fake_hub_add(run.hub, NULL, 0);
	fake_hub_add(run.hub, NULL, 0);
	wait_position(3);
	cr_assert(run.write_count == 1);
	stop();
}

Test(sink_engine, rejects_what_is_no_record)
{
	start();
	fake_hub_add_number(run.hub, 1, 1);
	fake_hub_add(run.hub, "\xc1garbage", 8);
	fake_hub_add_number(run.hub, 2, 2);
	wait_position(3);
	cr_assert(run.write_count == 2);
	cr_assert(run.hub->dead_count == 1 && run.hub->dead[0].seq == 2);
	stop();
}

Test(sink_engine, finds_the_one_poisoned_record_of_a_batch)
{
	plan.poison = 37;
	start();
	run.hub->range_max = 100;
	for (int i = 1; i <= 100; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(100);
	cr_assert(run.write_count == 99, "%zu written", run.write_count);
	cr_assert(run.hub->dead_count == 1, "%zu dead", run.hub->dead_count);
	cr_assert(run.hub->dead[0].seq == 37);
	cr_assert_str_eq(run.hub->dead[0].reason, "one of them is bad");
	cr_assert(run.batches < 30, "%zu batches: not by halves", run.batches);
	expect_order();
	stop();
}

Test(sink_engine, takes_out_the_culprit_that_the_sink_names)
{
	plan.reject = 5;
	start();
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(10);
	cr_assert(run.write_count == 9);
	cr_assert(run.hub->dead_count == 1 && run.hub->dead[0].seq == 5);
	cr_assert_str_eq(run.hub->dead[0].reason, "number 5 is not wanted");
	stop();
}

Test(sink_engine, one_record_in_retry_stops_neither_the_others_nor_passes_its_own_versions)
{
	plan.retry = 3;
	start();
	for (int i = 1; i <= 20; i++) {
		fake_hub_add_number(run.hub, i % 10, i);
	}
	/* All but the two versions of number 3; the second may not overtake the first. */
	wait_written(18);
	cr_assert(run.hub->position <= 2);
	plan.retry = 0;
	wait_position(20);
	cr_assert(run.write_count == 20);
	expect_order();
	stop();
}

Test(sink_engine, one_big_record_in_retry_does_not_stop_the_others)
{
	static char message[4 << 20];
	struct build build;

	plan.retry = 1;
	start();
	memset(message, 'm', sizeof message);
	build_init(&build);
	build.id = TEXT("big");
	build.number = 1;
	build.version = 1;
	build.message = (struct text){message, sizeof message};
	fake_hub_add_build(run.hub, &build);
	for (int i = 2; i <= 3000; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_written(2999);
	cr_assert(run.hub->position == 0);
	plan.retry = 0;
	wait_position(3000);
	stop();
}

Test(sink_engine, runs_at_most_ten_thousand_records_ahead)
{
	plan.retry = 1;
	start();
	for (int i = 1; i <= 10100; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_written(WINDOW_MAX - 1);
	cr_assert(run.hub->most_ahead == WINDOW_MAX, "%lld ahead", (long long)run.hub->most_ahead);
	plan.retry = 0;
	wait_position(10100);
	cr_assert(run.write_count == 10100);
	stop();
}

Test(sink_engine, everything_waits_while_nothing_succeeds)
{
	plan.down = true;
	run.retry_for_ms = 1;
	start();
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	run.wanted = 1;
	run_until(run.loop, is_written, NULL, 1000);
	cr_assert(run.batches > 1 && run.batches < 15, "%zu tries in a second", run.batches);
	plan.down = false;
	wait_position(10);
	cr_assert(run.hub->dead_count == 0, "an outage makes no dead letters");
	cr_assert(run.write_count == 10);
	stop();
}

static bool has_dead(void *arg)
{
	(void)arg;
	return run.hub->dead_count > 0;
}

static bool is_dead(void *arg)
{
	(void)arg;
	if (run.hub->position < run.hub->head - 1) {
		return run.hub->dead_count > 0;
	}
	fake_hub_add_number(run.hub, run.hub->head + 10, 1);
	return run.hub->dead_count > 0;
}

Test(sink_engine, gives_up_on_a_record_that_fails_for_long_while_others_succeed)
{
	plan.retry = 2;
	run.retry_for_ms = 300;
	start();
	fake_hub_add_number(run.hub, 1, 1);
	fake_hub_add_number(run.hub, 2, 1);
	cr_assert(run_until(run.loop, is_dead, NULL, 8000));
	cr_assert(run.hub->dead[0].seq == 2);
	cr_assert(strstr(run.hub->dead[0].reason, "given up") != NULL);
	wait_position(run.hub->head);
	stop();
}

Test(sink_engine, keeps_several_batches_in_flight_and_the_order_of_each_build)
{
	plan.keep = true;
	plan.concurrency = 3;
	plan.batch = 4;
	start();
	run.hub->range_max = 4;
	for (int i = 1; i <= 24; i++) {
		fake_hub_add_number(run.hub, i % 6, i);
	}
	while (run.hub->position < 24) {
		wait_kept(1);
		release();
		run.wanted = 24;
		run_until(run.loop, is_position, NULL, 20);
	}
	cr_assert(run.write_count == 24);
	cr_assert(run.most_flying > 1);
	expect_order();
	stop();
}

Test(sink_engine, gives_a_batch_one_version_of_a_build_where_the_sink_asks_so)
{
	plan.one_version = true;
	start();
	run.hub->range_max = 10;
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, 1, i);
	}
	wait_position(10);
	cr_assert(run.batches == 10);
	expect_order();
	stop();
}

Test(sink_engine, does_not_write_again_what_it_wrote_before_the_hub_died)
{
	plan.keep = true;
	start();
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_kept(1);
	fake_hub_kill(run.hub);
	release();
	plan.keep = false;
	fake_hub_bind(run.hub);
	wait_position(10);
	cr_assert(run.hub->attach_count >= 2);
	cr_assert(run.write_count == 10, "%zu writes", run.write_count);
	stop();
}

Test(sink_engine, starts_anew_when_the_hub_has_another_epoch)
{
	start();
	for (int i = 1; i <= 5; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(5);
	fake_hub_kill(run.hub);
	run.hub->epoch = 9009;
	run.hub->position = 0;
	fake_hub_bind(run.hub);
	wait_written(10);
	wait_position(5);
	stop();
}

static bool is_attached_twice(void *arg)
{
	(void)arg;
	return run.hub->attach_count >= 2 && run.hub->session && run.hub->sent == run.hub->head;
}

Test(sink_engine, writes_nothing_of_a_new_epoch_while_the_old_is_in_flight)
{
	plan.keep = true;
	plan.concurrency = 2;
	start();
	fake_hub_add_number(run.hub, 1, 1);
	wait_kept(1);
	fake_hub_kill(run.hub);
	run.hub->epoch = 9009;
	fake_hub_bind(run.hub);
	cr_assert(until(is_attached_twice));
	run_until(run.loop, has_ended, NULL, 50);
	cr_assert(run.kept_count == 1, "the new epoch overtook the old");
	release(); /* what the old one says counts for nothing; the new one follows it at once */
	wait_position(1);
	cr_assert(run.write_count == 2);
	stop();
}

Test(sink_engine, tells_a_dead_letter_again_when_the_hub_did_not_confirm_it)
{
	plan.reject = 1;
	start();
	run.hub->quiet_rejects = true;
	fake_hub_add_number(run.hub, 1, 1);
	fake_hub_add_number(run.hub, 2, 1);
	wait_written(1);
	cr_assert(until(has_dead));
	cr_assert(run.hub->position == 0);
	run.hub->quiet_rejects = false;
	fake_hub_forget(run.hub);
	wait_position(2);
	cr_assert(run.hub->dead_count == 2 && run.hub->dead[1].seq == 1);
	stop();
}

Test(sink_engine, a_full_window_is_freed_of_a_refused_record_after_the_session_was_lost)
{
	plan.retry = 1;
	start();
	for (int i = 1; i <= WINDOW_MAX + 100; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_written(WINDOW_MAX - 1);
	run.hub->quiet_rejects = true; /* it dies before it confirms */
	plan.retry = 0;
	plan.reject = 1;
	cr_assert(until(has_dead));
	run.hub->quiet_rejects = false;
	fake_hub_forget(run.hub);
	wait_position(WINDOW_MAX + 100);
	cr_assert(run.hub->dead_count == 2 && run.hub->dead[1].seq == 1);
	stop();
}

static bool has_all_credit(void *arg)
{
	(void)arg;
	return run.hub->session && run.hub->credit > 0;
}

Test(sink_engine, asks_for_little_before_it_knows_how_big_records_are)
{
	start();
	cr_assert(until(has_all_credit));
	cr_assert(run.hub->credit <= 256, "%lld records, however big, may come", (long long)run.hub->credit);
	for (int i = 1; i <= 5000; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_position(5000);
	cr_assert(run.hub->credit <= 1024, "%lld", (long long)run.hub->credit);
	stop();
}

Test(sink_engine, drains_what_is_in_flight_then_detaches)
{
	plan.keep = true;
	plan.batch = 5;
	start();
	run.hub->range_max = 10;
	for (int i = 1; i <= 10; i++) {
		fake_hub_add_number(run.hub, i, i);
	}
	wait_kept(1);
	engine_drain(&run.engine);
	cr_assert(!run_until(run.loop, has_ended, NULL, 50), "did not wait for the batch");
	release();
	cr_assert(until(has_ended));
	cr_assert(run.status == OK);
	cr_assert(run.hub->position == (int64_t)run.write_count && run.hub->position > 0);
	cr_assert(run.hub->byes == 1);
	stop();
}

static void on_kept(void *user)
{
	++*(int *)user;
}

static int notes;
static bool are_noted(void *arg)
{
	(void)arg;
	return notes == 2;
}

Test(sink_engine, keeps_notes_across_sessions)
{
	start();
	fake_hub_add_number(run.hub, 1, 1);
	wait_position(1);
	fake_hub_forget(run.hub);
	cr_assert(sink_note(&run.engine.context, TEXT("first"), on_kept, &notes) == OK);
	cr_assert(sink_note(&run.engine.context, TEXT("second"), on_kept, &notes) == OK);
	cr_assert(until(are_noted));
	cr_assert_str_eq(run.hub->note, "second");
	fake_hub_forget(run.hub);
	fake_hub_add_number(run.hub, 2, 1);
	wait_position(2);
	cr_assert_str_eq(run.note, "second");
	stop();
}
