/* `buildbus up`: every process of a configuration on this machine, kept running until Ctrl-C. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "compose/command.h"
#include "compose/foreground.h"
#include "compose/idle.h"
#include "compose/show.h"
#include "compose/status_print.h"
#include "compose/status_watch.h"
#include "compose/validate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_AGAIN_MS = 200 };

struct up_options {
	const char *config_file;
	struct option_list replicas;
	bool verbose, quiet, show, once;
};

struct up {
	struct foreground run;
	struct show *show;
	struct status_watch *watch; /* --once */
	size_t sinks;
};

/* What an operator must act on scrolled by long ago. With --once nobody asks the provider again, so a visit
 * that failed is final too: whoever reads exit code 0 relies on the builds being there. */
static void say_again(struct up *up)
{
	for (size_t i = 0; i < up->run.all.fleet.count; i++) {
		const struct child *child = &up->run.all.fleet.children[i];

		if (*child->relay.why) {
			command_fail(EXIT_REFUSED, "%s: %s", child->name, child->relay.why);
		} else if (up->watch && *child->relay.visit_why) {
			command_fail(EXIT_REFUSED, "%s: %s", child->name, child->relay.visit_why);
			up->run.all.failed = true;
		}
	}
}

static bool on_status(void *context, yyjson_mut_val *status)
{
	struct up *up = context;

	if (!is_idle(status, up->sinks)) {
		return false;
	}
	if (up->show && !show_has(up->show, yyjson_mut_get_sint(status_at(status, "head")))) {
		return false;
	}
	supervisor_stop(&up->run.all, "every target was visited, every sink has confirmed everything");
	return true;
}

static void on_show(void *context)
{
	supervisor_fetch(context);
}

/* Where the page is, whatever the level of the log. */
static void on_event(void *context, const char *event, yyjson_val *fields)
{
	const char *page = yyjson_get_str(yyjson_obj_get(fields, "page"));

	(void)context;
	if (page && strcmp(event, "store.listening") == 0) {
		printf("The page: %s\n", page);
		fflush(stdout);
	}
}
static const struct relay_watch page_watch = {on_event, NULL};

static enum status open_watchers(struct up *up, const struct up_options *options, const struct config *config,
				 struct err *err)
{
	enum status status = OK;

	up->run.all.strict = options->once;
	if (options->show) {
		up->run.all.watch = &page_watch;
		up->run.all.hold_fetchers = true;
		status = show_new(&up->show, up->run.all.loop, &config->bus, options->once, on_show,
				  &up->run.all, err);
	}
	if (status == OK && options->once) {
		up->sinks = config_count(config, SECTION_DESTINATION);
		status = status_watch_new(&up->watch, up->run.all.loop, &config->bus, ASK_AGAIN_MS, on_status,
					  up, err);
	}
	return status;
}

static void up_close(struct up *up)
{
	status_watch_free(&up->watch);
	show_free(&up->show);
	foreground_close(&up->run);
}

static int up_config(const struct up_options *options, const struct config *config)
{
	struct up up = {.run.signal_fd = -1};
	struct err err = {0};
	struct fleet_options wanted = {.replicas = &options->replicas, .verbose = options->verbose};
	int code;
	enum status status = fleet_init(&up.run.all.fleet, config, &wanted, &err);

	if (status == OK) {
		status = foreground_open(&up.run, &err);
	}
	if (status == OK) {
		status = open_watchers(&up, options, config, &err);
	}
	if (status == OK) {
		foreground_run(&up.run);
		say_again(&up);
		code = up.run.all.failed ? EXIT_REFUSED : EXIT_DONE;
	} else {
		code = command_fail_err(&err);
	}
	up_close(&up);
	return code;
}

static int up_main(const void *given, char *const *operands)
{
	const struct up_options *options = given;
	struct config config = {0};
	struct err err = {0};
	int code;

	(void)operands;
	if (options->once) { /* every process reads it, and nothing waits until it is due */
		setenv("BUILDBUS_SYNC", "1", 1);
	}
	log_open("up", options->quiet ? LEVEL_WARN : options->verbose ? LEVEL_DEBUG : LEVEL_INFO);
	code = config_load(&config, options->config_file, &err) == OK &&
			       validate_sections(&config, &err) == OK
		       ? up_config(options, &config)
		       : command_fail_err(&err);
	config_fini(&config);
	return code;
}

static const struct option_row up_rows[] = {
	OPTION_CONFIG_FILE(struct up_options, config_file),
	{"replicas", 0, OPTION_EACH, offsetof(struct up_options, replicas), "PROCESS=N",
	 "so many of a fetcher, e.g. fetch-buildkite=3; may be repeated", 0, 0},
	{"verbose", 'v', OPTION_FLAG, offsetof(struct up_options, verbose), NULL, "log debug events too", 0,
	 0},
	{"quiet", 'q', OPTION_FLAG, offsetof(struct up_options, quiet), NULL, "log only warnings and errors",
	 0, 0},
	{"show", 0, OPTION_FLAG, offsetof(struct up_options, show), NULL,
	 "print on stdout the address of the page, and each build whenever it changes", 0, 0},
	{"once", 0, OPTION_FLAG, offsetof(struct up_options, once), NULL,
	 "carry what there is now, then drain and exit", 0, 0},
	OPTION_END,
};

const struct command up_command = {
	.name = "up",
	.summary = "start everything that the configuration needs on this machine, until Ctrl-C",
	.options = up_rows,
	.options_size = sizeof(struct up_options),
	.notes = "Starts the normalizer, then a sink process for each destination and a fetcher for each "
		 "kind of\n"
		 "source. What dies is restarted with back-off; what says that an operator must act is not,\n"
		 "and when no fetcher or no sink is left everything ends.\n"
		 "Ctrl-C drains: fetchers, then sinks, then the normalizer; after 10 s, or at a second "
		 "Ctrl-C, what\n"
		 "is left is killed (nothing acknowledged is lost by that). SIGHUP is passed on: every "
		 "process reads\n"
		 "the configuration anew; a section that is added or removed needs a new start.\n"
		 "With --once it ends when every target was visited and every sink has confirmed everything, "
		 "or\n"
		 "when a process was refused what it needs.\n",
	.exits = "  0  asked to stop, and everything ended by itself\n"
		 "  1  a process was refused what it needs or had to be killed; with --once: or a visit "
		 "failed\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus up -c buildbus.yml --replicas fetch-buildkite=3",
	.run = up_main,
};
