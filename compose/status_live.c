/* `buildbus status --watch`. */
/* SPDX-License-Identifier: MIT */
#include "compose/status_live.h"
#include "common/process.h"
#include "compose/command.h"
#include "compose/status_print.h"
#include "compose/status_watch.h"
#include "compose/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { INTERVAL_MS = 2000, SILENT_MS = 5000 };

#define CLEAR "\033[H\033[2J\033[3J"

struct live {
	const struct bus_config *bus;
	bool json;
	bool over;       /* nobody reads what is printed */
	int64_t told_ms; /* the last answer, or word that there is none */
};

static void clear(void)
{
	if (isatty(STDOUT_FILENO)) {
		fputs(CLEAR, stdout);
	}
}

static bool on_status(void *context, yyjson_mut_val *status)
{
	struct live *live = context;

	live->told_ms = now_ms();
	if (live->json) {
		status_print_json(status);
	} else {
		clear();
		status_print(status);
		puts("");
	}
	live->over = fflush(stdout) != 0;
	return live->over;
}

static int on_tick(zloop_t *loop, int timer, void *arg)
{
	struct live *live = arg;

	(void)loop, (void)timer;
	if (!live->over && now_ms() - live->told_ms >= SILENT_MS) {
		live->told_ms = now_ms();
		live->json ? (void)0 : clear();
		command_fail(EXIT_REFUSED, "no normalizer answers at %s: it is asked again", live->bus->feed);
	}
	return live->over ? -1 : 0;
}

int status_live(const struct bus_config *bus, bool json)
{
	struct live live = {.bus = bus, .json = json, .told_ms = now_ms()};
	struct status_watch *watch = NULL;
	struct err err = {0};
	zloop_t *loop;

	zsys_handler_set(NULL); /* Ctrl-C ends it */
	loop = zloop_new();
	if (!loop) {
		return command_fail(EXIT_REFUSED, "out of memory");
	}
	if (status_watch_new(&watch, loop, bus, INTERVAL_MS, on_status, &live, &err) != OK) {
		zloop_destroy(&loop);
		return command_fail_err(&err);
	}
	zloop_timer(loop, 250, 0, on_tick, &live);
	zloop_start(loop);
	status_watch_free(&watch);
	zloop_destroy(&loop);
	return EXIT_DONE;
}
