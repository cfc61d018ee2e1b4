/* Whatever dies or fails between hub, sink and BigQuery: each valid version is there, by load jobs exactly
 * once, and each invalid one is a dead letter. BUILDBUS_BIGQUERY_BUILDS chooses how many,
 * BUILDBUS_FAULTS_SEED replays a run. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/bigquery_run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

TestSuite(bigquery_faults, .init = run_init, .fini = run_fini, .timeout = 600);

static bool was_sent(void *arg)
{
	(void)arg;
	return bq_asked(&bigquery, BQ_UPLOAD) > 0;
}

static void run_till(bool (*done)(void *arg))
{
	cr_assert(run_until(run.loop, done, NULL, (int)patience_ms()));
}

static void each_once(int64_t count)
{
	all_acked();
	cr_expect(rows() == count, "%lld rows", (long long)rows());
	cr_expect(versions() == count, "%lld versions", (long long)versions());
}

Test(bigquery_faults, killed_while_a_job_runs)
{
	bigquery.job_ms = 1500;
	builds_come(1, 100);
	run_start();
	run_till(was_sent);
	builds_come(101, 150);
	run_restart();
	each_once(150);
	cr_expect(child_said(run.sink, "bigquery.resumed"));
}

Test(bigquery_faults, killed_before_the_answer_came)
{
	builds_come(1, 100);
	run_start();
	said("bigquery.ready");
	bq_lock(&bigquery);
	bigquery.latency_ms = 300;
	bq_unlock(&bigquery);
	run_till(was_sent);
	builds_come(101, 150);
	run_restart();
	each_once(150);
}

/* Announced and never sent: the same range goes under the same name, though more came meanwhile. */
Test(bigquery_faults, killed_after_the_announcement)
{
	bigquery.failures[BQ_UPLOAD] =
		(struct bq_failure){.times = -1, .code = 503, .reason = "backendError", .message = "No"};
	builds_come(1, 100);
	run_start();
	said("bigquery.retry");
	builds_come(101, 150);
	bq_fail(&bigquery, BQ_UPLOAD, 0, 0, NULL, NULL);
	run_restart();
	each_once(150);
	cr_expect(bq_sql(&bigquery, "SELECT count(*) FROM row WHERE job = (SELECT job FROM row LIMIT 1)") ==
		  100);
}

/* What was announced has been superseded and trimmed meanwhile. */
Test(bigquery_faults, killed_after_the_announcement_of_what_is_gone)
{
	bigquery.failures[BQ_UPLOAD] =
		(struct bq_failure){.times = -1, .code = 503, .reason = "backendError", .message = "No"};
	builds_come(1, 100);
	run_start();
	said("bigquery.retry");
	child_kill(run.sink);
	for (int64_t seq = 1; seq <= 100; seq++) {
		fake_hub_trim(run.hub, seq);
	}
	builds_come(101, 150);
	bq_fail(&bigquery, BQ_UPLOAD, 0, 0, NULL, NULL);
	run_restart();
	each_once(50);
	builds_come(151, 160);
	each_once(60);
}

/* Only the last one of it is gone. */
Test(bigquery_faults, killed_after_the_announcement_of_what_is_partly_gone)
{
	bigquery.job_ms = 1500;
	builds_come(1, 100);
	run_start();
	run_till(was_sent);
	child_kill(run.sink);
	fake_hub_trim(run.hub, 100);
	builds_come(101, 150);
	run_restart();
	each_once(150);
}

/* The hub restarts while a job runs, which ends before it is back. */
Test(bigquery_faults, a_hub_that_is_away_when_a_job_ends)
{
	bigquery.job_ms = 1500;
	builds_come(1, 100);
	run_start();
	run_till(was_sent);
	fake_hub_kill(run.hub);
	said("bigquery.loaded");
	fake_hub_bind(run.hub);
	builds_come(101, 150);
	each_once(150);
	builds_come(151, 160);
	each_once(160);
}

Test(bigquery_faults, killed_after_a_job_failed)
{
	bigquery.job = (struct bq_failure){.times = -1, .reason = "backendError", .message = "Try again"};
	builds_come(1, 100);
	run_start();
	said("bigquery.job_failed");
	bq_lock(&bigquery);
	bigquery.job.times = 0;
	bq_unlock(&bigquery);
	run_restart();
	each_once(100);
}

Test(bigquery_faults, a_table_that_is_not_found_for_a_moment)
{
	builds_come(1, 100);
	run_start();
	all_acked();
	bq_fail(&bigquery, BQ_UPLOAD, 1, 404, "notFound", "Not found: Table demo:ci.build_events");
	builds_come(101, 150);
	each_once(150);
}

/* What is refused is a dead letter before the job without it is announced. */
Test(bigquery_faults, killed_after_a_row_was_refused)
{
	bigquery.poison = "p0ison";
	builds_come(1, 50);
	build_comes(51, 0, "p0ison");
	builds_come(52, 100);
	run_start();
	said("sink.rejected");
	run_restart();
	all_acked();
	cr_expect(rows() == 99, "%lld rows", (long long)rows());
	cr_expect(run.hub->dead_count >= 1);
}

/* --- at random --- */

static struct {
	uint64_t state;
	int invalid, poisoned; /* versions that can't be rows */
} dice;

static uint64_t roll(uint64_t sides)
{
	dice.state = dice.state * 6364136223846793005U + 1442695040888963407U;
	return (dice.state >> 33) % sides;
}

/* One in twenty can't be a row, for each of the reasons. */
static void version_comes(int number)
{
	static const char *const messages[] = {"not \xff UTF-8", "p0ison"};
	bool bad = roll(20) == 0;

	dice.invalid += bad;
	/* Each row that BigQuery itself refuses costs a load job, of which a day has 1,500. */
	build_comes(number, 0, bad ? messages[dice.poisoned < 50 ? roll(2) : 0] : "Fix it");
	dice.poisoned += bad;
}

static bool is_time(void *arg)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000 >= *(int64_t *)arg;
}

static void go_on_for(int64_t ms)
{
	struct timespec now;
	int64_t until;

	clock_gettime(CLOCK_MONOTONIC, &now);
	until = now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms;
	run_until(run.loop, is_time, &until, (int)ms + 1000);
}

static void set_weather(int permille)
{
	bq_lock(&bigquery);
	bigquery.permille = permille;
	bq_unlock(&bigquery);
}

static int setting(const char *name, int fallback)
{
	const char *text = getenv(name);

	return text ? (int)strtol(text, NULL, 10) : fallback;
}

/* 20 steps: some versions come, some time goes by, now and then the sink dies. */
static void storm(int builds)
{
	int number = 0, kills = 0;

	be_patient(1 + builds / 2000);
	dice.state = (uint64_t)setting("BUILDBUS_FAULTS_SEED", (int)time(NULL));
	printf("BUILDBUS_FAULTS_SEED=%llu\n", (unsigned long long)dice.state);
	bigquery.seed = dice.state;
	bigquery.poison = "p0ison";
	bigquery.job_ms = 100;
	set_weather(150);
	run_start();
	for (int step = 0; step < 20; step++) {
		for (int i = 0; i < builds / 20; i++) {
			version_comes(roll(4) == 0 && number ? 1 + (int)roll((uint64_t)number) : ++number);
		}
		go_on_for(20 + (int64_t)roll(300));
		if (roll(3) == 0) {
			run_restart();
			kills++;
		}
	}
	set_weather(0);
	all_acked();
	printf("%d versions, %d invalid, %d kills, faults:", (int)run.hub->head, dice.invalid, kills);
	for (size_t i = 0; i < sizeof bigquery.drawn / sizeof *bigquery.drawn; i++) {
		printf(" %d", bigquery.drawn[i]);
	}
	printf("; %lld rows\n", (long long)rows());
	cr_expect(versions() == run.hub->head - dice.invalid, "%lld versions, %lld came, %d invalid",
		  (long long)versions(), (long long)run.hub->head, dice.invalid);
}

Test(bigquery_faults, load_jobs_bring_each_version_once_whatever_dies)
{
	storm(setting("BUILDBUS_BIGQUERY_BUILDS", 1000));
	cr_expect(rows() == versions(), "%lld rows of %lld versions", (long long)rows(),
		  (long long)versions());
}

Test(bigquery_faults, insert_all_brings_each_version_whatever_dies)
{
	run_configure(", mode: stream");
	storm(setting("BUILDBUS_BIGQUERY_BUILDS", 1000));
}
