/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/firestore_run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct run run;

static const char *const secrets[] = {FAKE_PASSWORD, FAKE_KEY, "ya29.t0ken", "refresh-", "BEGIN PRIVATE KEY"};

static void set_defaults(void)
{
	fake_put(&run.google, "projects/demo/databases/(default)/documents/projects/web",
		 "{'name':{'stringValue':'web'}}");
	run_configure(NULL);
}

void run_init(void)
{
	unsetenv("FIRESTORE_EMULATOR_HOST");
	unsetenv("FIREBASE_AUTH_EMULATOR_HOST");
	unsetenv("GOOGLE_APPLICATION_CREDENTIALS");
	unsetenv("HTTPS_PROXY");
	unsetenv("https_proxy");
	run.place = place_new();
	run.loop = zloop_new();
	run.hub = malloc(sizeof *run.hub);
	fake_hub_init(run.hub, run.loop);
	fake_hub_bind(run.hub);
	fake_google_start(&run.google);
	set_defaults();
}

void run_fini(void)
{
	if (run.sink) {
		no_secret_told(HERE);
		child_free(&run.sink);
	}
	fake_google_stop(&run.google);
	fake_hub_fini(run.hub);
	free(run.hub);
	free(run.destination);
	zloop_destroy(&run.loop);
	place_free(&run.place);
}

void run_configure(const char *destination)
{
	char *chosen;

	cr_assert(destination ? asprintf(&chosen, "%s", destination) > 0
			      : asprintf(&chosen,
					 "{firebase_project_id: demo, metrics_project_id: web, "
					 "firebase_user_email: %s, firebase_user_pass: %s, "
					 "firebase_public_api_key: %s, api_url: \"%s/v1\", auth_url: \"%s\"}",
					 FAKE_EMAIL, FAKE_PASSWORD, FAKE_KEY, run.google.url,
					 run.google.url) > 0);
	free(run.destination);
	run.destination = chosen;
	place_write(run.place, "buildbus.yml",
		    "bus: {state_dir: %s, feed: \"%s\"}\ndestinations:\n  - firestore: %s\n",
		    run.place->state, run.hub->endpoint, chosen);
}

void run_start(void)
{
	run.sink = child_start(&(struct launch){.place = run.place,
						.program = "buildbus-sink-firestore",
						.args = ARGS("-c", run.place->config, "-v"),
						.env = run.env});
}

static bool is_over(void *arg)
{
	(void)arg;
	return child_ended(run.sink);
}

int run_end(void)
{
	cr_assert(run_until(run.loop, is_over, NULL, (int)patience_ms()), "it did not end");
	return child_end(run.sink);
}

void run_stop(void)
{
	child_signal(run.sink, SIGTERM);
	cr_assert(run_end() == 0);
	no_secret_told(HERE);
	child_free(&run.sink);
}

void run_restart(void)
{
	child_kill(run.sink);
	no_secret_told(HERE);
	child_free(&run.sink);
	run_start();
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

static bool is_acked(void *arg)
{
	(void)arg;
	return run.hub->position >= run.hub->head || child_ended(run.sink);
}

void all_acked_at(struct spot spot)
{
	run_until(run.loop, is_acked, NULL, (int)patience_ms() * 2);
	if (run.hub->position < run.hub->head) {
		fail_at(spot, "the hub is at %lld, not %lld", (long long)run.hub->position,
			(long long)run.hub->head);
	}
}

static bool is_said(void *arg)
{
	return child_said(run.sink, arg);
}

void said_at(struct spot spot, const char *text)
{
	if (!run_until(run.loop, is_said, (void *)(uintptr_t)text, (int)patience_ms())) {
		fail_at(spot, "it did not say %s", text);
	}
}

void refuses_at(struct spot spot, const char *const *words)
{
	int code = run_end();

	if (code != 100) {
		fail_at(spot, "it ended with %d", code);
	}
	if (child_count(run.sink, "\"proc.failed\"") != 1) {
		fail_at(spot, "not one sentence");
	}
	for (; *words; words++) {
		if (!child_said(run.sink, *words)) {
			fail_at(spot, "it did not say: %s", *words);
		}
	}
}

void no_secret_told(struct spot spot)
{
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		if (child_said(run.sink, secrets[i])) {
			fail_at(spot, "it told %s", secrets[i]);
		}
	}
}
