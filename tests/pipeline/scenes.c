/* Builds that an ordinary poller loses: each scene once with the real pipeline, and with two naive pollers
 * that must lose something in it. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/scene.h"

TestSuite(scenes, .timeout = 120);

Test(scenes, trial)
{
	struct scene *scene = scene_new("--builds", "500", "--pipelines", "1");

	scene_start(scene);
	scene_holds_truth(scene);
	scene_visited(scene, NULL);
	scene_free(&scene);
}
