/* A token is in no log, no command line, no page, no file but the configuration. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"
#include "tests/support/web.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(secrets, .timeout = 120);

static void tells_nothing(struct spot spot, const char *who, const char *text)
{
	if (strstr(text, SIM_TOKEN)) {
		fail_at(spot, "%s tells the token: %s", who, text);
	}
}

static void page_tells_nothing(struct spot spot, const char *address, const char *path, const char *word)
{
	char url[128], *body;
	long status;

	snprintf(url, sizeof url, "http://%s%s", address, path);
	body = web_ask("GET", url, NULL, NULL, &status);
	tells_nothing(spot, url, body);
	expect_words(spot, body, word);
	free(body);
}

static int64_t parent_of(const char *pid)
{
	char path[300], line[512] = "";
	FILE *file;
	long long parent = 0;

	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (file) {
		if (fgets(line, sizeof line, file) && strrchr(line, ')')) {
			parent = strtoll(strrchr(line, ')') + 4, NULL, 10);
		}
		fclose(file);
	}
	return parent;
}

/* As ps shows it: arguments separated by NUL. */
static void command_line_tells_nothing(struct spot spot, const char *pid)
{
	char path[300], line[4096] = "";
	FILE *file;
	size_t size;

	snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
	file = fopen(path, "re");
	if (!file) {
		return;
	}
	size = fread(line, 1, sizeof line - 1, file);
	fclose(file);
	for (size_t i = 0; i < size; i++) {
		line[i] = line[i] ? line[i] : ' ';
	}
	tells_nothing(spot, "ps", line);
}

/* Of a process and its children; returns how many children. */
static int command_lines_tell_nothing(struct spot spot, pid_t parent)
{
	DIR *folder = opendir("/proc");
	int children = 0;

	cr_assert(folder);
	for (struct dirent *entry; (entry = readdir(folder));) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    parent_of(entry->d_name) == parent) {
			command_line_tells_nothing(spot, entry->d_name);
			children++;
		}
	}
	closedir(folder);
	return children;
}

static void command_tells_nothing(struct spot spot, const struct place *place, const char *const *args)
{
	struct said said = command_run_at(spot, place, "buildbus", args);

	tells_nothing(spot, args[0], said.out);
	tells_nothing(spot, args[0], said.errors);
	if (said.code != 0) {
		fail_at(spot, "%s ended with %d: %s", args[0], said.code, said.errors);
	}
	said_free(&said);
}

/* From the environment, which is how most people give it; scene_free looks into the state. */
Test(secrets, are_told_by_nobody_while_all_goes_well)
{
	static const char *const env[] = {"SIM_TOKEN=" SIM_TOKEN, NULL};
	struct scene *scene = scene_new("--builds", "50", "--pipelines", "2");
	const char *const file[] = {"-c", scene->place->config};
	struct child *up;

	scene_source(scene, .pipelines = "\"*\"", .token = "$SIM_TOKEN");
	up = child_start(&(struct launch){.place = scene->place,
					  .program = "buildbus",
					  .args = ARGS("up", "-v", file[0], file[1]),
					  .env = env,
					  .no_ready = true,
					  .stdout_path = place_path(scene->place, "up.out")});
	child_event(up, "up.ready", NULL, NULL);
	scene_holds_truth(scene);
	cr_assert_eq(command_lines_tell_nothing(HERE, child_pid(up)), 3);
	setenv("SIM_TOKEN", SIM_TOKEN, 1);
	command_tells_nothing(HERE, scene->place, ARGS("validate", file[0], file[1]));
	command_tells_nothing(HERE, scene->place, ARGS("status", file[0], file[1]));
	command_tells_nothing(HERE, scene->place, ARGS("status", "--json", file[0], file[1]));
	command_tells_nothing(HERE, scene->place, ARGS("builds", "--json", file[0], file[1]));
	child_stop(up);
	child_free(&up);
	scene_free(&scene);
}

Test(secrets, are_told_by_nobody_when_the_provider_refuses_them)
{
	struct scene *scene = scene_new("--builds", "50", "--pipelines", "1");
	const struct scene_source sources[] = {
		{.name = "bad", .token = SIM_TOKEN "-wrong"},
		{.name = "good"},
	};
	char address[64];

	scene_configure(scene, NULL, sources, 2);
	scene_start_hub(scene);
	scene_start_sink(scene);
	snprintf(address, sizeof address, "127.0.0.1:%d", free_port());
	scene->fetchers[0] = child_start(
		&(struct launch){.place = scene->place,
				 .program = "buildbus-fetch-buildkite",
				 .args = ARGS("-v", "-c", scene->place->config, "--metrics", address)});
	child_ready(scene->fetchers[0]);
	child_event(scene->fetchers[0], "fetch.refused", NULL, NULL);
	page_tells_nothing(HERE, address, "/metrics", "refused");
	page_tells_nothing(HERE, address, "/healthz", "ok");
	command_tells_nothing(HERE, scene->place, ARGS("status", "-c", scene->place->config));
	scene_holds_truth(scene);
	scene_free(&scene);
}

/* The provider's error page may hold what it was sent. */
Test(secrets, are_not_repeated_from_the_answers_of_a_provider)
{
	struct scene *scene = scene_new("--builds", "50", "--pipelines", "1");

	simulator_do(scene->sim, "faults",
		     "{'status': 400, 'count': 1, 'body': 'bad header Authorization: Bearer " SIM_TOKEN "'}");
	scene_start(scene);
	child_event(scene->fetchers[0], "fetch.failed", NULL, NULL);
	be_patient(2);
	scene_holds_truth(scene);
	scene_free(&scene);
}
