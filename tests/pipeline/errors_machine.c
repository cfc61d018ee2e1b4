/* What the machine can refuse: room, rights, ports, sound files. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static struct scene *scene;

static void open_scene(void)
{
	scene = scene_new("--builds", "100", "--pipelines", "1");
}

static void close_scene(void)
{
	scene_free(&scene);
}

TestSuite(machine, .init = open_scene, .fini = close_scene, .timeout = 120);

/* A small disk at folder, in a mount namespace of this test: it goes with it. */
static void mount_disk(const char *folder)
{
	mkdir(folder, 0700);
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", folder, "tmpfs", 0, "size=12m,mode=0700") != 0) {
		cr_skip_test("a disk can't be mounted here (%s): needs root", strerror(errno));
	}
}

/* Writes until nothing fits any more. */
static void fill(const char *path)
{
	static const char zeros[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert_geq(fd, 0);
	while (write(fd, zeros, sizeof zeros) == sizeof zeros) {
	}
	close(fd);
}

static void more_builds(void)
{
	for (int i = 0; i < 200; i++) {
		simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	}
}

Test(machine, a_full_disk_under_the_hub)
{
	const char *ballast;
	int64_t before;

	mount_disk(scene->place->state);
	ballast = place_path(scene->place, "state/ballast");
	scene_start(scene);
	scene_holds_truth(scene);
	before = db_int(scene->place, "hub.db", "SELECT count(*) FROM build");
	fill(ballast);
	expect_words(
		HERE, child_event(scene->hub, "hub.full", NULL, NULL),
		"\"level\":\"error\"|free, under bus.min_free|nothing is taken until there is room again");
	more_builds();
	/* The first may have met the disk before the hub looked at it. */
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.hub_refused", "code", "full"), "retry_ms");
	expect_words(HERE, child_event(scene->fetchers[0], "fetch.hub_refused", "code", "full"),
		     "bus.min_free");
	cr_assert_eq(child_count(scene->fetchers[0], "\"level\":\"warn\""), 1, "and says it once");
	cr_assert_eq(db_int(scene->place, "hub.db", "SELECT count(*) FROM build"), before);
	unlink(place_path(scene->place, "state/ballast"));
	child_event(scene->hub, "hub.taking", NULL, NULL);
	scene_holds_truth(scene);
}

/* min_free is for a disk that others fill slowly; here it comes all at once. */
Test(machine, a_disk_that_is_full_before_the_hub_looks)
{
	mount_disk(scene->place->state);
	scene_configure(scene, "  min_free: 0\n", &(const struct scene_source){.name = NULL}, 1);
	scene_start(scene);
	scene_holds_truth(scene);
	fill(place_path(scene->place, "state/ballast"));
	more_builds();
	expect_words(HERE, child_event(scene->hub, "hub.rollback", NULL, NULL), "hub.db|full");
	cr_assert_not(child_ended(scene->hub));
	unlink(place_path(scene->place, "state/ballast"));
	scene_holds_truth(scene);
	cr_assert_not(child_ended(scene->sink));
	cr_assert_not(child_ended(scene->fetchers[0]));
}

/* The store on a disk of its own. */
static void separate_store(const char *folder)
{
	place_write(scene->place, "store.yml", "bus: {state_dir: %s, feed: \"ipc://%s/feed.ipc\"}\n", folder,
		    scene->place->state);
}

static struct child *start_store(uid_t uid)
{
	return child_start(&(struct launch){.place = scene->place,
					    .program = "buildbus-sink-store",
					    .args = ARGS("-c", place_path(scene->place, "store.yml")),
					    .uid = uid});
}

Test(machine, a_full_disk_under_the_store)
{
	struct place disk = {.state = strdup(place_path(scene->place, "disk"))};
	struct child *store;
	char *truth;

	mount_disk(disk.state);
	separate_store(disk.state);
	scene_start_hub(scene);
	store = start_store(0);
	child_ready(store);
	fill(place_path(scene->place, "disk/ballast"));
	scene_start_fetcher(scene);
	expect_words(HERE, child_event(store, "sink.retry", NULL, NULL),
		     "\"level\":\"warn\"|store.db|disk is full|make room|by itself");
	db_becomes(scene->place, "hub.db", 100, "SELECT count(*) FROM build");
	unlink(place_path(scene->place, "disk/ballast"));
	child_event(store, "sink.recovered", NULL, NULL);
	truth = simulator_truth(scene->sim, NULL);
	store_holds(&disk, truth);
	free(truth);
	child_stop(store);
	child_free(&store);
	free(disk.state);
}

static void refuses_as_nobody(const char *folder, const char *words)
{
	struct said said;
	struct child *store;

	if (geteuid() != 0) {
		cr_skip_test("to run as somebody else needs root");
	}
	separate_store(folder);
	cr_assert_eq(chmod(scene->place->folder, 0755), 0);
	cr_assert_eq(chmod(place_path(scene->place, "store.yml"), 0644), 0);
	store = start_store(NOBODY);
	said = (struct said){.code = child_end(store), .errors = child_text(store)};
	expect_refusal(&said, 100, words);
	said_free(&said);
	child_free(&store);
}

Test(machine, a_store_in_a_folder_that_it_may_not_write)
{
	cr_assert_eq(mkdir(place_path(scene->place, "theirs"), 0755), 0);
	refuses_as_nobody(place_path(scene->place, "theirs"),
			  "theirs/store.db|Permission denied|give this user the right|bus.state_dir");
}

Test(machine, a_store_whose_folder_can_not_be_made)
{
	refuses_as_nobody(place_path(scene->place, "no/where"), "no/where|Permission denied|bus.state_dir");
}

Test(machine, a_hub_whose_folder_may_not_be_written)
{
	struct child *hub;
	struct said said;

	if (geteuid() != 0) {
		cr_skip_test("to run as somebody else needs root");
	}
	cr_assert_eq(mkdir(scene->place->state, 0755), 0);
	scene_source(scene, .name = NULL);
	cr_assert_eq(chmod(scene->place->folder, 0755), 0);
	cr_assert_eq(chmod(scene->place->config, 0644), 0);
	hub = child_start(&(struct launch){.place = scene->place,
					   .program = "buildbus-normalizer",
					   .args = ARGS("-c", scene->place->config),
					   .uid = NOBODY});
	said = (struct said){.code = child_end(hub), .errors = child_text(hub)};
	expect_refusal(&said, 100, "bus.state_dir|can't be written|Permission denied|choose another");
	said_free(&said);
	child_free(&hub);
}

Test(machine, a_store_db_that_is_damaged)
{
	struct said said;

	cr_assert_eq(mkdir(scene->place->state, 0700), 0);
	scene_source(scene, .name = NULL);
	place_write(scene->place, "state/store.db", "%02000d", 7);
	said = command_run(scene->place, "buildbus-sink-store", ARGS("-c", scene->place->config));
	expect_refusal(&said, 100, "store.db is damaged|move it away|another `name:`");
	said_free(&said);
	said = command_run(scene->place, "buildbus", ARGS("builds", "-c", scene->place->config));
	cr_assert_eq(said.code, 1);
	expect_words(HERE, said.errors, "store.db|can't be read|damaged");
	said_free(&said);
}

Test(machine, a_metrics_port_in_use)
{
	static const char *const programs[] = {"buildbus-normalizer", "buildbus-sink-store",
					       "buildbus-fetch-buildkite"};
	const char *taken = strstr(scene->sim->root, "127");

	scene_source(scene, .name = NULL);
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		struct said said = command_run(scene->place, programs[i],
					       ARGS("-c", scene->place->config, "--metrics", taken));

		expect_refusal(&said, 100, "--metrics 127.0.0.1:|the port is in use|choose another");
		said_free(&said);
	}
	cr_assert_eq(access(scene->place->state, F_OK), -1, "a state was made");
}

Test(machine, an_address_of_the_bus_in_use_stops_up_with_the_sentence)
{
	char bus[96];
	struct said said;

	snprintf(bus, sizeof bus, "  ingest: tcp://%s\n", strstr(scene->sim->root, "127"));
	scene_configure(scene, bus, &(const struct scene_source){.name = NULL}, 1);
	said = command_run(scene->place, "buildbus", ARGS("up", "-c", scene->place->config));
	cr_assert_eq(said.code, 1);
	expect_words(HERE, strstr(said.errors, "buildbus: normalizer: "),
		     "bus.ingest: tcp://127.0.0.1:|can't be bound|stop what listens there|choose another");
	said_free(&said);
}

Test(machine, a_second_up_on_the_same_state_stops_with_the_sentence)
{
	struct said said;

	scene_start(scene);
	said = command_run(scene->place, "buildbus", ARGS("up", "-c", scene->place->config));
	cr_assert_eq(said.code, 1);
	expect_words(HERE, strstr(said.errors, "buildbus: normalizer: "), "another normalizer|stop it");
	said_free(&said);
	scene_holds_truth(scene);
}

/* And the way out that the sentences about lost and damaged stores promise. */
Test(machine, a_store_db_that_was_lost_is_not_filled_from_the_middle)
{
	struct said said;

	scene_start(scene);
	scene_holds_truth(scene);
	child_stop(scene->sink);
	child_free(&scene->sink);
	unlink(place_path(scene->place, "state/store.db"));
	said = command_run(scene->place, "buildbus-sink-store", ARGS("-c", scene->place->config));
	expect_refusal(&said, 100, "store.db is empty|the hub counts 100|put the file back|another `name:`");
	said_free(&said);
	place_write(scene->place, "store.yml",
		    "bus: {state_dir: %s}\ndestinations:\n  - store: {name: again}\n", scene->place->state);
	scene->sink = start_store(0);
	child_ready(scene->sink);
	scene_holds_truth(scene);
}
