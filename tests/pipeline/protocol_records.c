/* Which answer of a provider becomes which version of a record (docs/record.md), and what the log keeps.
 */
/* SPDX-License-Identifier: MIT */
#include "tests/support/trio.h"

#include <stdlib.h>

static int64_t n, seq;

static void open_with(const struct hub_setup *setup)
{
	trio_open_at(HERE, setup);
	store_reads();
	n = seq = 0;
}

static void open_hub(void)
{
	open_with(&(struct hub_setup){.pipelines = "web"});
}

TestSuite(records, .timeout = 120, .init = open_hub, .fini = trio_close);
TestSuite(retention, .timeout = 120, .fini = trio_close);

/* What the worker heard of the build is new, unchanged or stale. */
#define tells(outcome, ...)                                                                                  \
	do {                                                                                                 \
		with(worker, __VA_ARGS__);                                                                   \
		say(worker, "publish $fence %lld nil", (long long)++n);                                      \
		hear(worker, "ack %lld " outcome " $fence", (long long)n);                                   \
	} while (0)
#define NEW       "1 0 0"
#define UNCHANGED "0 1 0"
#define STALE     "0 0 1"

/* The next record that the sink gets. */
#define told(id, version, state) told_at(HERE, id, version, state)
static void told_at(struct spot spot, const char *id, int64_t version, const char *state)
{
	peer_hear(spot, sink, "records $session %lld %lld [%lld]", (long long)seq + 1, (long long)seq + 1,
		  (long long)seq + 1);
	seq++;
	cr_assert(text_is(heard_text(sink, 0, "id"), id), "line %d: id %.*s", spot.line,
		  TEXT_FMT(heard_text(sink, 0, "id")));
	cr_assert_eq(heard_int(sink, 0, "version"), version, "line %d: version T0 + %lld", spot.line,
		     (long long)(heard_int(sink, 0, "version") - T0));
	cr_assert(text_is(heard_text(sink, 0, "state"), state), "line %d: state %.*s", spot.line,
		  TEXT_FMT(heard_text(sink, 0, "state")));
}

static void gets_nothing(void)
{
	say(sink, "heartbeat $session");
	hear(sink, "alive $session %lld", (long long)seq);
}

#define WEB1 "buildkite/acme/web/1"

Test(records, an_older_answer_is_stale_however_it_differs)
{
	tells(NEW, .state = "passed", .observed_at = T0 + 5000);
	told(WEB1, T0 + 5000, "finished");
	tells(STALE, .state = "running", .observed_at = T0 + 4000);
	tells(STALE, .state = "failed", .observed_at = T0 + 4999);
	gets_nothing();
}

Test(records, an_unchanged_answer_is_no_version_but_makes_older_ones_stale)
{
	tells(NEW, .state = "running", .observed_at = T0);
	told(WEB1, T0, "running");
	tells(UNCHANGED, .state = "running", .observed_at = T0 + 60000);
	tells(STALE, .state = "passed", .observed_at = T0 + 30000);
	gets_nothing();
	tells(NEW, .state = "passed", .observed_at = T0 + 90000);
	told(WEB1, T0 + 90000, "finished");
}

/* `Date` has whole seconds. */
Test(records, in_the_same_second_finished_wins_and_then_the_later_arrival)
{
	tells(NEW, .state = "running", .observed_at = T0);
	told(WEB1, T0, "running");
	tells(NEW, .state = "running", .branch = "renamed", .observed_at = T0);
	told(WEB1, T0 + 1, "running"); /* versions go up even so */
	tells(NEW, .state = "passed", .observed_at = T0);
	told(WEB1, T0 + 2, "finished");
	tells(STALE, .state = "running", .observed_at = T0);
	tells(NEW, .state = "failed", .observed_at = T0);
	told(WEB1, T0 + 3, "finished");
	tells(NEW, .state = "passed", .observed_at = T0 + 1000);
	told(WEB1, T0 + 1000, "finished");
}

#define JOB(id, extra)                                                                                       \
	"{\"id\":\"" id "\",\"type\":\"script\",\"name\":\"t\",\"created_at\":\"2025-12-31T23:59:00Z\","     \
	"\"runnable_at\":\"2025-12-31T23:59:00Z\",\"started_at\":\"2025-12-31T23:59:10Z\"," extra "}"
#define FAILED_ONCE                                                                                          \
	"[" JOB("a", "\"state\":\"failed\",\"finished_at\":\"2025-12-31T23:59:50Z\",\"retried\":false") "]"
#define RETRIED                                                                                              \
	"[" JOB("a",                                                                                         \
		"\"state\":\"failed\",\"finished_at\":\"2025-12-31T23:59:50Z\",\"retried\":true,"            \
		"\"retried_in_job_id\":\"b\",\"retry_type\":\"manual\"") ","                                 \
									 "{\"id\":\"b\",\"type\":"           \
									 "\"script\",\"name\":\"t\","        \
									 "\"state\":\"running\",\"created_"  \
									 "at\":"                             \
									 "\"2025-12-31T23:59:55Z\","         \
									 "\"runnable_at\":\"2025-12-31T23:"  \
									 "59:55Z\",\"started_at\":"          \
									 "\"2025-12-31T23:59:58Z\","         \
									 "\"retried\":false,\"retries_"      \
									 "count\":1}]"

Test(records, in_the_same_second_the_higher_attempt_wins_over_finished)
{
	tells(NEW, .state = "failed", .jobs = FAILED_ONCE);
	told(WEB1, T0, "finished");
	tells(NEW, .state = "running", .jobs = RETRIED);
	told(WEB1, T0 + 1, "running");
	cr_assert_eq(heard_int(sink, 0, "attempt"), 2);
	tells(STALE, .state = "failed", .jobs = FAILED_ONCE);
	gets_nothing();
}

Test(records, a_build_that_runs_again_after_it_finished_is_open_again)
{
	tells(NEW, .state = "passed", .observed_at = T0);
	told(WEB1, T0, "finished");
	tells(NEW, .state = "running", .observed_at = T0 + 1000);
	told(WEB1, T0 + 1000, "running");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM build WHERE finished = 0"), 1);
}

Test(records, a_pipeline_made_anew_does_not_overwrite_the_builds_of_the_old_one)
{
	tells(NEW, .state = "passed", .uid = "11111111-aaaa", .observed_at = T0);
	told(WEB1, T0, "finished");
	tells(NEW, .state = "running", .uid = "22222222-bbbb", .observed_at = T0 + 1000);
	told(WEB1 "~22222222", T0 + 1000, "running");
	tells(NEW, .state = "passed", .uid = "22222222-bbbb", .observed_at = T0 + 2000);
	told(WEB1 "~22222222", T0 + 2000, "finished");
	tells(UNCHANGED, .state = "passed", .uid = "11111111-aaaa", .observed_at = T0 + 3000);
	tells(STALE, .state = "running", .uid = "22222222-bbbb", .observed_at = T0 + 1500);
	gets_nothing();
}

Test(records, the_first_of_a_number_keeps_the_plain_id_through_restarts_and_old_answers)
{
	tells(NEW, .state = "failed", .uid = "11111111-aaaa", .observed_at = T0);
	told(WEB1, T0, "finished");
	tells(NEW, .state = "running", .uid = "22222222-bbbb", .observed_at = T0 + 1000);
	told(WEB1 "~22222222", T0 + 1000, "running");
	say(sink, "ack $session [$epoch 2] nil");
	gets_nothing();
	hub_restart(hub);
	say(sink, "attach 'store' $session nil");
	value_forget("session");
	hear(sink, "attached $session [$epoch 2] nil [$epoch 2]");
	say(sink, "credit $session 1000000");
	tells(UNCHANGED, .state = "failed", .uid = "11111111-aaaa", .observed_at = T0 + 2000);
	tells(NEW, .state = "passed", .uid = "22222222-bbbb", .observed_at = T0 + 3000);
	told(WEB1 "~22222222", T0 + 3000, "finished");
	tells(NEW, .state = "passed", .uid = "11111111-aaaa", .observed_at = T0 + 4000);
	told(WEB1, T0 + 4000, "finished");
}

Test(records, each_time_a_pipeline_is_made_anew_the_build_before_is_over)
{
	tells(NEW, .state = "running", .uid = "11111111-aaaa", .observed_at = T0);
	told(WEB1, T0, "running");
	tells(NEW, .state = "running", .uid = "22222222-bbbb", .observed_at = T0 + 1000);
	hear(sink, "records $session 2 3 [2 3]");
	cr_assert(text_is(heard_text(sink, 0, "id"), WEB1));
	cr_assert(text_is(heard_text(sink, 0, "provider_state"), "gone"));
	cr_assert(text_is(heard_text(sink, 1, "id"), WEB1 "~22222222"));
	tells(NEW, .state = "running", .uid = "33333333-cccc", .observed_at = T0 + 2000);
	hear(sink, "records $session 4 5 [4 5]");
	cr_assert(text_is(heard_text(sink, 0, "id"), WEB1 "~22222222"));
	cr_assert(text_is(heard_text(sink, 0, "provider_state"), "gone"));
	cr_assert(text_is(heard_text(sink, 1, "id"), WEB1 "~33333333"));
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM build WHERE finished = 0"), 1);
}

/* The first half of a time-ordered uuid is a time. */
Test(records, two_uids_that_begin_alike_are_two_builds)
{
	tells(NEW, .state = "passed", .uid = "11111111-aaaa", .observed_at = T0);
	told(WEB1, T0, "finished");
	tells(NEW, .state = "passed", .uid = "22222222-bbbb", .observed_at = T0 + 1000);
	told(WEB1 "~22222222", T0 + 1000, "finished");
	tells(NEW, .state = "failed", .uid = "22222222-cccc", .observed_at = T0 + 2000);
	told(WEB1 "~22222222-cccc", T0 + 2000, "finished");
	tells(UNCHANGED, .state = "passed", .uid = "22222222-bbbb", .observed_at = T0 + 3000);
	tells(NEW, .state = "failed", .uid = "1/é", .observed_at = T0 + 3000);
	told(WEB1 "~1%2F%C3%A9", T0 + 3000, "finished");
	gets_nothing();
}

#define HOUR 3600000

Test(records, three_404s_over_an_hour_finish_an_open_build)
{
	tells(NEW, .state = "running", .observed_at = T0);
	told(WEB1, T0, "running");
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 1000);
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 2000);
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 3000); /* three, but not over an hour */
	gets_nothing();
	tells("1 0 0", .kind = "gone", .observed_at = T0 + 1000 + HOUR);
	told(WEB1, T0 + 1000 + HOUR, "finished");
	cr_assert(text_is(heard_text(sink, 0, "provider_state"), "gone"));
	cr_assert_null(heard_text(sink, 0, "result").at);
	tells(STALE, .kind = "gone", .observed_at = T0 + 5 * HOUR);  /* it is no longer open */
	tells(NEW, .state = "passed", .observed_at = T0 + 6 * HOUR); /* and it may come back */
	told(WEB1, T0 + 6 * HOUR, "finished");
}

Test(records, an_answer_in_between_starts_the_count_of_404s_anew)
{
	tells(NEW, .state = "running", .observed_at = T0);
	told(WEB1, T0, "running");
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 1000);
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 2000);
	tells(UNCHANGED, .state = "running", .observed_at = T0 + 3000);
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 2 * HOUR);
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 2 * HOUR + 1);
	gets_nothing();
	/* A 404 from before the answer proves nothing. */
	tells(UNCHANGED, .state = "running", .observed_at = T0 + 3 * HOUR);
	tells(STALE, .kind = "gone", .observed_at = T0 + 2 * HOUR);
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 4 * HOUR);
	tells("0 0 0", .kind = "gone", .observed_at = T0 + 5 * HOUR);
	gets_nothing();
}

Test(records, origin_says_backfill_and_alone_changes_nothing)
{
	tells(NEW, .state = "passed", .origin = "backfill");
	told(WEB1, T0, "finished");
	cr_assert(text_is(heard_text(sink, 0, "origin"), "backfill"));
	tells(UNCHANGED, .state = "passed", .origin = "live", .observed_at = T0 + 1000);
	gets_nothing();
}

Test(records, one_page_may_hold_the_same_build_twice)
{
	with(worker, .state = "running", .observed_at = T0);
	with(worker, .state = "passed", .observed_at = T0 + 1000);
	with(worker, .state = "running", .observed_at = T0);
	say(worker, "publish $fence 1 nil");
	hear(worker, "ack 1 2 0 1 $fence");
	hear(sink, "records $session 1 2 [1 2]");
	cr_assert_eq(heard_int(sink, 0, "version"), T0);
	cr_assert_eq(heard_int(sink, 1, "version"), T0 + 1000);
}

/* log_retention of a second: what is superseded longer than that goes, once every sink has it. */
static void open_tiny(void)
{
	open_with(&(struct hub_setup){.pipelines = "web", .bus = "  log_retention: 1s\n"});
}

/* Upkeep trims every ten seconds; the log's size tells. */
static void log_becomes(int64_t rows)
{
	int64_t until = test_now_ms() + patience_ms() + 15000;

	while (hub_sql(hub, "SELECT count(*) FROM log") != rows && test_now_ms() < until) {
		say(worker, "heartbeat [$fence]");
		hear(worker, "alive _");
		say(sink, "heartbeat $session");
		cr_assert(peer_wait(HERE, sink, patience_ms()));
		peer_wait(HERE, worker, 200);
	}
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), rows);
}

Test(retention, superseded_versions_go_and_the_newest_of_each_build_stays, .init = open_tiny)
{
	for (int i = 0; i < 300; i++) {
		tells(NEW, .number = 1 + i % 3, .branch = i % 2 ? "a" : "b", .observed_at = T0 + i * 1000);
		hear(sink, "records $session %d %d [%d]", i + 1, i + 1, i + 1);
	}
	/* The sink has confirmed 200: what it may still need stays. */
	say(sink, "ack $session [$epoch 200] nil");
	log_becomes(100);
	cr_assert_eq(hub_sql(hub, "SELECT min(seq) FROM log"), 201);
	say(sink, "ack $session [$epoch 300] nil");
	log_becomes(3);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM superseded"), 0);
	/* A reader that starts early sees the newest versions, in ranges without a gap. (What is in the hub's
	 * memory is sent as long as it is there: hence the restart.) */
	hub_restart(hub);
	say(sink, "attach nil nil [$epoch 100]");
	hear(sink, "attached $early [$epoch 100] ...");
	say(sink, "credit $early 2");
	hear(sink, "records $early 101 299 [298 299]");
	say(sink, "credit $early 5");
	hear(sink, "records $early 300 300 [300]");
	/* The archive keeps what changed, in frames up to the record that each is named after. */
	cr_assert_eq(hub_sql(hub, "SELECT max(seq) FROM raw"), 300);
	cr_assert_leq(hub_sql(hub, "SELECT count(*) FROM raw"), 300);
	/* And numbers go on. */
	tells(NEW, .number = 1, .state = "passed", .observed_at = T0 + 400000);
	hear(sink, "records $early 301 301 [301]");
}

static void open_hasty(void)
{
	open_with(&(struct hub_setup){.pipelines = "web",
				      .bus = "  log_retention: 1s\n  absent_max: 5s\n",
				      .env = ARGS("BUILDBUS_TEST_LEASE_TTL_MS=1500")});
}

Test(retention, an_absent_sink_lapses_and_loses_intermediate_versions_only, .init = open_hasty)
{
	struct peer *gone = reader_of(hub);

	say(gone, "attach 'gone' nil nil");
	hear(gone, "attached $gone [$epoch 0] ...");
	say(gone, "detach $gone");
	hear(gone, "bye $gone");
	tells(NEW, .number = 1, .observed_at = T0);
	tells(NEW, .number = 2, .observed_at = T0);
	tells(NEW, .number = 1, .observed_at = T0 + 1000, .state = "passed");
	for (int i = 1; i <= 3; i++) {
		hear(sink, "records $session %d %d [%d]", i, i, i);
	}
	say(sink, "ack $session [$epoch 3] nil");
	log_becomes(2); /* it no longer waits for it */
	say(sink, "heartbeat $session");
	hear(sink, "alive $session 3");
	cr_assert_eq(hub_sql(hub, "SELECT lapsed_at IS NOT NULL FROM sink WHERE name = 'gone'"), 1);
	cr_assert_eq(hub_sql(hub, "SELECT lapsed_at IS NOT NULL FROM sink WHERE name = 'store'"), 0);
	hub_restart(hub);
	say(gone, "attach 'gone' nil nil");
	hear(gone, "attached $back [$epoch 0] nil [$epoch 3]");
	say(gone, "credit $back 10");
	hear(gone, "records $back 1 3 [2 3]");
	cr_assert_eq(hub_sql(hub, "SELECT lapsed_at IS NOT NULL FROM sink WHERE name = 'gone'"), 0);
	peer_free(&gone);
}
