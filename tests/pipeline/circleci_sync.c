/* `buildbus sync` of CircleCI into Firestore, without a state of its own: what the destination knows says
 * what to ask for. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_google.h"

#include <stdio.h>

static void begin_circleci(void)
{
	begin_at(3 * HOUR, "0");
	place_write(
		where.place, "buildbus.yml",
		"source:\n  circleci:\n    token: %s\n    project_slug: gh/acme/web\n    api_url: %s/api/v2\n"
		"destination:\n  firestore:\n    firebase_project_id: %s\n"
		"    firebase_user_email: $WEB_APP_USER_EMAIL\n"
		"    firebase_user_pass: $WEB_APP_USER_PASSWORD\n"
		"    firebase_public_api_key: $CI_INTEGRATIONS_FIREBASE_API_KEY\n"
		"    metrics_project_id: $METRICS_PROJECT_ID\n",
		SIM_TOKEN, sim->root, firebase);
}

TestSuite(circleci_sync, .timeout = 240, .init = begin_circleci, .fini = end);

static void sync_newest(void)
{
	struct sync_run run = sync_once(&where, 0, "--initial-sync-limit", "1", PATIENT);

	sync_run_free(&run);
}

static void pass_builds(int count)
{
	for (int i = 0; i < count; i++) {
		world_build(sim, "'duration_ms': 1000");
		world_pass(sim, MINUTE);
	}
}

/* The destination knows it by its number, which is no id of CircleCI's. */
Test(circleci_sync, what_was_in_progress_is_asked_for_by_its_number)
{
	world_build(sim, "'duration_ms': null");
	pass_builds(3);
	sync_well();
	expect_build(1, "BuildStatus.inProgress", "null");
	pass_builds(2);
	world_act(sim, 1, "finish");
	pass_builds(1);
	sync_newest();
	expect_build(1, "BuildStatus.successful", "\"300000\"");
	cr_expect_geq(simulator_count(sim, "cc_numbered"), 1);
}

/* It had not begun when the destination heard of what was created after it. */
Test(circleci_sync, what_was_created_before_the_newest_finish_and_ended_later_is_not_missed)
{
	world_build(sim, "'queue_ms': 600000, 'duration_ms': 60000");
	pass_builds(3);
	sync_well();
	world_pass(sim, 15 * MINUTE);
	pass_builds(2);
	sync_newest();
	expect_build(1, "BuildStatus.successful", "\"60000\"");
	expect_build(6, "BuildStatus.successful", "\"1000\"");
}
