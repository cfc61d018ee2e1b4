/* As whom the sink speaks, and what an operator reads when BigQuery refuses. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/bigquery_run.h"
#include "tests/support/command.h"
#include "tests/support/key_file.h"

#include <stdlib.h>
#include <string.h>

TestSuite(bigquery_access, .init = run_init, .fini = run_fini, .timeout = 120);

static void write_key(void)
{
	char uri[100];

	snprintf(uri, sizeof uri, "%s/token", bigquery.url);
	free(key_file_write(run.place, "service_account", "writer@demo.iam.gserviceaccount.com", uri));
	run.env[0] = NULL;
}

static void writes(int count)
{
	builds_come(1, count);
	run_start();
	all_acked();
	cr_expect(rows() == count, "%lld rows", (long long)rows());
}

Test(bigquery_access, a_service_account_signs_its_requests)
{
	write_key();
	run_configure(", credentials_file: account.json");
	writes(5);
	cr_expect(bq_asked(&bigquery, BQ_TOKEN) == 1);
}

Test(bigquery_access, the_customary_variable_names_the_key_file)
{
	char variable[300];

	write_key();
	snprintf(variable, sizeof variable, "GOOGLE_APPLICATION_CREDENTIALS=%s",
		 place_path(run.place, "account.json"));
	run.env[0] = variable;
	writes(5);
}

Test(bigquery_access, a_token_that_is_revoked_is_replaced)
{
	writes(5);
	bq_lock(&bigquery);
	bigquery.valid_from = bigquery.token + 1;
	bq_unlock(&bigquery);
	builds_come(6, 9);
	all_acked();
	cr_expect(rows() == 9);
	cr_expect(bq_asked(&bigquery, BQ_TOKEN) == 2);
}

Test(bigquery_access, a_key_that_was_revoked_is_for_an_operator)
{
	write_key();
	run_configure(", credentials_file: account.json");
	bq_fail(&bigquery, BQ_TOKEN, -1, 400, NULL,
		"{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}");
	run_start();
	refuses("bigquery: ", "Invalid JWT Signature");
}

static const struct {
	const char *name;
	enum bq_verb verb;
	long code;
	const char *reason, *message, *words[2];
} refusals[] = {
	{"no role on the dataset",
	 BQ_DATASET_GET,
	 403,
	 "accessDenied",
	 "Access Denied: Dataset demo:ci",
	 {"roles/bigquery.dataEditor", "Access Denied: Dataset"}},
	{"no such project",
	 BQ_DATASET_INSERT,
	 404,
	 "notFound",
	 "The project demo was not found",
	 {"check project_id", "The project demo"}},
	{"no role to make tables",
	 BQ_TABLE_INSERT,
	 403,
	 "accessDenied",
	 "Permission bigquery.tables.create denied",
	 {"roles/bigquery.dataEditor", "build_events can't be made"}},
	{"no billing",
	 BQ_TABLE_INSERT,
	 403,
	 "billingNotEnabled",
	 "Billing has not been enabled",
	 {"Billing has not been enabled", "bigquery: "}},
	{"no role for jobs",
	 BQ_UPLOAD,
	 403,
	 "accessDenied",
	 "User does not have bigquery.jobs.create permission",
	 {"roles/bigquery.jobUser", "a load job was refused"}},
};

Test(bigquery_access, each_refusal_is_one_sentence_with_what_to_do)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		bq_fail(&bigquery, refusals[i].verb, -1, refusals[i].code, refusals[i].reason,
			refusals[i].message);
		build_comes((int)i + 1, 0, "Fix it");
		run_start();
		cr_expect(run_end() == 100, "%s", refusals[i].name);
		cr_expect(child_count(run.sink, "\"proc.failed\"") == 1, "%s", refusals[i].name);
		for (size_t word = 0; word < 2; word++) {
			cr_expect(child_said(run.sink, refusals[i].words[word]), "%s: %s", refusals[i].name,
				  refusals[i].words[word]);
		}
		child_free(&run.sink);
		fake_hub_forget(run.hub);
		bq_fail(&bigquery, refusals[i].verb, 0, 0, NULL, NULL);
	}
	run_start();
	all_acked();
	cr_expect(rows() == (int64_t)(sizeof refusals / sizeof *refusals), "nothing was lost");
}

Test(bigquery_access, an_exhausted_quota_waits_ten_minutes_a_limit_of_rate_seconds)
{
	bq_fail(&bigquery, BQ_UPLOAD, 1, 403, "rateLimitExceeded", "Exceeded rate limits");
	builds_come(1, 5);
	run_start();
	all_acked();
	bq_fail(&bigquery, BQ_UPLOAD, -1, 403, "quotaExceeded", "Quota exceeded: load jobs");
	builds_come(6, 9);
	said("\"retry_ms\":600000");
	cr_expect(rows() == 5);
}

/* --- tables that are there --- */

static void table_is_there(const char *fields)
{
	bq_lock(&bigquery);
	bq_exec(&bigquery, "INSERT INTO dataset VALUES('ci', '{\"location\":\"EU\"}')", NULL);
	bq_exec(&bigquery,
		"INSERT INTO tbl VALUES('ci', 'build_events', '1', json_object('creationTime', '1', "
		"'schema', "
		"json_object('fields', json(?))))",
		fields, NULL);
	bq_unlock(&bigquery);
}

Test(bigquery_access, an_older_table_gets_the_columns_it_lacks)
{
	table_is_there("[{\"name\":\"ID\",\"type\":\"STRING\"},{\"name\":\"version\",\"type\":\"INT64\"},"
		       "{\"name\":\"theirs\",\"type\":\"STRING\"},{\"name\":\"tests\",\"type\":\"STRUCT\","
		       "\"fields\":[{\"name\":\"total\",\"type\":\"INT64\"}]}]");
	writes(5);
	cr_expect(bq_asked(&bigquery, BQ_TABLE_PATCH) == 1);
	cr_expect(bq_sql(&bigquery, "SELECT json_array_length(body, '$.schema.fields') FROM tbl WHERE id = "
				    "'build_events'") == 35);
	cr_expect(child_said(run.sink, "\"location\":\"EU\""));
}

Test(bigquery_access, a_column_of_another_type_is_named)
{
	table_is_there("[{\"name\":\"jobs\",\"type\":\"RECORD\",\"mode\":\"REPEATED\",\"fields\":[{\"name\":"
		       "\"runner\",\"type\":\"STRING\"}]}]");
	run_start();
	refuses("ci.build_events", "jobs: runner is STRING there and must be RECORD");
}

Test(bigquery_access, a_column_of_theirs_that_must_be_filled_is_named)
{
	table_is_there("[{\"name\":\"team\",\"type\":\"STRING\",\"mode\":\"REQUIRED\"}]");
	run_start();
	refuses("team is REQUIRED there");
}

/* --- validate --online --- */

static void checks(int code, const char *out, const char *errors)
{
	struct said said;

	setenv("GCE_METADATA_HOST", strchr(run.env[0], '=') + 1, 1);
	said = command_run(run.place, "buildbus", ARGS("validate", "--online", "-c", run.place->config));
	cr_expect(said.code == code, "%d\n%s%s", said.code, said.out, said.errors);
	cr_expect(strstr(said.out, out), "%s\n%s", out, said.out);
	cr_expect(strstr(said.errors, errors), "%s\n%s", errors, said.errors);
	said_free(&said);
	unsetenv("GCE_METADATA_HOST");
}

Test(bigquery_access, validate_asks_and_changes_nothing)
{
	checks(0, "the dataset ci is not there yet", "");
	cr_expect(bq_sql(&bigquery, "SELECT count(*) FROM dataset") == 0);
	writes(5);
	checks(0, "rows of build_events can be written", "");
	cr_expect(rows() == 5);
	bq_fail(&bigquery, BQ_INSERT_ALL, 1, 403, "accessDenied", "bigquery.tables.updateData denied");
	checks(1, "the table build_events is there", "permission to write: grant roles/bigquery.dataEditor");
	bq_fail(&bigquery, BQ_QUERY, 1, 403, "accessDenied", "bigquery.jobs.create denied");
	checks(1, "can be written", "roles/bigquery.jobUser");
}
