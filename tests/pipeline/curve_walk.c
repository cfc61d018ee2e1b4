/* The chapter "Certificates" of docs/operations.md, walked through as it is written. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"
#include "tests/support/trio.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct place *place;
static struct child *normalizer, *fetcher, *store;
static struct peer *tapper;

TestSuite(curve_walk, .timeout = 180);

/* The text between two marks, heap. */
static char *between(const char *text, const char *from, const char *to)
{
	const char *start = strstr(text, from), *end = start ? strstr(start + strlen(from), to) : NULL;

	cr_assert(start && end, "no text between %s and %s", from, to);
	start += strlen(from);
	return strndup(start, (size_t)(end - start));
}

static char *read_chapter(void)
{
	char *text = NULL, *chapter;
	size_t room = 0;
	FILE *file = fopen(SOURCE_DIR "/docs/operations.md", "re");

	cr_assert(file && getdelim(&text, &room, '\0', file) > 0);
	fclose(file);
	chapter = between(text, "\n## Certificates\n", "\n## ");
	free(text);
	return chapter;
}

static struct child *start(const char *program)
{
	struct child *child = child_start(&(struct launch){.place = place,
							   .program = program,
							   .args = ARGS("-c", place->config),
							   .env = ARGS("BUILDBUS_LOG=json")});

	child_ready(child);
	return child;
}

static void expect_done(const char *command)
{
	char script[1024];
	struct said said;

	snprintf(script, sizeof script, "cd %s && PATH=%s:$PATH HUB_PID=%d && %s", place->folder,
		 BUILDBUS_BIN_DIR, normalizer ? (int)child_pid(normalizer) : 0, command);
	said = command_run(place, "/bin/sh", ARGS("-ec", script));
	cr_assert_eq(said.code, 0, "%s: %s", command, said.errors);
	said_free(&said);
}

static void start_everything(void)
{
	struct stat info;

	cr_assert_eq(stat(place_path(place, "certs/hub.cert_secret"), &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0600);
	normalizer = start("buildbus-normalizer");
	fetcher = start("buildbus-fetch-buildkite");
	store = start("buildbus-sink-store");
	child_event(store, "sink.attached", NULL, NULL);
	expect_done("buildbus status");
}

static void connect_tapper(void)
{
	zcert_t *own = zcert_load(place_path(place, "certs/tap.cert")),
		*hub_cert = zcert_load(place_path(place, "certs/hub.cert"));
	char endpoint[300];

	snprintf(endpoint, sizeof endpoint, "ipc://%s/feed.ipc", place->state);
	tapper = peer_new_curve(endpoint, zcert_public_txt(hub_cert), zcert_public_txt(own),
				zcert_secret_txt(own));
	zcert_destroy(&own);
	zcert_destroy(&hub_cert);
	say(tapper, "attach nil nil nil");
	hear(tapper, "attached $session ...");
}

/* After the commands of the paragraph that begins so. */
static void check(const char *paragraph)
{
	if (strncmp(paragraph, "Start the hub", 13) == 0) {
		start_everything();
	} else if (strncmp(paragraph, "**Add**", 7) == 0) {
		connect_tapper();
	} else if (strncmp(paragraph, "**Revoke**", 10) == 0) {
		hear(tapper, "error 'denied' ...");
	} else if (strncmp(paragraph, "**Rotate** a client", 19) == 0) {
		child_event(store, "bus.refused", NULL, NULL);
		child_event(store, "bus.admitted", NULL, NULL);
		child_event(store, "sink.attached", NULL, NULL);
	} else if (strncmp(paragraph, "**Rotate** the hub", 18) == 0) {
		cr_expect_eq(child_end(normalizer), 0);
		child_free(&normalizer);
		normalizer = start("buildbus-normalizer");
		child_event(store, "sink.attached", NULL, NULL);
		expect_done("buildbus status");
	}
}

static void do_line(const char *line)
{
	if (strncmp(line, "    $ ", 6) != 0) {
		return;
	}
	if (normalizer) {
		child_skip(normalizer);
	}
	expect_done(line + 6);
	if (strstr(line, "kill -HUP")) {
		child_event(normalizer, "proc.reloaded", NULL, NULL);
	}
}

static void walk(char *chapter)
{
	const char *paragraph = "", *last = "";
	int commands = 0;

	for (char *line = strsep(&chapter, "\n"); line; line = strsep(&chapter, "\n")) {
		bool begins = !*last && *line && !strchr(" |`", *line);

		commands += line[0] == ' ';
		if (begins) {
			check(paragraph);
			paragraph = line;
		}
		do_line(line);
		last = line;
	}
	check(paragraph);
	cr_expect_gt(commands, 15);
}

Test(curve_walk, does_what_the_manual_says)
{
	char *chapter = read_chapter(), *yaml = between(chapter, "```yaml\n", "```");

	place = place_new();
	place_write(place, "buildbus.yml",
		    "%sdestinations: [store]\nsources:\n  - buildkite: {organization_slug: acme, "
		    "access_token: none, pipeline_slug: web, api_url: \"http://127.0.0.1:9\"}\n",
		    yaml);
	walk(chapter);
	peer_free(&tapper);
	child_stop(fetcher);
	child_stop(store);
	child_stop(normalizer);
	child_free(&fetcher);
	child_free(&store);
	child_free(&normalizer);
	free(chapter);
	free(yaml);
	place_free(&place);
}

/* What `keys new` printed, from `    bus:` on, as the configuration of a hub or a client. */
static void paste(const char *printed, const char *file)
{
	char *lines = between(printed, "    bus:\n", "}\n");

	place_write(place, file, "bus:\n      state_dir: state\n%s}\ndestinations: [store]\n", lines);
	free(lines);
}

Test(curve_walk, prints_what_works_when_it_is_pasted)
{
	struct said said;

	place = place_new();
	cr_assert_eq(chdir(place->folder), 0);
	expect_done("mkdir certs clients");
	said = command_run(place, "buildbus", ARGS("keys", "new", "hub", "--role", "hub", "--dir", "certs"));
	cr_assert_eq(said.code, 0, "%s", said.errors);
	paste(said.out, "buildbus.yml");
	said_free(&said);
	said = command_run(place, "buildbus",
			   ARGS("keys", "new", "admin", "--role", "admin", "--dir", "certs/"));
	cr_assert_eq(said.code, 0, "%s", said.errors);
	paste(said.out, "client.yml");
	said_free(&said);
	expect_done("cp certs/admin.cert clients/");
	normalizer = start("buildbus-normalizer");
	expect_done("buildbus status -c client.yml");
	child_stop(normalizer);
	child_free(&normalizer);
	place_free(&place);
}

Test(curve_walk, never_writes_over_a_key)
{
	static const struct {
		const char *args[8];
		int code;
		const char *words;
	} rows[] = {
		{{"keys", "new", "web", "--role", "fetch"}, 1, "web.cert_secret is there already"},
		{{"keys", "new", "web"}, 2, "needs --role|fetch, sink:NAME, tap, admin or hub"},
		{{"keys", "new", "web2", "--role", "sink"}, 2, "\"sink\" is no role|sink:NAME"},
		{{"keys", "new", "../web", "--role", "tap"}, 2, "without a slash"},
		{{"keys", "nwe"}, 2, "did you mean new?"},
		{{"keys"}, 2, "new NAME, init, or list"},
		{{"keys", "new", "web3", "--role", "tap", "--dir", "/nowhere"}, 1, "/nowhere/web3.cert"},
	};
	char *before, *after;
	size_t size;

	place = place_new();
	cr_assert_eq(chdir(place->folder), 0);
	expect_done("buildbus keys new web --role fetch");
	before = place_read(place, "web.cert_secret", &size);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct said said = command_run(place, "buildbus", rows[i].args);

		expect_refusal(&said, rows[i].code, rows[i].words);
		said_free(&said);
	}
	after = place_read(place, "web.cert_secret", &size);
	cr_expect_str_eq(before, after);
	free(before);
	free(after);
	place_free(&place);
}
