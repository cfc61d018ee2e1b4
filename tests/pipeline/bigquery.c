/* Versions become rows: each exactly once by load jobs, at least once by insertAll, whatever fails. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/bigquery_run.h"

#include <string.h>

TestSuite(bigquery, .init = run_init, .fini = run_fini, .timeout = 120);

Test(bigquery, makes_dataset_table_and_views)
{
	run_start();
	said("bigquery.ready");
	cr_expect(bq_sql(&bigquery, "SELECT count(*) FROM dataset WHERE id = 'ci'") == 1);
	cr_expect(bq_sql(&bigquery, "SELECT count(*) FROM tbl WHERE body ->> '$.timePartitioning.field' "
				    "= 'created_at' AND "
				    "body ->> '$.clustering.fields[2]' = 'pipeline'") == 1);
	cr_expect(bq_sql(&bigquery, "SELECT count(*) FROM tbl WHERE body ->> '$.type' = 'VIEW'") == 4);
	run_restart();
	said("bigquery.ready");
	cr_expect(bq_asked(&bigquery, BQ_TABLE_INSERT) == 5, "a second start makes nothing");
	cr_expect(bq_asked(&bigquery, BQ_TABLE_PATCH) == 0);
}

Test(bigquery, loads_each_version_once)
{
	builds_come(1, 1500);
	run_start();
	all_acked();
	cr_expect(rows() == 1500, "%lld", (long long)rows());
	cr_expect(versions() == 1500);
	build_comes(7, 0, "Fix it again");
	all_acked();
	cr_expect(rows() == 1501);
}

Test(bigquery, streams_within_seconds)
{
	run_configure(", mode: stream");
	builds_come(1, 1500);
	run_start();
	all_acked();
	cr_expect(versions() == 1500);
	cr_expect(bq_asked(&bigquery, BQ_UPLOAD) == 0);
}

Test(bigquery, an_answer_that_is_lost_loads_nothing_twice)
{
	bigquery.failures[BQ_UPLOAD] = (struct bq_failure){.times = 2, .code = 0, .after = true};
	builds_come(1, 300);
	run_start();
	all_acked();
	cr_expect(rows() == 300, "%lld", (long long)rows());
	cr_expect(bq_asked(&bigquery, BQ_UPLOAD) >= 2);
}

Test(bigquery, a_job_that_fails_is_run_again_under_another_name)
{
	bigquery.job = (struct bq_failure){.times = 2, .reason = "backendError", .message = "Try again"};
	builds_come(1, 300);
	run_start();
	all_acked();
	cr_expect(rows() == 300);
	cr_expect(bq_sql(&bigquery, "SELECT count(DISTINCT id) FROM job") == 3);
}

static void rejects_the_poisoned(const char *mode, int each, const char *why)
{
	size_t bad = (size_t)(200 / each);

	run_configure(mode);
	bigquery.poison = "p0ison";
	for (int number = 1; number <= 200; number++) {
		build_comes(number, 0, number % each == 0 ? "p0ison" : "Fix it");
	}
	run_start();
	all_acked();
	cr_expect(versions() == 200 - (int64_t)bad, "%lld", (long long)versions());
	cr_expect(run.hub->dead_count == bad, "%zu", run.hub->dead_count);
	cr_expect(strstr(run.hub->dead[0].reason, why), "%s", run.hub->dead[0].reason);
}

Test(bigquery, rows_that_a_job_names_are_dead_letters)
{
	rejects_the_poisoned("", 20, "Value is refused");
	cr_expect(rows() == 190);
}

Test(bigquery, rows_that_a_job_does_not_name_are_found)
{
	bigquery.names_nobody = true;
	rejects_the_poisoned("", 100, "too many errors");
	cr_expect(rows() == 198);
}

Test(bigquery, rows_that_insert_all_names_are_dead_letters)
{
	rejects_the_poisoned(", mode: stream", 20, "Value is refused");
}

static void refills(const char *mode)
{
	run_configure(mode);
	builds_come(1, 200);
	run_start();
	all_acked();
	bq_drop(&bigquery, "ci", "build_events");
	builds_come(201, 210);
	said("sink.anew");
	all_acked();
	cr_expect(versions() == 210, "%lld", (long long)versions());
}

Test(bigquery, a_table_that_was_dropped_is_made_anew_and_filled)
{
	refills("");
	cr_expect(rows() == 210, "%lld", (long long)rows());
}

Test(bigquery, a_table_that_was_dropped_is_filled_again_by_rows)
{
	refills(", mode: stream");
}

Test(bigquery, a_table_that_was_made_anew_meanwhile_is_filled)
{
	builds_come(1, 200);
	run_start();
	all_acked();
	child_kill(run.sink);
	child_free(&run.sink);
	fake_hub_forget(run.hub);
	bq_drop(&bigquery, "ci", "build_events");
	run_start();
	said("sink.anew");
	all_acked();
	cr_expect(rows() == 200, "%lld", (long long)rows());
	run_restart();
	build_comes(201, 0, "Fix it");
	all_acked();
	cr_expect(rows() == 201, "it is filled once");
}

static const struct {
	const char *name;
	long code;
	const char *reason, *message;
} too_large[] = {
	{"a proxy's page", 413, NULL, "<html><title>413 Request Entity Too Large</title></html>"},
	{"BigQuery's own words", 400, "badRequest",
	 "Request payload size exceeds the limit: 10485760 bytes."},
};

Test(bigquery, a_request_that_is_too_large_is_halved)
{
	static char message[20000];

	memset(message, 'm', sizeof message - 1);
	run_configure(", mode: stream");
	run_start();
	said("bigquery.ready");
	for (size_t i = 0; i < sizeof too_large / sizeof *too_large; i++) {
		int asked = bq_asked(&bigquery, BQ_INSERT_ALL);

		bq_fail(&bigquery, BQ_INSERT_ALL, 1, too_large[i].code, too_large[i].reason,
			too_large[i].message);
		for (int number = 1; number <= 60; number++) {
			build_comes((int)i * 60 + number, 0, message);
		}
		all_acked();
		cr_expect(versions() == ((int64_t)i + 1) * 60, "%s: %lld", too_large[i].name,
			  (long long)versions());
		cr_expect(bq_asked(&bigquery, BQ_INSERT_ALL) >= asked + 3, "%s", too_large[i].name);
	}
	cr_expect(run.hub->dead_count == 0);
}
