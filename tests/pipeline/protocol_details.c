/* What finished builds owe: docs/protocol.md section 2, Details. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/hub.h"

#include <math.h>

static struct test_hub *hub;
static struct peer *worker;
static int64_t n;

#define API     "https://api.buildkite.com/v2/organizations/acme/pipelines/web/builds/"
#define FINISH  "@1767225590000" /* 2025-12-31T23:59:50Z */
#define SUMMARY "{\"coverage_summary\":\"{\\\"pct\\\":0.6}\"}"

/* $web and $details are held from now on: the latter came without keys. */
static void open_hub(void)
{
	hub = hub_new(.coverage = true, .poll = "1h");
	worker = worker_of(hub);
	n = 0;
	for (int i = 0; i < 2; i++) {
		say(worker, "claim 'buildkite' 'w'");
		peer_wait(HERE, worker, patience_ms());
		if (!heard_matches(HERE, worker, "lease 'buildkite:acme/web' $web ...")) {
			cr_assert(heard_matches(HERE, worker,
						"lease 'buildkite:+details' $details nil [] {} nil _"));
		}
	}
}

static void close_hub(void)
{
	peer_free(&worker);
	hub_free(&hub);
}

TestSuite(details, .timeout = 120, .init = open_hub, .fini = close_hub);

#define publishes(counts, ...)                                                                               \
	do {                                                                                                 \
		with(worker, __VA_ARGS__);                                                                   \
		say(worker, "publish $web %lld nil", (long long)++n);                                        \
		hear(worker, "ack %lld " counts " $web", (long long)n);                                      \
	} while (0)

/* Gives the lease back and gets it with what is owed by now. */
#define leases(what)                                                                                         \
	do {                                                                                                 \
		say(worker, "done $details 0");                                                              \
		hear(worker, "ack ...");                                                                     \
		value_forget("details");                                                                     \
		say(worker, "claim 'buildkite' 'w'");                                                        \
		hear(worker, "lease 'buildkite:+details' $details nil " what " nil _");                      \
	} while (0)

#define answers(counts, ...)                                                                                 \
	do {                                                                                                 \
		with(worker, __VA_ARGS__);                                                                   \
		say(worker, "publish $details 1 nil");                                                       \
		hear(worker, "ack 1 " counts " $details");                                                   \
	} while (0)

/* Gives it back for good: nothing is owed, so it is due in poll_interval. */
static void nothing_is_owed(void)
{
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM owed"), 0);
	say(worker, "done $details 0");
	hear(worker, "ack ...");
	value_forget("details");
	say(worker, "claim 'buildkite' 'w'");
	hear(worker, "idle _");
}

/* NAN: it has none. */
static void is_read_as(double coverage)
{
	struct peer *reader = reader_of(hub);
	double read;

	value_forget("session");
	value_forget("seq");
	say(reader, "attach nil nil nil");
	hear(reader, "attached $session ...");
	say(reader, "credit $session 10");
	do {
		hear(reader, "records ...");
	} while (heard_bodies(reader) == 0);
	read = heard_real(reader, 0, "coverage");
	cr_assert(isnan(coverage) ? isnan(read) : read == coverage, "%g", read);
	peer_free(&reader);
}

Test(details, a_finished_build_owes_them_once)
{
	publishes("1 0 0", .state = "running");
	publishes("1 0 0", .state = "passed");
	leases("['" API "1" FINISH "'] {}");
	answers("1 0 0", .kind = "details", .key = API "1" FINISH, .body = SUMMARY);
	publishes("0 1 0", .state = "passed", .observed_at = T0 + 9000);
	publishes("1 0 0", .state = "passed", .branch = "other", .observed_at = T0 + 9000);
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log"), 4);
	is_read_as(0.6);
	nothing_is_owed();
}

Test(details, a_build_that_runs_again_has_none_and_owes_them_again)
{
	publishes("1 0 0", .state = "passed");
	leases("['" API "1" FINISH "'] {}");
	answers("1 0 0", .kind = "details", .key = API "1" FINISH, .body = SUMMARY);
	publishes("1 0 0", .state = "running", .observed_at = T0 + 1000);
	is_read_as(NAN);
	publishes("1 0 0", .state = "passed", .finished_at = "2026-01-01T00:00:02Z",
		  .observed_at = T0 + 3000);
	is_read_as(NAN);
	leases("['" API "1@1767225602000'] {}");
	answers("0 1 0", .kind = "details", .key = API "1@1767225602000");
	nothing_is_owed();
}

Test(details, an_answer_about_an_earlier_finish_is_stale)
{
	publishes("1 0 0", .state = "passed");
	leases("['" API "1" FINISH "'] {}");
	publishes("1 0 0", .state = "passed", .finished_at = "2026-01-01T00:00:02Z",
		  .observed_at = T0 + 3000);
	answers("0 0 1", .kind = "details", .key = API "1" FINISH, .body = SUMMARY);
	is_read_as(NAN);
	leases("['" API "1@1767225602000'] {}");
}

Test(details, an_answer_that_comes_when_it_runs_again_changes_nothing)
{
	publishes("1 0 0", .state = "passed");
	leases("['" API "1" FINISH "'] {}");
	publishes("1 0 0", .state = "running", .observed_at = T0 + 3000);
	answers("0 0 1", .kind = "details", .key = API "1" FINISH, .body = SUMMARY);
	is_read_as(NAN);
	nothing_is_owed();
}

Test(details, an_older_date_makes_no_answer_stale)
{
	publishes("1 0 0", .state = "passed", .observed_at = T0 + 5000);
	leases("['" API "1" FINISH "'] {}");
	publishes("0 1 0", .state = "passed", .observed_at = T0 + 9000);
	answers("1 0 0", .kind = "details", .key = API "1" FINISH, .body = SUMMARY, .observed_at = T0 + 4000);
	publishes("0 0 1", .state = "running", .observed_at = T0 + 8000);
	is_read_as(0.6);
}

Test(details, what_can_not_be_had_now_is_due_again_later_and_given_up_in_the_end)
{
	publishes("1 0 0", .state = "passed");
	for (int tries = 1; tries < 10; tries++) {
		leases("['" API "1" FINISH "'] {}");
		answers("0 1 0", .kind = "later", .key = API "1" FINISH);
		cr_assert_eq(hub_sql(hub, "SELECT tries FROM owed"), tries);
		cr_assert_gt(hub_sql(hub, "SELECT due_at - 1000 * unixepoch() FROM owed"), 25000);
		hub_sql(hub, "UPDATE owed SET due_at = 0");
	}
	leases("['" API "1" FINISH "'] {}");
	answers("0 1 0", .kind = "later", .key = API "1" FINISH);
	nothing_is_owed();
}

Test(details, a_key_that_is_not_answered_comes_again)
{
	publishes("1 0 0", .state = "passed");
	leases("['" API "1" FINISH "'] {}");
	say(worker, "done $details 0");
	hear(worker, "ack ...");
	value_forget("details");
	say(worker, "claim 'buildkite' 'w'");
	hear(worker, "idle _");
	hub_sql(hub, "UPDATE owed SET due_at = 0");
	hub_sql(hub, "UPDATE target SET due_at = 0 WHERE name = 'buildkite:+details'");
	say(worker, "claim 'buildkite' 'w'");
	hear(worker, "lease 'buildkite:+details' _ nil ['" API "1" FINISH "'] {} nil _");
}

Test(details, of_builds_that_were_watched_come_first)
{
	with(worker, .number = 1, .state = "passed", .origin = "backfill");
	with(worker, .number = 2, .state = "passed");
	with(worker, .number = 3, .state = "passed", .origin = "backfill");
	publishes("4 0 0", .number = 4, .state = "failed");
	leases("['" API "2" FINISH "' '" API "4" FINISH "'] {}");
	leases("['" API "1" FINISH "' '" API "3" FINISH "'] {'backfill' true}");
}

Test(details, what_never_ran_owes_none)
{
	static const char skipped[] =
		"{\"id\":\"u\",\"number\":7,\"state\":\"skipped\",\"url\":\"" API "7\","
		"\"created_at\":\"2025-12-31T23:59:00Z\",\"finished_at\":\"2025-12-31T23:59:50Z\"}";

	publishes("1 0 0", .number = 7, .body = skipped);
	publishes("1 0 0", .number = 8, .state = "running");
	publishes("0 0 0", .number = 8, .kind = "gone", .observed_at = T0 + 1000);
	nothing_is_owed();
}

Test(details, nonsense_is_no_coverage_and_no_dead_letter)
{
	publishes("1 0 0", .state = "passed");
	leases("['" API "1" FINISH "'] {}");
	answers("0 1 0", .kind = "details", .key = API "1" FINISH,
		.body = "{\"coverage_summary\":\"{\\\"pct\\\":17}\"}");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM dead"), 0);
	nothing_is_owed();
}

Test(details, nobody_else_may_answer_for_others)
{
	publishes("1 0 0", .state = "passed");
	publishes("0 0 1", .kind = "details", .key = API "1" FINISH, .body = SUMMARY);
	leases("['" API "1" FINISH "'] {}");
	answers("0 0 1", .kind = "details", .key = API "2" FINISH, .body = SUMMARY);
	is_read_as(NAN);
}

Test(details, what_is_owed_outlives_the_hub)
{
	publishes("1 0 0", .state = "passed");
	hub_restart(hub);
	leases("['" API "1" FINISH "'] {}");
	answers("1 0 0", .kind = "details", .key = API "1" FINISH, .body = SUMMARY);
	hub_restart(hub);
	say(worker, "publish $details 1 nil"); /* the same again */
	hear(worker, "ack 1 0 0 0 $details");
	is_read_as(0.6);
}

Test(details, a_refusal_is_not_tried_again_at_each_finish)
{
	publishes("1 0 0", .state = "passed");
	leases("['" API "1" FINISH "'] {}");
	say(worker, "done $details 600000 nil nil 'the provider refuses (403)'");
	hear(worker, "ack ...");
	publishes("1 0 0", .state = "passed", .number = 2);
	say(worker, "claim 'buildkite' 'w'");
	hear(worker, "idle _");
}
