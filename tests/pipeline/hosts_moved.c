/* A network that loses packets, one that is slow, and a hub that is another machine all of a sudden. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/hosts_run.h"

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
