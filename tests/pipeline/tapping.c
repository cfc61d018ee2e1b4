/* The programs of docs/tapping.md, as they stand there, beside what the simulated provider knows. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/scene.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

static struct scene *scene;
static struct child *example;
static char *document;

static void open_scene(void)
{
	FILE *file = fopen(SOURCE_DIR "/docs/tapping.md", "re");
	size_t room = 0;

	cr_assert(file && getdelim(&document, &room, '\0', file) > 0);
	fclose(file);
	scene = scene_new("--builds", "60", "--pipelines", "1");
	scene_start_hub(scene);
}

/* With all that it started. */
static void end_example(void)
{
	if (example && !child_ended(example)) {
		kill(-child_pid(example), SIGKILL);
	}
	child_free(&example);
}

static void close_scene(void)
{
	end_example();
	scene_free(&scene);
	free(document);
}

TestSuite(tapping, .init = open_scene, .fini = close_scene, .timeout = 240);

/* Writes the example of that name into the place. */
static void take(const char *name)
{
	char mark[64];
	const char *at, *end;

	snprintf(mark, sizeof mark, "<!-- example: %s -->\n```", name);
	at = strstr(document, mark);
	cr_assert_not_null(at, "docs/tapping.md has no %s", name);
	at = strchr(at + strlen(mark), '\n') + 1;
	end = strstr(at, "\n```");
	cr_assert_not_null(end);
	place_write(scene->place, name, "%.*s\n", (int)(end - at), at);
}

#define shell(...) place_sh(scene->place, __VA_ARGS__)

static char *shell_said(void)
{
	size_t size;

	return place_read(scene->place, "said", &size);
}

static char *env_of_example(void)
{
	static char text[1024];

	snprintf(text, sizeof text, "BUILDBUS_CONFIG=%s", scene->place->config);
	return text;
}

/* Starts the command line in the place; what it prints goes to the file `out`. */
static void start(const char *command)
{
	char *line = NULL;

	cr_assert_gt(asprintf(&line, "cd '%s' && PATH=%s:/usr/bin:$PATH && exec setsid %s",
			      scene->place->folder, BUILDBUS_BIN_DIR, command),
		     0);
	example = child_start(&(struct launch){.place = scene->place,
					       .program = "/bin/bash",
					       .args = ARGS("-c", line),
					       .env = ARGS(env_of_example()),
					       .no_ready = true,
					       .stdout_path = place_path(scene->place, "out")});
	free(line);
}

/* The provider has something to tell: what it had, builds that run, and how they end. */
static void let_it_happen(void)
{
	simulator_do(scene->sim, "build", "{'pipeline': 'acme/web', 'duration_ms': 60000}");
	simulator_do(scene->sim, "build",
		     "{'pipeline': 'acme/web', 'duration_ms': 90000, 'result': 'failed'}");
	simulator_do(scene->sim, "advance", "{'ms': 1000}");
	scene_start_fetcher(scene);
	scene_visited(scene, NULL);
	simulator_do(scene->sim, "advance", "{'ms': 100000}");
	scene_visited(scene, NULL);
}

/* `<id> <state> <result>` of each record in the log. Heap. */
static char *log_lines(void)
{
	char count[32];
	int64_t head;
	size_t size;

	head = db_int(scene->place, "hub.db", "SELECT count(*) FROM log");
	snprintf(count, sizeof count, "%lld", (long long)head);
	cr_assert_eq(shell("%s/buildbus tap -c buildbus.yml --from 1 -n %s --format json | jq -r '\"\\(.id) "
			   "\\(.state) \\(.result // \"-\")\"' >lines",
			   BUILDBUS_BIN_DIR, count),
		     0);
	return place_read(scene->place, "lines", &size);
}

/* The last line about a build, to its end; NULL: there is none. */
static const char *last_of(const char *lines, const char *id)
{
	const char *found = NULL;
	size_t size = strlen(id);

	for (const char *at = lines; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		if (strncmp(at, id, size) == 0 && at[size] == ' ') {
			found = at + size + 1;
		}
	}
	return found;
}

/* Whether lines end where the provider's world is now. */
static void ends_with_truth(const char *lines)
{
	char *truth = simulator_truth(scene->sim, NULL), *rest = truth, *line;
	int builds = 0;

	while ((line = strsep(&rest, "\n")) && *line) {
		yyjson_doc *doc = yyjson_read(line, strlen(line), 0);
		yyjson_val *build = yyjson_doc_get_root(doc);
		const char *id = yyjson_get_str(yyjson_obj_get(build, "id"));
		const char *result = yyjson_get_str(yyjson_obj_get(build, "result"));
		const char *last = last_of(lines, id);
		char expected[64];

		snprintf(expected, sizeof expected, "%s %s\n", yyjson_get_str(yyjson_obj_get(build, "state")),
			 result ? result : "-");
		cr_assert_not_null(last, "nothing of %s in\n%s", id, lines);
		cr_assert(strncmp(last, expected, strlen(expected)) == 0, "%s is %.30s, not %s", id, last,
			  expected);
		yyjson_doc_free(doc);
		builds++;
	}
	cr_assert_gt(builds, 60);
	free(truth);
}

/* Waits until the example has printed the log, line by line, which ends with the truth. */
static void prints_the_truth(void)
{
	int64_t until_ms = test_now_ms() + patience_ms();
	char *lines = log_lines(), *out;
	size_t size;

	ends_with_truth(lines);
	while (!(out = place_read(scene->place, "out", &size)) || size < strlen(lines)) {
		cr_assert_lt(test_now_ms(), until_ms, "printed\n%s\nnot\n%s", out ? out : "", lines);
		free(out);
		poll(NULL, 0, 10);
	}
	cr_assert_str_eq(out, lines);
	cr_assert(strstr(out, " running -\n"), "not only ends");
	free(out);
	free(lines);
	cr_assert_not(child_said(example, "missed") || child_said(example, "lost"));
}

static void skip_without(const char *what, const char *test)
{
	if (shell("%s", test) != 0) {
		cr_skip_test("%s", what);
	}
}

Test(tapping, in_a_shell)
{
	skip_without("jq is not installed", "jq --version");
	take("listen.sh");
	start("bash listen.sh");
	let_it_happen();
	prints_the_truth();
}

#define SOCKETS "ipc://$PWD/state/tap.ipc ipc://$PWD/state/feed.ipc"

/* The library as somebody finds it who installed it. */
Test(tapping, in_c_with_the_installed_library)
{
	static const char *const links[] = {"$(pkg-config --cflags --libs buildbus-tap) -Wl,-rpath,$PWD/lib",
					    "$(pkg-config --cflags buildbus-tap) lib/libbuildbus-tap.a "
					    "$(pkg-config --static --libs-only-l buildbus-tap | sed "
					    "s/-lbuildbus-tap//)"};

	skip_without("jq is not installed", "jq --version");
	cr_assert_eq(shell("cmake --install " BINARY_DIR " --component tap --prefix $PWD"), 0, "%s",
		     shell_said());
	take("listen.c");
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(shell("export PKG_CONFIG_PATH=$(dirname $(find $PWD -name buildbus-tap.pc)); "
				   "cc -Wall -Wextra -Werror %s -o listen%d listen.c %s",
				   TEST_FLAGS, i, links[i]),
			     0, "%s", shell_said());
	}
	cr_assert_eq(shell("./listen0"), 2 << 8);
	cr_assert_eq(shell("ldd listen1 | grep buildbus"), 1 << 8, "the other one is static");
	start("./listen1 " SOCKETS);
	child_says(example, "listening");
	let_it_happen();
	prints_the_truth();
}

Test(tapping, in_python)
{
	skip_without("python3-zmq and python3-msgpack are not installed",
		     "PATH=/usr/bin:$PATH python3 -c 'import zmq, msgpack'");
	skip_without("jq is not installed", "jq --version");
	take("listen.py");
	start("python3 listen.py ipc://$PWD/state/tap.ipc");
	child_says(example, "listening");
	let_it_happen();
	prints_the_truth();
}

/* The packages stay in the build's folder for the next run. */
Test(tapping, in_javascript)
{
	skip_without("node is not installed", "node --version && npm --version");
	skip_without("jq is not installed", "jq --version");
	skip_without("no npm registry gave zeromq and @msgpack/msgpack",
		     "test -d " BINARY_DIR "/tests/node/node_modules/zeromq || { mkdir -p " BINARY_DIR
		     "/tests/node && cd " BINARY_DIR "/tests/node && timeout -k 5 90 npm install --no-audit "
		     "--no-fund --prefer-offline --ignore-scripts "
		     "zeromq@6 @msgpack/msgpack@3; }");
	take("listen.mjs");
	cr_assert_eq(shell("ln -s " BINARY_DIR "/tests/node/node_modules ."), 0);
	start("node listen.mjs ipc://$PWD/state/tap.ipc");
	child_says(example, "listening");
	let_it_happen();
	prints_the_truth();
}
