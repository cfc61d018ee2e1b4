/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/firestore_run.h"
#include "tests/support/google.h"

#include <stdlib.h>
#include <string.h>

struct fake_google google;
char *destination;

static const char *const secrets[] = {FAKE_PASSWORD,       FAKE_KEY, "ya29.t0ken", "refresh-",
				      "BEGIN PRIVATE KEY", NULL};

void run_init(void)
{
	sink_run_init("buildbus-sink-firestore", secrets);
	fake_google_start(&google);
	fake_put(&google, "projects/demo/databases/(default)/documents/projects/web",
		 "{'name':{'stringValue':'web'}}");
	run_configure(NULL);
}

void run_init_emulator(void)
{
	static char variable[64];

	need_firestore();
	run_init();
	snprintf(variable, sizeof variable, "FIRESTORE_EMULATOR_HOST=%s", firestore_host());
	run.env[0] = variable;
}

void run_fini(void)
{
	sink_run_fini();
	fake_google_stop(&google);
	free(destination);
}

void run_configure(const char *chosen)
{
	free(destination);
	cr_assert(chosen ? asprintf(&destination, "%s", chosen) > 0
			 : asprintf(&destination,
				    "{firebase_project_id: demo, metrics_project_id: web, "
				    "firebase_user_email: %s, firebase_user_pass: %s, "
				    "firebase_public_api_key: %s, api_url: \"%s/v1\", auth_url: \"%s\"}",
				    FAKE_EMAIL, FAKE_PASSWORD, FAKE_KEY, google.url, google.url) > 0);
	run_destination("firestore: %s", destination);
}

void add_build(const struct told_build *told)
{
	struct build build;
	char id[80], url[80];

	build_init(&build);
	build.pipeline = text_of(told->pipeline ? told->pipeline : "web");
	snprintf(id, sizeof id, "buildkite/acme/%s/%lld", build.pipeline.at, (long long)told->number);
	snprintf(url, sizeof url, "https://buildkite.com/acme/web/builds/%lld", (long long)told->number);
	build.id = text_of(id);
	build.version = told->version ? told->version : run.hub->head + 1;
	build.number = told->number;
	build.state = told->state ? told->state : STATE_FINISHED;
	build.result = build.state != STATE_FINISHED ? RESULT_NULL
		       : told->result                ? told->result
						     : RESULT_SUCCESS;
	build.started_at = told->started_at ? told->started_at : STARTED + told->number * 60000;
	build.created_at = build.started_at;
	if (build.state == STATE_FINISHED) {
		build.finished_at = told->finished_at ? told->finished_at : build.started_at + 60000;
		build.duration_ms = build.finished_at - build.started_at;
	}
	build.url = text_of(told->url ? told->url : url);
	build.coverage = told->coverage > 0 ? told->coverage : REAL_NULL;
	fake_hub_add_build(run.hub, &build);
}

void builds_come(int from, int to)
{
	for (int number = from; number <= to; number++) {
		build_comes(.number = number);
	}
}
