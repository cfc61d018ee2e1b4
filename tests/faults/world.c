/* SPDX-License-Identifier: MIT */
#include "tests/faults/world.h"

#include "tests/faults/compare.h"
#include "tests/support/truth.h"
#include "tests/support/watch.h"
#include "tests/support/web.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *program, *name; /* program NULL: the fetcher of the world's provider */
} parts[PARTS] = {
	[HUB] = {"buildbus-normalizer", "hub"},
	[FETCH_A] = {NULL, "fetch-a"},
	[FETCH_B] = {NULL, "fetch-b"},
	[STORE] = {"buildbus-sink-store", "store"},
};

static const char *program_of(const struct world *world, enum part part)
{
	return parts[part].program ? parts[part].program
	       : world->circleci   ? "buildbus-fetch-circleci"
				   : "buildbus-fetch-buildkite";
}

unsigned world_pick(struct world *world, unsigned limit)
{
	return (unsigned)rand_r(&world->choices) % limit;
}

static void start(struct world *world, enum part part)
{
	world->running[part] = child_start(
		&(struct launch){.place = world->place,
				 .program = program_of(world, part),
				 .args = ARGS("-c", world->place->config, "--name", parts[part].name),
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

static void open_simulator(struct world *world, const char *const *options)
{
	const char *args[40] = {"--token", SIM_TOKEN, "--listen", "127.0.0.1:0", "--seed"};
	char seed[16];
	int count = 5;

	snprintf(seed, sizeof seed, "%u", world->seed % 10000);
	args[count++] = seed;
	for (; *options && count < 39; options++) {
		args[count++] = *options;
	}
	world->sim = simulator_new_at(HERE, world->place, args);
}

/* Those that have a build. */
static void list_pipelines(struct world *world)
{
	char *truth = simulator_truth(world->sim, NULL), slug[160];

	for (const char *line = truth; *line; line = strchr(line, '\n') + 1) {
		size_t i = 0;

		cr_assert_eq(sscanf(line, "{\"id\":\"buildkite/%159[^\"]", slug), 1, "%.80s", line);
		*strrchr(slug, '/') = '\0';
		while (i < world->pipeline_count && strcmp(world->pipelines[i], slug) != 0) {
			i++;
		}
		if (i == world->pipeline_count) {
			world->pipelines = realloc(world->pipelines, (i + 1) * sizeof *world->pipelines);
			world->pipelines[world->pipeline_count++] = strdup(slug);
		}
	}
	free(truth);
}

static void configure_buildkite(const struct world *world, const struct world_setup *setup)
{
	place_write(world->place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1MiB}\n"
		    "sources:\n  - buildkite: {access_token: %s, organization_slug: acme, "
		    "pipeline_slug: \"*\", since: 1d, poll_interval: %s, coverage: %s, "
		    "api_url: %s}\n",
		    world->place->state, SIM_TOKEN, setup->poll, setup->coverage ? "true" : "false",
		    world->sim->api);
}

#define CIRCLECI_SOURCE                                                                                      \
	"  - circleci: {name: %s, build_per: %s, token: %s, project_slug: \"*\", since: 1d, "                \
	"poll_interval: %s, api_url: %s/api/v2}\n"

static void configure_circleci(const struct world *world, const struct world_setup *setup)
{
	const char *root = world->sim->root;

	place_write(world->place, "buildbus.yml",
		    "bus: {state_dir: %s, min_free: 1MiB}\nsources:\n" CIRCLECI_SOURCE CIRCLECI_SOURCE,
		    world->place->state, "whole", "pipeline", SIM_TOKEN, setup->poll, root, "apart",
		    "workflow", SIM_TOKEN, setup->poll, root);
}

void world_open(struct world *world, const struct world_setup *setup)
{
	*world = (struct world){.seed = choose_seed(), .place = place_new(), .circleci = setup->circleci};
	world->choices = world->seed;
	open_simulator(world, setup->sim);
	list_pipelines(world);
	(world->circleci ? configure_circleci : configure_buildkite)(world, setup);
	for (int i = 0; i < PARTS; i++) {
		start(world, (enum part)i);
		child_ready(world->running[i]);
	}
}

void world_close(struct world *world)
{
	for (int i = PARTS; i-- > 0;) {
		if (world->running[i]) {
			child_stop(world->running[i]);
			child_free(&world->running[i]);
		}
	}
	for (size_t i = 0; i < world->pipeline_count; i++) {
		free(world->pipelines[i]);
	}
	free(world->pipelines);
	simulator_free(&world->sim);
	place_free(&world->place);
}

void world_replace(struct world *world, enum part part)
{
	child_kill(world->running[part]);
	child_free(&world->running[part]);
	start(world, part);
}

void world_check_running(const struct world *world)
{
	for (int i = 0; i < PARTS; i++) {
		if (child_ended(world->running[i])) {
			fail_at(HERE, "%s ended by itself", parts[i].name);
		}
	}
}

void world_try(const struct world *world, const char *control, const char *format, ...)
{
	char json[512], url[128];
	va_list args;
	long status;

	va_start(args, format);
	vsnprintf(json, sizeof json, format, args);
	va_end(args);
	for (char *at = json; (at = strchr(at, '\'')); at++) {
		*at = '"';
	}
	snprintf(url, sizeof url, "%s/_sim/%s", world->sim->root, control);
	free(web_ask("POST", url, NULL, json, &status));
	cr_assert(status == 200 || status == 201 || status == 404 || status == 409, "%s: %ld", json, status);
}

static const char *pick_pipeline(struct world *world)
{
	return world->pipelines[world_pick(world, (unsigned)world->pipeline_count)];
}

void world_meddle(struct world *world)
{
	static const char *const actions[] = {"retry", "cancel", "block", "unblock", "finish", "start"};

	world_try(world, "act", "{'pipeline': '%s', 'number': %u, 'action': '%s'}", pick_pipeline(world),
		  1 + world_pick(world, 40), actions[world_pick(world, 6)]);
	if (world_pick(world, 10) == 0) {
		world_try(world, "act",
			  "{'pipeline': '%s', 'action': 'appear', 'after_pages': 1, 'age_ms': %u}",
			  pick_pipeline(world), world_pick(world, 20000));
	}
}

size_t world_finish_all(struct world *world)
{
	char *truth = simulator_truth(world->sim, NULL), *end, organization[128], pipeline[128];
	long long number;
	size_t open = 0;

	for (char *line = truth; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		if (!strstr(line, "\"state\":\"finished\"") &&
		    sscanf(line, "{\"id\":\"buildkite/%127[^/]/%127[^/]/%lld", organization, pipeline,
			   &number) == 3) {
			world_try(world, "act", "{'pipeline': '%s/%s', 'number': %lld, 'action': 'finish'}",
				  organization, pipeline, number);
			open++;
		}
	}
	free(truth);
	return open;
}

void world_pass_time(struct world *world, unsigned most_ms)
{
	poll(NULL, 0, (int)world_pick(world, most_ms));
}

/* Heap. A pipeline of which the configuration is broken is the same build in both lists. */
static char *truth_of(const struct world *world)
{
	char *whole, *apart, *both = NULL;

	if (!world->circleci) {
		return simulator_truth(world->sim, NULL);
	}
	whole = simulator_circleci_truth(world->sim, false);
	apart = simulator_circleci_truth(world->sim, true);
	cr_assert_geq(asprintf(&both, "%s%s", whole, apart), 0);
	free(whole);
	free(apart);
	return both;
}

/* What an armed ambush changes meanwhile is waited for as well. */
void world_settle(const struct world *world, const char *when, int64_t within_ms)
{
	int64_t since = test_now_ms(), until = since + within_ms;
	int watch = watch_open(world->place->state);
	char *truth, *what;

	while (truth = truth_of(world),
	       (what = truth_differs(place_path(world->place, "state/store.db"), truth))) {
		world_check_running(world);
		if (test_now_ms() > until) {
			place_write(world->place, "truth", "%s", truth);
			fail_at(HERE, "%s, after %lld s: %s", when, (long long)within_ms / 1000, what);
		}
		free(what);
		free(truth);
		watch_wait(watch, until);
	}
	fprintf(stderr, "%s: equal after %lld ms\n", when, (long long)(test_now_ms() - since));
	close(watch);
	free(truth);
}

void world_check_log(const struct world *world)
{
	char *what;
	size_t wrong = compare_log(place_path(world->place, "state/hub.db"), &what);

	if (wrong) {
		fail_at(HERE, "%zu records of the log are wrong:\n%s", wrong, what);
	}
	free(what);
	db_becomes(world->place, "hub.db", 0, "SELECT count(*) FROM dead");
	fprintf(stderr, "log: %lld versions of %lld builds\n",
		(long long)db_int(world->place, "hub.db", "SELECT count(*) FROM log"),
		(long long)db_int(world->place, "hub.db", "SELECT count(*) FROM build"));
}
