/* The promise of the whole: 1,000 builds in 20 pipelines evolve while fetchers, hub and sink carry them to
 * the store; then again while each of these processes is killed -9 at random 50 times. 0 lost, 0 doubled, 0
 * stale.
 *
 * BUILDBUS_FAULTS_SEED=N repeats a run's choices (its timing is the machine's), BUILDBUS_FAULTS_KILLS=N sets
 * the kills a process. */
/* SPDX-License-Identifier: MIT */
#include "tests/faults/compare.h"
#include "tests/support/truth.h"
#include "tests/support/watch.h"
#include "tests/support/web.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { HUB, FETCH_A, FETCH_B, STORE, PROCESSES };
#define KILLS     50
#define STEP_MS   3000 /* of the world's time between two faults */
#define STEPS     (KILLS * PROCESSES)
#define SETTLE_MS 90000 /* open builds are looked at every age/60; the world is 20 minutes old */

static const struct {
	const char *program, *name;
} parts[PROCESSES] = {
	[HUB] = {"buildbus-normalizer", "hub"},
	[FETCH_A] = {"buildbus-fetch-buildkite", "fetch-a"},
	[FETCH_B] = {"buildbus-fetch-buildkite", "fetch-b"},
	[STORE] = {"buildbus-sink-store", "store"},
};

static struct place *place;
static struct simulator *sim;
static struct child *running[PROCESSES];
static unsigned seed;

static unsigned pick(unsigned limit)
{
	return (unsigned)rand_r(&seed) % limit;
}

static void start(int part)
{
	running[part] =
		child_start(&(struct launch){.place = place,
					     .program = parts[part].program,
					     .args = ARGS("-c", place->config, "--name", parts[part].name),
					     /* A killed worker's target must be free again within the run. */
					     .env = ARGS("BUILDBUS_TEST_LEASE_TTL_MS=1500")});
}

static unsigned choose_seed(void)
{
	const char *text = getenv("BUILDBUS_FAULTS_SEED");
	unsigned chosen = text ? (unsigned)strtoul(text, NULL, 10) : (unsigned)test_now_ms();

	fprintf(stderr, "BUILDBUS_FAULTS_SEED=%u\n", chosen);
	return chosen;
}

static void open_world(void)
{
	char world[16];

	seed = choose_seed();
	snprintf(world, sizeof world, "%u", seed % 10000);
	place = place_new();
	sim = simulator_new(place, "--seed", world, "--builds", "600", "--pipelines", "20", "--history",
			    "10m", "--rate", "40");
	place_write(place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1MiB}\n"
		    "sources:\n  - buildkite: {access_token: %s, organization_slug: acme, "
		    "pipeline_slug: \"*\", since: 1d, poll_interval: 1s, api_url: %s}\n",
		    place->state, SIM_TOKEN, sim->api);
	for (int i = 0; i < PROCESSES; i++) {
		start(i);
		child_ready(running[i]);
	}
}

static void close_world(void)
{
	for (int i = PROCESSES; i-- > 0;) {
		if (running[i]) {
			child_stop(running[i]);
			child_free(&running[i]);
		}
	}
	simulator_free(&sim);
	place_free(&place);
}

TestSuite(faults, .timeout = 600, .init = open_world, .fini = close_world);

static void act(const char *json)
{
	char url[128];
	long status;

	snprintf(url, sizeof url, "%s/_sim/act", sim->root);
	free(web_ask("POST", url, NULL, json, &status));
	cr_assert(status == 200 || status == 201 || status == 404 || status == 409, "%s: %ld", json, status);
}

static void advance(int64_t ms)
{
	char json[64];

	snprintf(json, sizeof json, "{'ms': %lld}", (long long)ms);
	simulator_do(sim, "advance", json);
}

/* Something that a person does to a random build; where it doesn't fit nothing happens. */
static void meddle(void)
{
	static const char *const actions[] = {"retry", "cancel", "block", "unblock", "finish", "start"};
	static const char *const pipelines[] = {"web",    "api",   "mobile-app", "billing",
						"search", "infra", "docs"};
	char body[256];

	snprintf(body, sizeof body, "{\"pipeline\": \"acme/%s\", \"number\": %u, \"action\": \"%s\"}",
		 pipelines[pick(7)], 1 + pick(40), actions[pick(6)]);
	act(body);
	if (pick(10) == 0) {
		snprintf(body, sizeof body,
			 "{\"pipeline\": \"acme/%s\", \"action\": \"appear\", \"after_pages\": 1, "
			 "\"age_ms\": %u}",
			 pipelines[pick(7)], pick(20000));
		act(body);
	}
}

/* All that is open ends: what was retried is seen again when it finishes. */
static void finish_all(void)
{
	char *truth = simulator_truth(sim, NULL), *end, body[256], pipeline[128];
	long long number;

	for (char *line = truth; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!strstr(line, "\"state\":\"finished\"") &&
		    sscanf(line, "{\"id\":\"buildkite/acme/%127[^/]/%lld", pipeline, &number) == 2) {
			snprintf(body, sizeof body,
				 "{\"pipeline\": \"acme/%s\", \"number\": %lld, \"action\": \"finish\"}",
				 pipeline, number);
			act(body);
		}
	}
	free(truth);
	advance(1000);
}

/* Not a wait for anything: a fault strikes at any time. */
static void pass_time(unsigned most_ms)
{
	poll(NULL, 0, (int)pick(most_ms));
}

static void check_running(void)
{
	for (int i = 0; i < PROCESSES; i++) {
		if (child_ended(running[i])) {
			fail_at(HERE, "%s ended by itself", parts[i].name);
		}
	}
}

/* Waits until the store equals the truth, which an armed ambush may still change. */
static void settle(const char *when)
{
	int64_t since = test_now_ms(), until = since + SETTLE_MS;
	int watch = watch_open(place->state);
	char *truth, *what;

	while (truth = simulator_truth(sim, NULL),
	       (what = truth_differs(place_path(place, "state/store.db"), truth))) {
		check_running();
		if (test_now_ms() > until) {
			place_write(place, "truth", "%s", truth);
			fail_at(HERE, "%s, after %d s: %s", when, SETTLE_MS / 1000, what);
		}
		free(what);
		free(truth);
		watch_wait(watch, until);
	}
	fprintf(stderr, "%s: equal after %lld ms\n", when, (long long)(test_now_ms() - since));
	close(watch);
	free(truth);
}

static void check_log(void)
{
	char *what;
	size_t wrong = compare_log(place_path(place, "state/hub.db"), &what);

	if (wrong) {
		fail_at(HERE, "%zu records of the log are wrong:\n%s", wrong, what);
	}
	free(what);
	cr_assert_eq(db_int(place, "hub.db", "SELECT count(*) FROM dead"), 0, "dead letters");
	fprintf(stderr, "log: %lld versions of %lld builds\n",
		(long long)db_int(place, "hub.db", "SELECT count(*) FROM log"),
		(long long)db_int(place, "hub.db", "SELECT count(*) FROM build"));
}

Test(faults, a_thousand_builds_arrive_as_they_are)
{
	settle("history");
	for (int i = 0; i < STEPS / 2; i++) {
		advance(STEP_MS);
	}
	settle("half an evolution, open builds included");
	for (int i = 0; i < STEPS / 2; i++) {
		advance(STEP_MS);
		meddle();
		pass_time(50);
	}
	finish_all();
	settle("the end");
	check_log();
}

Test(faults, each_process_killed_50_times_loses_doubles_and_ages_nothing)
{
	const char *text = getenv("BUILDBUS_FAULTS_KILLS");
	int kills = text ? (int)strtol(text, NULL, 10) : KILLS, left[PROCESSES], total = kills * PROCESSES;

	for (int i = 0; i < PROCESSES; i++) {
		left[i] = kills;
	}
	while (total > 0) {
		int victim = (int)pick(PROCESSES);
		if (!left[victim]) {
			continue;
		}
		advance(STEP_MS);
		meddle();
		pass_time(500);
		check_running();
		child_kill(running[victim]);
		child_free(&running[victim]);
		start(victim);
		left[victim]--;
		total--;
	}
	finish_all();
	settle("after the kills");
	check_log();
}

/* The nearest thing to a full disk that a test can set and lift: files can't grow. */
static void fill_disk(int part, bool full)
{
	struct rlimit limit = {full ? 4096 : RLIM_INFINITY, RLIM_INFINITY};

	cr_assert_eq(prlimit(child_pid(running[part]), RLIMIT_FSIZE, &limit, NULL), 0);
}

/* Longer than a lease lives: who wakes up holds a fence, or a session, that is over. */
static void suspend(int part)
{
	child_signal(running[part], SIGSTOP);
	pass_time(3000);
	child_signal(running[part], SIGCONT);
}

Test(faults, full_disks_and_suspended_processes_lose_double_and_age_nothing)
{
	for (int i = 0; i < STEPS / 4; i++) {
		int sufferer = pick(2) ? HUB : STORE;

		advance(STEP_MS);
		meddle();
		fill_disk(sufferer, true);
		pass_time(800);
		if (pick(4) == 0) {
			suspend((int)pick(PROCESSES));
		}
		fill_disk(sufferer, false);
		pass_time(300);
		check_running();
	}
	finish_all();
	settle("after the full disks");
	check_log();
}
