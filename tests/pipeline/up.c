/* `buildbus up`, the real command, with daemons that only stand there. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/child.h"
#include "tests/support/place.h"

#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct place *place;
static struct child *up;

/* Executables find each other beside themselves: so a folder with the real command and stand-ins. */
static void put_program(const char *name, const char *from)
{
	char command[1024];

	snprintf(command, sizeof command, "cp '%s' '%s'", from, place_path(place, name));
	cr_assert_eq(system(command), 0);
}

static void open_place(void)
{
	place = place_new();
	put_program("buildbus", BUILDBUS_BIN_DIR "/buildbus");
	put_program("buildbus-normalizer", STANDIN);
	put_program("buildbus-fetch-buildkite", STANDIN);
	put_program("buildbus-sink-store", STANDIN);
	place_write(place, "buildbus.yml",
		    "sources:\n  - buildkite: {access_token: xyzzy-1, organization_slug: acme, "
		    "pipeline_slug: web}\n");
	/* What the command leaves behind when it is killed comes to us. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void close_place(void)
{
	glob_t reports;

	child_free(&up);
	while (wait(NULL) > 0) {
	}
	cr_assert_eq(glob(place_path(place, "sanitizer*"), 0, NULL, &reports), GLOB_NOMATCH);
	place_free(&place);
}

TestSuite(up, .init = open_place, .fini = close_place, .timeout = 120);

/* `buildbus up -v …` with these daemons' behaviours, e.g. "STANDIN_sink_store=die". */
#define START(environment, ...) start(environment, ARGS("up", "-v", "-c", place->config, ##__VA_ARGS__))

static void start(const char *behaviour, const char *const *args)
{
	const char *env[] = {behaviour, NULL};
	struct launch launch = {
		.place = place,
		.program = place_path(place, "buildbus"),
		.args = args,
		.env = env,
		.no_ready = true,
	};

	up = child_start(&launch);
}

static void expect_from(const char *proc, const char *event)
{
	child_event(up, event, "proc", proc);
}

static pid_t expect_start(const char *name)
{
	const char *pid = strstr(child_event(up, "up.started", "process", name), "\"pid\":");

	cr_assert(pid);
	return (pid_t)strtol(pid + strlen("\"pid\":"), NULL, 10);
}

static void expect_all_ready(void)
{
	child_event(up, "up.ready", NULL, NULL);
}

Test(up, starts_the_hub_first_and_drains_it_last)
{
	pid_t sink;

	START(NULL);
	expect_start("normalizer");
	sink = expect_start("sink-store");
	expect_start("fetch-buildkite");
	expect_all_ready();
	/* Else a terminal's Ctrl-C would reach all of them at once. */
	cr_assert_neq(getpgid(sink), getpgid(child_pid(up)));
	child_signal(up, SIGINT);
	child_event(up, "up.stop", "why", "Ctrl-C");
	expect_from("fetch-buildkite", "proc.exit");
	expect_from("sink-store", "proc.stop");
	expect_from("sink-store", "proc.exit");
	expect_from("normalizer", "proc.stop");
	expect_from("normalizer", "proc.exit");
	cr_assert_eq(child_end(up), 0);
}

Test(up, starts_again_what_was_killed)
{
	pid_t first;

	START(NULL);
	first = expect_start("fetch-buildkite");
	expect_all_ready();
	kill(first, SIGKILL);
	cr_assert(strstr(child_event(up, "up.died", "process", "fetch-buildkite"),
			 "\"signal\":9,\"again_in_ms\":200"));
	cr_assert_neq(expect_start("fetch-buildkite"), first);
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 0);
}

Test(up, starts_the_hub_again_and_leaves_the_others_alone)
{
	pid_t hub;

	START(NULL);
	hub = expect_start("normalizer");
	expect_all_ready();
	kill(hub, SIGKILL);
	child_event(up, "up.died", "process", "normalizer");
	expect_start("normalizer");
	expect_from("normalizer", "proc.ready");
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 0);
	cr_assert_not(child_said(up, "\"up.died\",\"process\":\"sink-store\""));
}

Test(up, waits_ever_longer_before_it_starts_again)
{
	START("STANDIN_sink_store=die");
	cr_assert(strstr(child_event(up, "up.died", "again_in_ms", "200"), "\"sink-store\",\"code\":111"));
	child_event(up, "up.died", "again_in_ms", "400");
	child_event(up, "up.died", "again_in_ms", "800");
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 0);
}

Test(up, does_not_start_again_what_an_operator_must_mend_and_says_so_at_the_end)
{
	START("STANDIN_fetch_buildkite_1=refuse", "--replicas", "fetch-buildkite=2");
	child_event(up, "up.refused", "process", "fetch-buildkite-1");
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 1);
	cr_assert(child_said(up, "buildbus: fetch-buildkite-1: the token is wrong: make a new one"));
	cr_assert_not(child_said(up, "\"up.died\""));
}

Test(up, ends_when_the_hub_is_refused)
{
	START("STANDIN_normalizer=refuse");
	cr_assert_eq(child_end(up), 1);
	cr_assert(child_said(up, "buildbus: normalizer: the token is wrong"));
	cr_assert_not(child_said(up, "sink-store"));
}

Test(up, ends_when_no_fetcher_is_left)
{
	START("STANDIN_fetch_buildkite=refuse");
	child_event(up, "up.stop", "why", "no fetcher is left");
	cr_assert_eq(child_end(up), 1);
}

Test(up, ends_when_no_sink_is_left)
{
	START("STANDIN_sink_store=refuse");
	child_event(up, "up.stop", "why", "no sink is left");
	cr_assert_eq(child_end(up), 1);
}

Test(up, starts_nothing_when_a_variable_is_not_set)
{
	place_write(place, "buildbus.yml",
		    "sources:\n  - buildkite: {access_token: $NO_SUCH_THING, organization_slug: acme, "
		    "pipeline_slug: web}\n");
	START(NULL);
	cr_assert_eq(child_end(up), 2);
	cr_assert(child_said(up, "NO_SUCH_THING"));
	cr_assert_not(child_said(up, "up.started"));
}

Test(up, kills_at_a_second_signal)
{
	START("STANDIN_sink_store=deaf");
	expect_all_ready();
	child_signal(up, SIGINT);
	expect_from("sink-store", "proc.stop");
	/* One that comes at once counts as the first again. */
	while (!child_said(up, "\"up.kill\"")) {
		child_signal(up, SIGINT);
		sched_yield();
	}
	cr_assert_eq(child_end(up), 1);
}

Test(up, takes_the_same_signal_twice_at_once_for_one)
{
	START(NULL);
	expect_all_ready();
	child_signal(up, SIGTERM);
	child_event(up, "up.stop", NULL, NULL);
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 0);
}

Test(up, kills_what_was_stopped_after_10_s)
{
	pid_t sink;

	START(NULL);
	sink = expect_start("sink-store");
	expect_all_ready();
	kill(sink, SIGSTOP);
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 1);
	cr_assert(child_said(up, "not everything ended within 10 s"));
}

Test(up, takes_its_processes_along_when_it_is_killed)
{
	START(NULL);
	expect_all_ready();
	child_signal(up, SIGKILL);
	cr_assert_eq(child_end(up), -SIGKILL);
	/* We are their parent now: all of them end, or the test's timeout strikes. */
	for (int i = 0; i < 3; i++) {
		cr_assert_gt(wait(NULL), 0);
	}
	cr_assert_eq(wait(NULL), -1);
}

Test(up, passes_sighup_on)
{
	START(NULL);
	expect_all_ready();
	child_signal(up, SIGHUP);
	for (int i = 0; i < 3; i++) {
		child_event(up, "proc.reloaded", NULL, NULL);
	}
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 0);
}

Test(up, starts_replicas)
{
	START(NULL, "--replicas", "fetch-buildkite=3");
	expect_all_ready();
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 0);
	cr_assert(child_said(up, "\"proc\":\"fetch-buildkite-1\"") &&
		  child_said(up, "\"proc\":\"fetch-buildkite-3\""));
	cr_assert_not(child_said(up, "fetch-buildkite-4"));
}

Test(up, makes_an_event_of_every_line)
{
	START("STANDIN_sink_store=talk");
	child_event(up, "proc.said", "text", "plain words");
	cr_assert(
		strstr(child_event(up, "proc.said", "text", "and \\\"more\\\""), "\"proc\":\"sink-store\""));
	child_signal(up, SIGTERM);
	cr_assert_eq(child_end(up), 0);
}

Test(up, refuses_a_configuration_that_cant_be_used)
{
	place_write(place, "buildbus.yml", "sources:\n  - buildkit: {}\n");
	START(NULL);
	cr_assert_eq(child_end(up), 2);
	cr_assert(child_said(up, "did you mean buildkite?"));
}

Test(up, refuses_replicas_of_what_is_not_there)
{
	START(NULL, "--replicas", "fetch-circleci=2");
	cr_assert_eq(child_end(up), 2);
	cr_assert(child_said(up, "--replicas fetch-circleci=2: "));
}

Test(up, names_an_executable_that_is_missing)
{
	unlink(place_path(place, "buildbus-sink-store"));
	START(NULL);
	cr_assert_eq(child_end(up), 1);
	cr_assert(child_said(up, "buildbus-sink-store must be beside buildbus"));
}
