/* Pipelines that are renamed, archived, deleted and made anew while they are followed. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(pipelines, .timeout = 180);

static void pipeline(const struct scene *scene, const char *json)
{
	simulator_do(scene->sim, "pipeline", json);
}

static void build(const struct scene *scene, const char *json)
{
	simulator_do(scene->sim, "build", json);
}

/* The target is due now, however long it was told to wait, and whoever stands in for it: once the visit that
 * was told so is over. */
static void due_now(const struct scene *scene, const char *target)
{
	char sql[160];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM lease WHERE target LIKE 'buildkite:acme/%s'", target);
	db_becomes(scene->place, "hub.db", 0, sql);
	snprintf(sql, sizeof sql,
		 "UPDATE target SET due_at = 0, net_at = 0 WHERE name LIKE 'buildkite:acme/%s'", target);
	db_change(scene->place, "hub.db", sql);
}

static void discover(struct scene *scene)
{
	child_skip(scene->fetchers[0]);
	due_now(scene, "*");
	child_event(scene->fetchers[0], "fetch.discovered", NULL, NULL);
}

/* So many builds, each once, whatever they are called. */
static void stored(struct spot spot, const struct scene *scene, int64_t count)
{
	db_becomes_at(spot, scene->place, "store.db", count, "SELECT count(*) FROM builds");
	cr_assert_eq(db_int(scene->place, "store.db", "SELECT count(DISTINCT uid) FROM builds"), count,
		     "line %d: a build is there twice", spot.line);
}

#define stored(scene, count) stored(HERE, scene, count)

static void all_finished(struct spot spot, const struct scene *scene)
{
	db_becomes_at(spot, scene->place, "store.db", 0,
		      "SELECT count(*) FROM builds WHERE state <> 'finished'");
}

#define all_finished(scene) all_finished(HERE, scene)

/* 20 that are over and one that runs, in web; 5 in api. */
static struct scene *open_scene(const char *pipelines)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "2");

	for (int i = 0; i < 20; i++) {
		build(scene, "{'pipeline': 'web', 'duration_ms': 1000}");
	}
	for (int i = 0; i < 5; i++) {
		build(scene, "{'pipeline': 'api', 'duration_ms': 1000}");
	}
	build(scene, "{'pipeline': 'web', 'duration_ms': null}");
	simulator_do(scene->sim, "advance", "{'ms': 200000}");
	scene_source(scene, .pipelines = pipelines);
	scene_start(scene);
	scene_holds_truth(scene);
	return scene;
}

static void rename_web(struct scene *scene, int redirect)
{
	char json[128];

	snprintf(json, sizeof json, "{'pipeline': 'web', 'action': 'rename', 'slug': 'shop', 'redirect': %d}",
		 redirect);
	pipeline(scene, json);
	simulator_do(scene->sim, "advance", "{'ms': 1000}");
	build(scene, "{'pipeline': 'shop', 'duration_ms': 1000}");
	build(scene, "{'pipeline': 'shop', 'duration_ms': null}");
	simulator_do(scene->sim, "advance", "{'ms': 2000}");
}

static void end_open_builds(const struct scene *scene, const char *slug)
{
	char json[128];

	for (int number = 21; number <= 23; number += 2) {
		snprintf(json, sizeof json, "{'pipeline': '%s', 'number': %d, 'action': 'finish'}", slug,
			 number);
		simulator_do(scene->sim, "act", json);
	}
	simulator_do(scene->sim, "advance", "{'ms': 2000}");
}

static void a_redirect_is_followed(int status)
{
	struct scene *scene = open_scene("[web, api]");

	rename_web(scene, status);
	due_now(scene, "web");
	stored(scene, 28);
	end_open_builds(scene, "shop");
	all_finished(scene);
	stored(scene, 28);
	cr_assert_eq(db_int(scene->place, "store.db", "SELECT count(*) FROM builds WHERE id LIKE '%/shop/%'"),
		     2);
	cr_assert_eq(child_count(scene->fetchers[0], "fetch.moved"), 1);
	scene_free(&scene);
}

Test(pipelines, a_renamed_one_whose_old_slug_is_redirected_for_good)
{
	a_redirect_is_followed(301);
}

Test(pipelines, a_renamed_one_whose_old_slug_is_redirected_for_now)
{
	a_redirect_is_followed(307);
}

/* 404 is told once, the other pipeline goes on, and with the new slug all builds are the same ones. */
Test(pipelines, a_renamed_one_whose_old_slug_is_gone)
{
	struct scene *scene = open_scene("[web, api]");
	const char *line;

	rename_web(scene, 0);
	due_now(scene, "web");
	line = child_event(scene->fetchers[0], "fetch.refused", "target", "buildkite:acme/web");
	expect_words(HERE, line,
		     "\"level\":\"error\"|no pipeline 'web' in organization 'acme' any more|renamed");
	due_now(scene, "web");
	line = child_event(scene->fetchers[0], "fetch.refused", "target", "buildkite:acme/web");
	expect_words(HERE, line, "\"level\":\"debug\"");
	build(scene, "{'pipeline': 'api', 'duration_ms': 1000}");
	stored(scene, 27);
	scene_source(scene, .pipelines = "[shop, api]");
	child_signal(scene->hub, SIGHUP);
	stored(scene, 29);
	end_open_builds(scene, "shop");
	simulator_do(scene->sim, "advance", "{'ms': 2000}");
	all_finished(scene);
	stored(scene, 29);
	cr_assert_eq(child_count(scene->hub, "hub.renamed"), 1);
	scene_free(&scene);
}

Test(pipelines, a_renamed_one_among_all_is_found_again)
{
	struct scene *scene = open_scene("\"*\"");

	rename_web(scene, 0);
	discover(scene);
	stored(scene, 28);
	end_open_builds(scene, "shop");
	all_finished(scene);
	stored(scene, 28);
	discover(scene);
	db_becomes(scene->place, "hub.db", 0, "SELECT active FROM target WHERE name = 'buildkite:acme/web'");
	scene_free(&scene);
}

/* Its builds stay, what runs is followed to its end, and it comes back with what it was. */
Test(pipelines, an_archived_one_among_all)
{
	struct scene *scene = open_scene("\"*\"");

	pipeline(scene, "{'pipeline': 'web', 'action': 'archive'}");
	discover(scene);
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 21, 'action': 'finish'}");
	simulator_do(scene->sim, "advance", "{'ms': 60000}");
	all_finished(scene);
	discover(scene);
	db_becomes(scene->place, "hub.db", 0, "SELECT active FROM target WHERE name = 'buildkite:acme/web'");
	scene_holds_truth(scene);
	pipeline(scene, "{'pipeline': 'web', 'action': 'unarchive'}");
	build(scene, "{'pipeline': 'web', 'duration_ms': 1000}");
	simulator_do(scene->sim, "advance", "{'ms': 2000}");
	discover(scene);
	scene_holds_truth(scene);
	scene_free(&scene);
}

Test(pipelines, an_archived_one_that_is_named_can_be_read)
{
	struct scene *scene = scene_new("--builds", "200", "--pipelines", "1");

	pipeline(scene, "{'pipeline': 'web', 'action': 'archive'}");
	scene_start(scene);
	scene_holds_truth(scene);
	scene_free(&scene);
}

/* Its builds stay; another one under its slug has ids of its own, also where the numbers are the same. */
Test(pipelines, a_deleted_one_and_another_under_its_slug)
{
	struct scene *scene = open_scene("[web, api]");
	const char *line;

	pipeline(scene, "{'pipeline': 'web', 'action': 'delete'}");
	due_now(scene, "web");
	line = child_event(scene->fetchers[0], "fetch.refused", "target", "buildkite:acme/web");
	expect_words(HERE, line, "\"level\":\"error\"|any more");
	build(scene, "{'pipeline': 'api', 'duration_ms': 1000}");
	stored(scene, 27);
	pipeline(scene, "{'pipeline': 'web', 'action': 'recreate'}");
	for (int i = 0; i < 21; i++) {
		build(scene, "{'pipeline': 'web', 'duration_ms': 1000}");
	}
	build(scene, "{'pipeline': 'web', 'duration_ms': null}");
	simulator_do(scene->sim, "advance", "{'ms': 2000}");
	due_now(scene, "web");
	child_event(scene->fetchers[0], "fetch.recovered", "target", "buildkite:acme/web");
	stored(scene, 49);
	cr_assert_eq(db_int(scene->place, "store.db", "SELECT count(*) FROM builds WHERE id LIKE '%~%'"), 21);
	db_becomes(scene->place, "store.db", 1,
		   "SELECT count(*) FROM builds WHERE provider_state = 'gone' AND number = 21");
	simulator_do(scene->sim, "act", "{'pipeline': 'web', 'number': 22, 'action': 'finish'}");
	simulator_do(scene->sim, "advance", "{'ms': 2000}");
	all_finished(scene);
	cr_assert_eq(child_count(scene->fetchers[0], "\"level\":\"error\""), 1);
	scene_free(&scene);
}

/* None of them is forgotten, however many pages and messages the list takes. */
Test(pipelines, an_organization_of_more_than_twenty_thousand)
{
	struct scene *scene = scene_new("--builds", "0", "--pipelines", "20100");

	scene_source(scene, .pipelines = "\"*\"");
	scene_start_hub(scene);
	scene_start_fetcher(scene);
	be_patient(6);
	child_event(scene->fetchers[0], "fetch.discovered", "pipelines", "20100");
	db_becomes(scene->place, "hub.db", 20100,
		   "SELECT count(*) FROM target WHERE active = 1 AND parent IS NOT NULL");
	scene_free(&scene);
}

/* Not while a visit is under way: its end would put that off again. */
static void ask_for_open(const struct scene *scene)
{
	db_becomes(scene->place, "hub.db", 0, "SELECT count(*) FROM lease WHERE target LIKE '%acme/web'");
	db_change(scene->place, "hub.db", "UPDATE build SET due_at = 0 WHERE finished = 0");
	due_now(scene, "web");
}

/* Three answers of 404 over an hour of the provider's time end what ran in it. */
Test(pipelines, open_builds_of_a_deleted_one_are_gone_after_an_hour)
{
	struct scene *scene = open_scene("[web, api]");

	pipeline(scene, "{'pipeline': 'web', 'action': 'delete'}");
	for (int answers = 1; answers <= 2; answers++) {
		ask_for_open(scene);
		db_becomes(scene->place, "hub.db", answers, "SELECT misses FROM build WHERE finished = 0");
		simulator_do(scene->sim, "advance", "{'ms': 1860000}");
	}
	ask_for_open(scene);
	all_finished(scene);
	cr_assert_eq(db_int(scene->place, "store.db",
			    "SELECT count(*) FROM builds WHERE provider_state = 'gone' AND result IS NULL"),
		     1);
	stored(scene, 26);
	scene_free(&scene);
}

/* Triggered all at once, more than a list goes down: 400, "Listing builds this deep is not supported". */
Test(pipelines, more_builds_of_one_millisecond_than_can_be_listed)
{
	struct scene *scene = scene_new("--builds", "20", "--pipelines", "1", "--deep-limit", "300");

	for (int i = 0; i < 1000; i++) {
		build(scene, "{'pipeline': 'web', 'created_ago_ms': 86400000, 'duration_ms': 1000}");
	}
	scene_start(scene);
	be_patient(3);
	scene_holds_truth(scene);
	for (int i = 0; i < 1000; i++) {
		build(scene, "{'pipeline': 'web', 'duration_ms': 1000}");
	}
	simulator_do(scene->sim, "advance", "{'ms': 400000}");
	scene_holds_truth(scene);
	cr_assert(child_said(scene->fetchers[0], "fetch.deep"));
	cr_assert_not(child_said(scene->fetchers[0], "fetch.failed"));
	scene_free(&scene);
}
