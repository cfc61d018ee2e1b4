/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scene *scene_new_at(struct spot spot, const char *const *sim_args)
{
	struct scene *scene = calloc(1, sizeof *scene);

	cr_assert(scene);
	children_keep_secret(SIM_TOKEN);
	scene->place = place_new();
	scene->sim = simulator_new_at(spot, scene->place, sim_args);
	return scene;
}

static void stop(struct spot spot, struct child **child)
{
	if (*child && !child_ended(*child)) {
		child_stop_at(spot, *child);
	}
	child_free_at(spot, child);
}

void scene_free_at(struct spot spot, struct scene **scene)
{
	struct scene *it = *scene;

	for (size_t i = 0; i < SCENE_FETCHERS; i++) {
		stop(spot, &it->fetchers[i]);
	}
	stop(spot, &it->sink);
	stop(spot, &it->hub);
	simulator_free(&it->sim);
	state_holds_no(it->place, SIM_TOKEN);
	place_free(&it->place);
	free(it);
	*scene = NULL;
}

static void write_source(const struct scene *scene, const struct scene_source *source, FILE *out)
{
	fprintf(out,
		"  - buildkite:\n      name: %s\n      access_token: %s\n      organization_slug: %s\n"
		"      pipeline_slug: %s\n      since: %s\n      api_url: %s\n      poll_interval: %s\n"
		"      coverage: %s\n",
		source->name ? source->name : "buildkite", source->token ? source->token : SIM_TOKEN,
		source->organization ? source->organization : "acme",
		source->pipelines ? source->pipelines : "web", source->since ? source->since : "60d",
		source->api ? source->api : scene->sim->api, source->poll ? source->poll : "1s",
		source->coverage ? source->coverage : "false");
	if (source->redact) {
		fprintf(out, "      redact: %s\n", source->redact);
	}
}

void scene_configure(struct scene *scene, const char *bus, const struct scene_source *sources, size_t count)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert(out);
	for (size_t i = 0; i < count; i++) {
		write_source(scene, &sources[i], out);
	}
	fclose(out);
	place_write(scene->place, "buildbus.yml",
		    "bus:\n  state_dir: %s\n%ssources:\n%sdestinations:\n  - store\n", scene->place->state,
		    bus ? bus : "  min_free: 1MiB\n", text);
	free(text);
	scene->config_written = true;
}

void scene_circleci(struct scene *scene, const char *projects, const char *options)
{
	place_write(scene->place, "buildbus.yml",
		    "bus:\n  state_dir: %s\n  min_free: 1MiB\nsources:\n  - circleci:\n      token: %s\n"
		    "      project_slug: %s\n      since: 60d\n      poll_interval: 1s\n"
		    "      api_url: %s/api/v2\n%sdestinations:\n  - store\n",
		    scene->place->state, SIM_TOKEN, projects, scene->sim->root, options);
	scene->config_written = scene->circleci = true;
	scene->per_workflow = strstr(options, "build_per: workflow") != NULL;
}

static struct child *start(struct spot spot, struct scene *scene, const char *program)
{
	static const char *const short_leases[] = {"BUILDBUS_TEST_LEASE_TTL_MS=4000", NULL};
	struct child *child;

	if (!scene->config_written) {
		scene_source(scene, .name = NULL);
	}
	child = child_start(&(struct launch){.place = scene->place,
					     .program = program,
					     .args = ARGS("-c", scene->place->config, "-v"),
					     .env = scene->mortal ? short_leases : NULL});
	child_ready_at(spot, child);
	return child;
}

void scene_start_hub_at(struct spot spot, struct scene *scene)
{
	scene->hub = start(spot, scene, "buildbus-normalizer");
}

void scene_start_sink_at(struct spot spot, struct scene *scene)
{
	scene->sink = start(spot, scene, "buildbus-sink-store");
}

struct child *scene_start_fetcher_at(struct spot spot, struct scene *scene)
{
	size_t i = 0;

	while (i < SCENE_FETCHERS && scene->fetchers[i]) {
		i++;
	}
	cr_assert_lt(i, SCENE_FETCHERS, "%d fetchers run already", SCENE_FETCHERS);
	scene->fetchers[i] =
		start(spot, scene, scene->circleci ? "buildbus-fetch-circleci" : "buildbus-fetch-buildkite");
	return scene->fetchers[i];
}

void scene_start_at(struct spot spot, struct scene *scene)
{
	scene_start_hub_at(spot, scene);
	scene_start_sink_at(spot, scene);
	scene_start_fetcher_at(spot, scene);
}

/* The end of one visit may have been read already when the provider changed; two ends have a whole visit
 * between them. */
void scene_visited_at(struct spot spot, struct scene *scene, const char *target)
{
	child_skip(scene->fetchers[0]);
	for (int i = 0; i < 2; i++) {
		child_event_at(spot, scene->fetchers[0], "fetch.visited", target ? "target" : NULL, target);
	}
}

void scene_holds_truth_at(struct spot spot, const struct scene *scene)
{
	char *truth = scene->circleci ? simulator_circleci_truth(scene->sim, scene->per_workflow)
				      : simulator_truth(scene->sim, NULL);

	store_holds_at(spot, scene->place, truth);
	free(truth);
}

static const char *sought;

static int look_into(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
	size_t size = (size_t)info->st_size;
	FILE *file;
	char *bytes;

	(void)ftw;
	if (kind != FTW_F || !S_ISREG(info->st_mode) || !(file = fopen(path, "re"))) {
		return 0;
	}
	bytes = calloc(1, size + 1);
	cr_assert(bytes);
	size = fread(bytes, 1, size, file);
	if (memmem(bytes, size, sought, strlen(sought))) {
		fail_at(HERE, "%s holds the secret %s", path, sought);
	}
	free(bytes);
	fclose(file);
	return 0;
}

void state_holds_no(const struct place *place, const char *text)
{
	sought = text;
	nftw(place->state, look_into, 16, FTW_PHYS);
}
