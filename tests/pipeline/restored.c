/* The whole pipeline around a hub.db that is put back or lost: the store ends equal to the truth. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct scene *scene;

static void init(void)
{
	scene = scene_new("--builds", "60", "--pipelines", "1");
	scene_start(scene);
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': null}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'result': 'failed'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	scene_holds_truth(scene);
}

static void fini(void)
{
	scene_free(&scene);
}

TestSuite(restored, .timeout = 120, .init = init, .fini = fini);

static void backup(void)
{
	struct said said =
		command_run(scene->place, "buildbus",
			    ARGS("backup", "-c", scene->place->config, place_path(scene->place, "copy.db")));

	cr_assert_eq(said.code, 0, "%s", said.errors);
	said_free(&said);
}

/* Builds that are new, go on, end, and begin again. */
static void an_hour_passes(void)
{
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web', 'duration_ms': null}");
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 61, 'action': 'finish'}");
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 62, 'action': 'retry'}");
	simulator_do(scene->sim, "advance", "{'ms': 3600000}");
}

static void end_hub(void)
{
	child_kill(scene->hub);
	child_free(&scene->hub);
}

static void remove_db(void)
{
	unlink(place_path(scene->place, "state/hub.db"));
	unlink(place_path(scene->place, "state/hub.db-wal"));
	unlink(place_path(scene->place, "state/hub.db-shm"));
}

Test(restored, an_hour_old_backup_ends_equal_to_the_truth)
{
	backup();
	an_hour_passes();
	scene_holds_truth(scene);
	end_hub();
	remove_db();
	cr_assert_eq(rename(place_path(scene->place, "copy.db"), place_path(scene->place, "state/hub.db")),
		     0);
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 64, 'action': 'cancel'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	scene_start_hub(scene);
	child_says(scene->hub, "hub.restored");
	scene_holds_truth(scene);
}

Test(restored, a_lost_hub_ends_equal_to_the_truth)
{
	end_hub();
	remove_db();
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 61, 'action': 'finish'}");
	simulator_do(scene->sim, "build", "{'pipeline': 'web'}");
	simulator_do(scene->sim, "advance", "{'ms': 600000}");
	scene_start_hub(scene);
	scene_holds_truth(scene);
}
