/* What goes wrong between the sink and Google, as their emulators can't show it: nothing is lost, nothing is
 * written twice, and an operator reads one sentence. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/firestore_run.h"

#include <stdlib.h>
#include <string.h>

TestSuite(firestore_faults, .init = run_init, .fini = run_fini, .timeout = 120);

#define BUILDS "/documents/build/"

static void all_there(int count)
{
	char name[32];

	all_acked();
	cr_expect_eq(fake_count(&google, BUILDS), (size_t)count);
	for (int number = 1; number <= count; number++) {
		snprintf(name, sizeof name, "web_%d", number);
		cr_expect_eq(fake_writes(&google, name), 1, "%s: %d", name, fake_writes(&google, name));
	}
}

Test(firestore_faults, everything_is_written_once)
{
	builds_come(1, 1000);
	run_start();
	all_there(1000);
	cr_expect(fake_asked(&google, FAKE_SIGN_IN) == 1);
	cr_expect(fake_asked(&google, FAKE_COMMIT) <= 20, "%d commits", fake_asked(&google, FAKE_COMMIT));
}

Test(firestore_faults, a_restart_writes_nothing_again)
{
	builds_come(1, 300);
	run_start();
	all_there(300);
	child_kill(run.sink);
	run.hub->position = 0; /* as a new hub would have it */
	fake_hub_forget(run.hub);
	run.hub->sent = 0;
	run_restart();
	all_there(300);
}

Test(firestore_faults, versions_of_one_build_end_with_the_newest)
{
	for (int64_t number = 1; number <= 50; number++) {
		build_comes(.number = number, .state = STATE_RUNNING);
	}
	run_start();
	all_acked();
	for (int64_t number = 1; number <= 50; number++) {
		build_comes(.number = number, .result = RESULT_FAILURE);
		build_comes(.number = number, .state = STATE_RUNNING, .started_at = STARTED + 9000000);
		build_comes(.number = number, .started_at = STARTED + 9000000);
	}
	all_acked();
	for (int number = 1; number <= 50; number++) {
		char name[32], *fields;

		snprintf(name, sizeof name, "web_%d", number);
		fields = fake_get(&google, name);
		cr_expect(fields && strstr(fields, "BuildStatus.successful"), "%s: %s", name, fields);
		free(fields);
	}
}

/* Tokens are asked for when something is to be written. */
static bool was_renewed(void *arg)
{
	int *count = arg;

	if (run.hub->position == run.hub->head) {
		++*count;
		builds_come(*count, *count);
	}
	return fake_asked(&google, FAKE_RENEW) >= 2;
}

Test(firestore_faults, a_token_that_ends_is_renewed_before)
{
	int count = 0;

	google.lives_s = 1;
	run_start();
	cr_assert(run_until(run.loop, was_renewed, &count, (int)patience_ms()));
	all_there(count);
	cr_expect(fake_asked(&google, FAKE_SIGN_IN) == 1);
	cr_expect_not(child_said(run.sink, "sink.retry"));
}

Test(firestore_faults, a_token_that_is_revoked_is_replaced)
{
	run_start();
	builds_come(1, 10);
	all_there(10);
	fake_revoke(&google);
	builds_come(11, 20);
	all_there(20);
	cr_expect_not(child_said(run.sink, "sink.retry"));
}

Test(firestore_faults, a_session_that_is_revoked_is_begun_anew)
{
	run_start();
	builds_come(1, 10);
	all_there(10);
	fake_fail(&google, FAKE_RENEW, -1, 400, "", "TOKEN_EXPIRED");
	fake_revoke(&google);
	builds_come(11, 20);
	all_there(20);
	cr_expect(fake_asked(&google, FAKE_SIGN_IN) == 2);
}

Test(firestore_faults, an_account_that_is_disabled_meanwhile_is_for_an_operator)
{
	run_start();
	builds_come(1, 10);
	all_there(10);
	fake_fail(&google, FAKE_RENEW, -1, 400, "", "USER_DISABLED");
	fake_fail(&google, FAKE_SIGN_IN, -1, 400, "", "USER_DISABLED");
	fake_revoke(&google);
	builds_come(11, 20);
	refuses("the account of firebase_user_email is disabled");
	cr_expect(run.hub->position == 10, "what was not written was not acknowledged");
}

static const struct {
	const char *name;
	enum fake_verb verb;
	long code;
	const char *status, *message;
} passing[] = {
	{"quota", FAKE_COMMIT, 429, "RESOURCE_EXHAUSTED", "Quota exceeded."},
	{"contention", FAKE_COMMIT, 409, "ABORTED", "Too much contention on these documents."},
	{"unavailable", FAKE_COMMIT, 503, "UNAVAILABLE", "The service is currently unavailable."},
	{"deadline", FAKE_COMMIT, 504, "DEADLINE_EXCEEDED", "Deadline exceeded."},
	{"internal", FAKE_READ, 500, "INTERNAL", "Internal error encountered."},
	{"a proxy's page", FAKE_READ, 502, NULL, "<html>Bad Gateway</html>"},
	{"a connection that ends", FAKE_COMMIT, 0, NULL, ""},
	{"a connection that ends early", FAKE_READ, 0, NULL, ""},
	{"no JSON", FAKE_READ, 200, NULL, "hello"},
	{"half an answer", FAKE_READ, 200, NULL, "[{\"missing\":"},
};

Test(firestore_faults, what_passes_is_tried_again_and_nothing_is_lost)
{
	int count = 0;

	run_start();
	said("firestore.ready");
	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
		fake_fail(&google, passing[i].verb, 2, passing[i].code, passing[i].status,
			  passing[i].message);
		builds_come(count + 1, count + 20);
		count += 20;
		all_acked();
		cr_expect_eq(fake_count(&google, BUILDS), (size_t)count, "%s", passing[i].name);
	}
	all_there(count);
}

Test(firestore_faults, a_commit_that_is_too_large_is_halved)
{
	google.commit_max = 20000;
	builds_come(1, 400);
	run_start();
	all_there(400);
	cr_expect_not(child_said(run.sink, "sink.retry"));
}

Test(firestore_faults, a_commit_that_is_too_large_for_the_emulator_is_halved)
{
	google.commit_max = 20000;
	google.like_emulator = true;
	builds_come(1, 400);
	run_start();
	all_there(400);
	cr_expect_not(child_said(run.sink, "sink.retry"));
}

Test(firestore_faults, one_document_that_can_not_be_stored_holds_up_no_other)
{
	google.poison = "web_77";
	builds_come(1, 200);
	run_start();
	all_acked();
	cr_expect_eq(fake_count(&google, BUILDS), 199);
	cr_expect(run.hub->dead_count == 1 && run.hub->dead[0].seq == 77 &&
		  strstr(run.hub->dead[0].reason, "too long"));
}

Test(firestore_faults, a_commit_touches_no_more_projects_than_rules_may_look_up)
{
	char *text, slugs[30][16];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out,
		"{firebase_project_id: demo, firebase_user_email: %s, firebase_user_pass: %s, "
		"firebase_public_api_key: %s, api_url: \"%s/v1\", auth_url: \"%s\", "
		"create_project: true, projects: {",
		FAKE_EMAIL, FAKE_PASSWORD, FAKE_KEY, google.url, google.url);
	for (int i = 0; i < 30; i++) {
		snprintf(slugs[i], sizeof slugs[i], "pipe-%d", i);
		fprintf(out, "%sacme/pipe-%d: id-%d", i ? ", " : "", i, i);
	}
	fputs("}}", out);
	fclose(out);
	run_configure(text);
	free(text);
	google.lookups_max = 10;
	for (int64_t i = 0; i < 150; i++) {
		build_comes(.number = i, .pipeline = slugs[i % 30]);
	}
	run_start();
	all_acked();
	cr_expect_eq(fake_count(&google, BUILDS), 150);
	cr_expect(fake_asked(&google, FAKE_COMMIT) < 40, "%d commits", fake_asked(&google, FAKE_COMMIT));
}

static bool all_but_one(void *arg)
{
	(void)arg;
	return fake_count(&google, BUILDS) == 199;
}

Test(firestore_faults, one_document_that_the_rules_refuse_holds_up_no_other)
{
	google.forbidden = "web_77";
	builds_come(1, 200);
	run_start();
	cr_assert(run_until(run.loop, all_but_one, NULL, (int)patience_ms()));
	fake_lock(&google);
	google.forbidden = NULL;
	fake_unlock(&google);
	all_there(200);
	cr_expect(run.hub->dead_count == 0);
}

Test(firestore_faults, rules_that_refuse_everything_are_asked_seldom)
{
	int commits;

	google.forbidden = "";
	builds_come(1, 200);
	run_start();
	said("sink.retry");
	said("Missing or insufficient permissions");
	commits = fake_asked(&google, FAKE_COMMIT);
	cr_expect(commits <= 100, "%d commits", commits);
	fake_lock(&google);
	google.forbidden = NULL;
	fake_unlock(&google);
	all_there(200);
}

Test(firestore_faults, a_start_ahead_of_the_servers_clock_waits_and_is_not_bent)
{
	int64_t soon = zclock_time() + 1500;
	char *fields, started[32];

	build_comes(.number = 1, .state = STATE_RUNNING, .started_at = soon);
	builds_come(2, 10);
	run_start();
	all_acked();
	cr_expect(zclock_time() >= soon);
	fields = fake_get(&google, "web_1");
	time_format(soon, started);
	cr_expect(fields && strstr(fields, started), "%s", fields);
	free(fields);
}

Test(firestore_faults, a_clock_of_the_server_that_is_behind_loses_nothing)
{
	int64_t now = zclock_time();

	google.ahead_ms = -2000;
	build_comes(.number = 1, .state = STATE_RUNNING, .started_at = now);
	run_start();
	all_there(1);
	cr_expect(zclock_time() >= now + 2000);
}

static const struct {
	const char *name;
	long code;
	const char *message, *want;
} sign_ins[] = {
	{"password", 400, "INVALID_PASSWORD", "correct firebase_user_pass"},
	{"e-mail", 400, "EMAIL_NOT_FOUND", "correct firebase_user_email"},
	{"either", 400, "INVALID_LOGIN_CREDENTIALS", "firebase_user_email and firebase_user_pass"},
	{"key", 400, "API key not valid. Please pass a valid API key.", "correct firebase_public_api_key"},
	{"disabled", 400, "USER_DISABLED", "is disabled"},
	{"no passwords", 400, "PASSWORD_LOGIN_DISABLED", "does not allow sign-in by password"},
	{"suffix", 400, "OPERATION_NOT_ALLOWED : Password sign-in is off.", "does not allow sign-in"},
	{"unknown word", 400, "SOMETHING_NEW", "SOMETHING_NEW"},
	{"restricted key", 403, "Requests from this host are blocked.", "its restrictions"},
	{"no such page", 404, "Not Found", "check firebase_public_api_key"},
};

Test(firestore_faults, a_sign_in_that_is_refused_is_one_sentence)
{
	for (size_t i = 0; i < sizeof sign_ins / sizeof *sign_ins; i++) {
		fake_fail(&google, FAKE_SIGN_IN, -1, sign_ins[i].code, "", sign_ins[i].message);
		run_start();
		refuses(sign_ins[i].want);
		no_secret_told(HERE);
		child_free(&run.sink);
	}
}

Test(firestore_faults, too_many_attempts_to_sign_in_are_waited_out)
{
	fake_fail(&google, FAKE_SIGN_IN, 2, 400, "",
		  "TOO_MANY_ATTEMPTS_TRY_LATER : Access to this account has been temporarily disabled.");
	builds_come(1, 5);
	run_start();
	said("Google wants a pause");
	all_there(5);
}

static const struct {
	const char *name;
	enum fake_verb verb;
	long code;
	const char *status, *message, *want;
} starts[] = {
	{"rules", FAKE_READ, 403, "PERMISSION_DENIED", "Missing or insufficient permissions.",
	 "security rules"},
	{"project", FAKE_READ, 404, "NOT_FOUND", "The database (default) does not exist for project demo",
	 "check firebase_project_id"},
	{"datastore", FAKE_READ, 400, "FAILED_PRECONDITION",
	 "The Cloud Firestore API is not available for Firestore in Datastore Mode database demo.",
	 "Datastore Mode"},
	{"token of another project", FAKE_READ, 401, "UNAUTHENTICATED", "Invalid credentials.",
	 "project of the account"},
	{"another server", FAKE_READ, 404, NULL, "<html>no</html>", "check firebase_project_id and api_url"},
	{"another API", FAKE_READ, 200, NULL, "{}", "the answer is not Firestore's"},
};

Test(firestore_faults, a_destination_that_can_not_be_used_is_one_sentence)
{
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		fake_fail(&google, starts[i].verb, -1, starts[i].code, starts[i].status, starts[i].message);
		run_start();
		refuses(starts[i].want);
		child_free(&run.sink);
	}
}

Test(firestore_faults, a_host_that_is_not_there_is_waited_for)
{
	int port = google.port;

	fake_google_stop(&google);
	builds_come(1, 20);
	run_start();
	said("firestore.waiting");
	said("connection refused");
	google.port = port;
	fake_google_start(&google);
	fake_put(&google, "projects/demo/databases/(default)/documents/projects/web", "{}");
	all_there(20);
	run_stop();
}

Test(firestore_faults, a_proxy_that_is_not_there_is_told)
{
	run.env[0] = "HTTPS_PROXY=http://user:pr0xy-secret@127.0.0.1:1";
	run_configure("{firebase_project_id: demo, metrics_project_id: web, firebase_user_email: " FAKE_EMAIL
		      ", firebase_user_pass: " FAKE_PASSWORD ", firebase_public_api_key: " FAKE_KEY "}");
	builds_come(1, 1);
	run_start();
	said("firestore.waiting");
	cr_expect_not(child_said(run.sink, "pr0xy-secret"));
	run_stop();
}
