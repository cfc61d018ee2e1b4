/* buildbus-sink-firestore on Google's Firestore emulator, under strict rules, signed in by the auth emulator
 * of npm's firebase-tools. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/firestore_run.h"
#include "tests/support/documents.h"
#include "tests/support/web.h"

#include <stdlib.h>
#include <string.h>

static char auth_variable[64];

static void init_user(void)
{
	need_auth();
	run_init_emulator();
	snprintf(auth_variable, sizeof auth_variable, "FIREBASE_AUTH_EMULATOR_HOST=%s", auth_host());
	run.env[1] = auth_variable;
}

TestSuite(firestore, .init = run_init_emulator, .fini = run_fini, .timeout = 120);
TestSuite(firestore_user, .init = init_user, .fini = run_fini, .timeout = 120);

static void configure(const char *project, const char *password, const char *more)
{
	char *text;

	cr_assert(asprintf(&text,
			   "{firebase_project_id: %s, metrics_project_id: web, firebase_user_email: %s, "
			   "firebase_user_pass: %s, firebase_web_api_key: %s%s%s}",
			   project, GOOGLE_EMAIL, password, GOOGLE_KEY, *more ? ", " : "", more) > 0);
	run_configure(text);
	free(text);
}

static void project_exists(const char *project)
{
	firestore_put(project, "projects/web", "{\"name\":{\"stringValue\":\"web\"}}");
}

static void status_is(const char *project, int number, const char *status)
{
	char path[64], *document;

	snprintf(path, sizeof path, "build/web_%d", number);
	document = firestore_document(project, path);
	cr_expect(document && strstr(document, status), "%s: %s", path, document ? document : "missing");
	free(document);
}

Test(firestore_user, an_ordinary_account_suffices_under_strict_rules)
{
	project_exists("demo-plain");
	configure("demo-plain", GOOGLE_PASSWORD, "");
	builds_come(1, 200);
	build_comes(.number = 201, .state = STATE_RUNNING);
	build_comes(.number = 202, .result = RESULT_CANCELLATION, .coverage = 0.5);
	run_start();
	all_acked();
	status_is("demo-plain", 1, "BuildStatus.successful");
	status_is("demo-plain", 201, "BuildStatus.inProgress");
	status_is("demo-plain", 202, "BuildStatus.unknown");
	cr_expect(run.hub->dead_count == 0);
	cr_expect_not(child_said(run.sink, "sink.retry"));
	run_stop();
}

Test(firestore_user, thirty_projects_in_one_batch_do_not_offend_the_rules)
{
	char *text, slug[30][16];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out,
		"{firebase_project_id: demo-many, create_project: true, firebase_user_email: %s, "
		"firebase_user_pass: %s, firebase_public_api_key: %s, projects: {",
		GOOGLE_EMAIL, GOOGLE_PASSWORD, GOOGLE_KEY);
	for (int i = 0; i < 30; i++) {
		snprintf(slug[i], sizeof slug[i], "pipe-%d", i);
		fprintf(out, "%sacme/pipe-%d: id-%d", i ? ", " : "", i, i);
	}
	fputs("}}", out);
	fclose(out);
	run_configure(text);
	free(text);
	for (int64_t i = 0; i < 150; i++) {
		build_comes(.number = i, .pipeline = slug[i % 30]);
	}
	build_comes(.number = 1, .pipeline = "not-named");
	run_start();
	all_acked();
	cr_expect_not(child_said(run.sink, "sink.retry"));
	cr_expect(run.hub->dead_count == 0);
	text = firestore_document("demo-many", "build/id-29_149");
	cr_expect_not_null(text);
	free(text);
}

static void refuses_password(bool new_style, const char *want)
{
	free(auth_ask(HERE, "PATCH",
		      "/identitytoolkit.googleapis.com/v2/projects/demo-auth/config?updateMask="
		      "emailPrivacyConfig",
		      new_style ? "{'emailPrivacyConfig':{'enableImprovedEmailPrivacy':true}}"
				: "{'emailPrivacyConfig':{'enableImprovedEmailPrivacy':false}}"));
	configure("demo-wrong", "not-the-password", "");
	run_start();
	refuses(want);
	cr_expect_not(child_said(run.sink, "not-the-password"));
	child_free(&run.sink);
}

Test(firestore_user, a_wrong_password_is_one_sentence_in_both_styles)
{
	refuses_password(true, "firebase_user_email and firebase_user_pass");
	refuses_password(false, "correct firebase_user_pass");
}

Test(firestore_user, a_project_that_is_missing_is_one_sentence_before_anything_is_written)
{
	configure("demo-missing", GOOGLE_PASSWORD, "");
	builds_come(1, 3);
	run_start();
	refuses("no document projects/web", "create_project: true");
	cr_expect(run.hub->position == 0);
	cr_expect_null(firestore_document("demo-missing", "build/web_1"));
}

Test(firestore_user, a_project_is_made_when_that_is_wished)
{
	char *project;

	configure("demo-make", GOOGLE_PASSWORD, "create_project: true");
	builds_come(1, 3);
	run_start();
	all_acked();
	status_is("demo-make", 3, "BuildStatus.successful");
	project = firestore_document("demo-make", "projects/web");
	cr_expect(project && strstr(project, "\"stringValue\": \"web\""), "%s", project);
	free(project);
}

static void set_rules(const char *project, const char *content)
{
	char url[256], *body, *answer;
	long status;

	snprintf(url, sizeof url, "http://%s/emulator/v1/projects/%s:securityRules", firestore_host(),
		 project);
	cr_assert(asprintf(&body, "{\"rules\":{\"files\":[{\"name\":\"r\",\"content\":\"%s\"}]}}", content) >
		  0);
	answer = web_ask("PUT", url, "owner", body, &status);
	cr_assert(status == 200, "%ld %s", status, answer);
	free(answer);
	free(body);
}

#define RULES(build)                                                                                         \
	"service cloud.firestore { match /databases/{d}/documents { match /projects/{p} { allow read: if "   \
	"true; } match /build/{b} { allow read: if true; allow write: if " build "; } } }"

Test(firestore_user, rules_that_forbid_writing_are_waited_out)
{
	project_exists("demo-forbid");
	set_rules("demo-forbid", RULES("false"));
	configure("demo-forbid", GOOGLE_PASSWORD, "");
	builds_come(1, 50);
	run_start();
	said("PERMISSION_DENIED");
	cr_expect(run.hub->dead_count == 0 && run.hub->position == 0);
	set_rules("demo-forbid", RULES("true"));
	all_acked();
	status_is("demo-forbid", 50, "BuildStatus.successful");
}

Test(firestore, without_the_auth_emulator_nobody_signs_in)
{
	project_exists("demo-owner");
	run_configure("{firebase_project_id: demo-owner, metrics_project_id: web}");
	builds_come(1, 100);
	run_start();
	all_acked();
	status_is("demo-owner", 100, "BuildStatus.successful");
}

Test(firestore, a_large_commit_is_halved)
{
	size_t size = 30000;
	char *url = calloc(1, size + 1);

	memset(url, '\1', size); /* six bytes each in JSON */
	project_exists("demo-large");
	run_configure("{firebase_project_id: demo-large, metrics_project_id: web}");
	for (int64_t number = 1; number <= 150; number++) {
		build_comes(.number = number, .url = url);
	}
	free(url);
	run_start();
	be_patient(3);
	all_acked();
	status_is("demo-large", 150, "BuildStatus.successful");
	cr_expect(run.hub->dead_count == 0);
}

Test(firestore, a_document_that_is_too_large_is_a_dead_letter_alone)
{
	size_t size = 1100000;
	char *url = calloc(1, size + 1);

	memset(url, 'x', size);
	project_exists("demo-dead");
	run_configure("{firebase_project_id: demo-dead, metrics_project_id: web}");
	builds_come(1, 10);
	build_comes(.number = 11, .url = url);
	builds_come(12, 20);
	free(url);
	run_start();
	all_acked();
	cr_expect(run.hub->dead_count == 1 && run.hub->dead[0].seq == 11, "%zu", run.hub->dead_count);
	status_is("demo-dead", 10, "BuildStatus.successful");
	status_is("demo-dead", 20, "BuildStatus.successful");
}
