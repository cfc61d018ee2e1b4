/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sink_run.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct run run;

void sink_run_init(const char *program, const char *const *secrets)
{
	static const char *const customary[] = {"FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST",
						"GOOGLE_APPLICATION_CREDENTIALS", "HTTPS_PROXY",
						"https_proxy"};

	for (size_t i = 0; i < sizeof customary / sizeof *customary; i++) {
		unsetenv(customary[i]);
	}
	run.program = program;
	run.secrets = secrets;
	run.place = place_new();
	run.loop = zloop_new();
	run.hub = malloc(sizeof *run.hub);
	fake_hub_init(run.hub, run.loop);
	fake_hub_bind(run.hub);
}

void sink_run_fini(void)
{
	if (run.sink) {
		no_secret_told(HERE);
		child_free(&run.sink);
	}
	fake_hub_fini(run.hub);
	free(run.hub);
	zloop_destroy(&run.loop);
	place_free(&run.place);
}

void run_destination(const char *format, ...)
{
	va_list values;
	char *destination;

	va_start(values, format);
	cr_assert(vasprintf(&destination, format, values) > 0);
	va_end(values);
	place_write(run.place, "buildbus.yml", "bus: {state_dir: %s, feed: \"%s\"}\ndestinations:\n  - %s\n",
		    run.place->state, run.hub->endpoint, destination);
	free(destination);
}

void run_start(void)
{
	run.sink = child_start(&(struct launch){.place = run.place,
						.program = run.program,
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
	fake_hub_forget(run.hub);
	run_start();
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
	for (const char *const *secret = run.secrets; secret && *secret; secret++) {
		if (child_said(run.sink, *secret)) {
			fail_at(spot, "it told %s", *secret);
		}
	}
}
