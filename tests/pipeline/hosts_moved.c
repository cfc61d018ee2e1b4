/* A network that loses packets, one that is slow, and a hub that is another machine all of a sudden. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/hosts_run.h"

#define DELAY BUILDBUS_BIN_DIR "/../tests/delay"

TestSuite(hosts_moved, .fini = world_close, .timeout = 300);

Test(hosts_moved, every_eighth_packet_is_lost)
{
	be_patient(6);
	world_open("300");
	hosts_lossy(8);
	world_start_all();
	world_builds(20);
	world_settles();
}

static struct child *long_way(const char *from, const char *to)
{
	struct child *way = child_start(
		&(struct launch){.place = world.place, .program = DELAY, .args = ARGS(from, to, "150")});

	child_ready(way);
	return way;
}

Test(hosts_moved, the_hub_is_on_the_other_side_of_the_world)
{
	struct child *ingest, *feed;

	be_patient(6);
	world_open("1000");
	ingest = long_way(HOSTS_ROUTER ":5550", "10.77.1.1:5550");
	feed = long_way(HOSTS_ROUTER ":5551", "10.77.1.1:5551");
	hosts_name("hub", HOSTS_ROUTER);
	world_start_all();
	world_builds(20);
	world_settles();
	child_kill(ingest);
	world_builds(20);
	child_free(&ingest);
	ingest = long_way(HOSTS_ROUTER ":5550", "10.77.1.1:5550");
	world_settles();
	world_close();
	child_free(&ingest);
	child_free(&feed);
}

/* Everybody calls the old address by then, which the kernel goes on doing for two minutes if it is let. */
Test(hosts_moved, the_hub_comes_back_at_another_address)
{
	be_patient(4);
	world_open("300");
	world_start_all();
	world_settles();
	hosts_cut(HOST_HUB);
	child_kill(world.hub);
	child_free(&world.hub);
	world_builds(20);
	child_event(world.a, "fetch.no_hub", NULL, NULL);
	child_event(world.b, "fetch.no_hub", NULL, NULL);
	world.hub = world_start(HOST_OTHER, "buildbus-normalizer");
	hosts_name("hub", "10.77.5.1");
	child_event(world.store, "sink.attached", NULL, NULL);
	child_event(world.a, "fetch.page", NULL, NULL);
	child_event(world.b, "fetch.page", NULL, NULL);
	world_settles();
}
