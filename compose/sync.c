/* `buildbus sync`: fetch, normalise, write, report, exit. For the last step of a CI pipeline. */
/* SPDX-License-Identifier: MIT */
#include "common/config_value.h"
#include "common/log.h"
#include "common/process.h"
#include "common/time.h"
#include "compose/command.h"
#include "compose/sync_folder.h"
#include "compose/sync_run.h"
#include "compose/validate.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LIMIT_DEFAULT = 28,
	MINUTES_MAX = 10000000,
	REFUSED_SHARE = 10, /* so much of --timeout one build may be refused for before it is given up */
	REFUSED_MAX_MS = 60000,
};

struct sync_command_options {
	const char *config_file, *since, *state, *timeout, *in_progress_timeout;
	int64_t limit;
	bool coverage, no_coverage, dry_run, soft_fail, json, verbose;
};

/* Destinations that take a build again without harm however often it comes; the others remember at the hub
 * what they have done. */
static const char *const stateless[] = {"store", "firestore"};

static bool is_stateless(const char *kind)
{
	for (size_t i = 0; i < sizeof stateless / sizeof *stateless; i++) {
		if (strcmp(stateless[i], kind) == 0) {
			return true;
		}
	}
	return false;
}

static enum status check_destinations(const struct config *config, const struct sync_command_options *options,
				      struct err *err)
{
	for (size_t i = 0; !options->state && i < config->section_count; i++) {
		const struct config_section *section = &config->sections[i];

		if (section->side == SECTION_DESTINATION && !is_stateless(section->kind)) {
			return err_set(
				err, ERR_CONFIG,
				"destination %s can't be asked what it has: give --state DIR, a folder that "
				"the next run finds again",
				section->name);
		}
	}
	if (config_count(config, SECTION_SOURCE) == 0) {
		return err_set(err, ERR_CONFIG, "%s names no source: there is nothing to fetch",
			       config->path);
	}
	return OK;
}

static int64_t limit_of(const struct sync_command_options *options)
{
	return options->limit ? options->limit : LIMIT_DEFAULT;
}

/* -1: not a number of minutes. */
static int64_t minutes_of(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 8 || text[digits] || strtoll(text, NULL, 10) > MINUTES_MAX) {
		return -1;
	}
	return strtoll(text, NULL, 10);
}

/* What the options change, for every process of the run (common/config_bus.c, common/config_options.c). */
static void export_options(const struct sync_command_options *options, const struct sync_folder *folder,
			   const struct sync_run_options *run)
{
	char limit[24], ms[24];
	int64_t patience_ms = (run->deadline_ms - now_ms()) / REFUSED_SHARE;

	snprintf(limit, sizeof limit, "%" PRId64, limit_of(options));
	setenv("BUILDBUS_SYNC", "1", 1);
	setenv("BUILDBUS_SYNC_HUB_DIR", folder->path, 1);
	setenv("BUILDBUS_SYNC_LIMIT", limit, 1);
	if (run->known_path) {
		snprintf(ms, sizeof ms, "%" PRId64,
			 patience_ms < REFUSED_MAX_MS ? patience_ms : REFUSED_MAX_MS);
		setenv("BUILDBUS_SYNC_KNOWN", run->known_path, 1);
		setenv("BUILDBUS_SYNC_REFUSED_FOR", ms, 1);
	}
	if (options->in_progress_timeout) {
		snprintf(ms, sizeof ms, "%" PRId64, minutes_of(options->in_progress_timeout) * 60000);
		setenv("BUILDBUS_SYNC_IN_PROGRESS_TIMEOUT", ms, 1);
	}
	if (options->state) {
		setenv("BUILDBUS_SYNC_STATE_DIR", folder->path, 1);
	}
	if (options->dry_run) {
		setenv("BUILDBUS_SYNC_DRY_RUN", "1", 1);
	}
	if (options->since) {
		setenv("BUILDBUS_SYNC_SINCE", options->since, 1);
	}
	if (options->coverage || options->no_coverage) {
		setenv("BUILDBUS_SYNC_COVERAGE", options->coverage ? "true" : "false", 1);
	}
}

static int sync_in(const struct sync_command_options *options, const struct sync_folder *folder,
		   int64_t deadline_ms)
{
	char known_path[PATH_MAX];
	const struct sync_run_options run = {
		.deadline_ms = deadline_ms,
		.json = options->json,
		.verbose = options->verbose,
		.dry_run = options->dry_run,
		.known_path = options->state ? NULL : known_path,
		.newest = options->since ? 0 : limit_of(options),
	};
	struct config config = {0};
	struct err err = {0};
	int code;

	snprintf(known_path, sizeof known_path, "%s/known.json", folder->path);
	export_options(options, folder, &run);
	code = config_load(&config, options->config_file, &err) == OK &&
			       validate_sections(&config, &err) == OK &&
			       check_destinations(&config, options, &err) == OK
		       ? sync_run(&config, &run)
		       : command_fail_err(&err);
	config_fini(&config);
	return code;
}

static enum status check_options(const struct sync_command_options *options, int64_t *timeout_ms,
				 struct err *err)
{
	static const struct config_row since_row = {.type = CONFIG_SINCE};
	struct config_since since = {0};

	if (duration_parse(options->timeout ? options->timeout : "15m", timeout_ms) != OK ||
	    *timeout_ms == 0) {
		return err_set(err, ERR_CONFIG, "--timeout %s: give it a duration, e.g. 15m",
			       options->timeout);
	}
	if (options->since &&
	    config_value_set(&since_row, ".", options->since, options->since, &since, err) != OK) {
		return err_prefix(err, "--since %s", options->since);
	}
	if (options->dry_run && options->state) {
		return err_set(err, ERR_CONFIG, "--dry-run keeps nothing, so it goes without --state");
	}
	if (options->in_progress_timeout && minutes_of(options->in_progress_timeout) < 0) {
		return err_set(err, ERR_CONFIG, "--in-progress-timeout %s: give it whole minutes, 0 to %d",
			       options->in_progress_timeout, MINUTES_MAX);
	}
	if (options->coverage && options->no_coverage) {
		return err_set(err, ERR_CONFIG, "--coverage and --no-coverage exclude each other");
	}
	return OK;
}

static int sync_main(const void *given, char *const *operands)
{
	const struct sync_command_options *options = given;
	struct sync_folder folder = {.lock_fd = -1};
	int64_t timeout_ms, deadline_ms;
	struct err err = {0};
	int code;

	(void)operands;
	log_open("sync", options->verbose ? LEVEL_INFO : LEVEL_SILENT);
	if (check_options(options, &timeout_ms, &err) != OK) {
		return command_fail_err(&err);
	}
	deadline_ms = now_ms() + timeout_ms;
	code = sync_folder_open(&folder, options->state, deadline_ms, &err) == OK
		       ? sync_in(options, &folder, deadline_ms)
		       : command_fail_err(&err);
	sync_folder_close(&folder);
	if (code == EXIT_REFUSED && options->soft_fail) {
		fprintf(stderr, "buildbus: that does not fail this step (--soft-fail)\n");
		return EXIT_DONE;
	}
	return code;
}

static const struct option_row sync_rows[] = {
	OPTION_CONFIG_FILE(struct sync_command_options, config_file),
	{"initial-sync-limit", 0, OPTION_INT, offsetof(struct sync_command_options, limit), "N",
	 "of a pipeline that is new: so many of its newest builds (28)", 1, 1000000},
	{"since", 0, OPTION_TEXT, offsetof(struct sync_command_options, since), "WHEN",
	 "or builds since a date, or a duration ago; goes before `since:` and the limit", 0, 0},
	{"in-progress-timeout", 0, OPTION_TEXT, offsetof(struct sync_command_options, in_progress_timeout),
	 "MINUTES", "a build of Firestore that runs for longer becomes unknown until it ends (120)", 0, 0},
	{"coverage", 0, OPTION_FLAG, offsetof(struct sync_command_options, coverage), NULL,
	 "read coverage artifacts, whatever the configuration says", 0, 0},
	{"no-coverage", 0, OPTION_FLAG, offsetof(struct sync_command_options, no_coverage), NULL, "read none",
	 0, 0},
	{"state", 0, OPTION_TEXT, offsetof(struct sync_command_options, state), "DIR",
	 "keep hub.db and store.db there for the next run", 0, 0},
	{"timeout", 0, OPTION_TEXT, offsetof(struct sync_command_options, timeout), "DURATION",
	 "give up after that long (15m)", 0, 0},
	{"dry-run", 0, OPTION_FLAG, offsetof(struct sync_command_options, dry_run), NULL,
	 "read everything, ask the destinations what they have, write nothing", 0, 0},
	{"soft-fail", 0, OPTION_FLAG, offsetof(struct sync_command_options, soft_fail), NULL,
	 "exit 0 even when something was refused or failed", 0, 0},
	{"json", 0, OPTION_FLAG, offsetof(struct sync_command_options, json), NULL,
	 "print the outcome as one JSON object", 0, 0},
	{"verbose", 'v', OPTION_FLAG, offsetof(struct sync_command_options, verbose), NULL,
	 "log what each process does", 0, 0},
	OPTION_END,
};

const struct command sync_command = {
	.name = "sync",
	.summary = "bring the destinations up to date once, for the last step of a CI pipeline",
	.options = sync_rows,
	.options_size = sizeof(struct sync_command_options),
	.notes = "Starts the processes of the configuration on private sockets, reads what is new, writes "
		 "it,\n"
		 "says what it did, and ends. Run it as often as you like: what is there already isn't\n"
		 "written again.\n"
		 "Without --state nothing is kept here between runs. With it, one run at a time works on\n"
		 "DIR; a second one waits for it.\n",
	.exits = "  0  everything is up to date\n"
		 "  1  something was refused or failed, or the time was over; what was written stays\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus sync --config-file integration.yml",
	.run = sync_main,
};
