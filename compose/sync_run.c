/* SPDX-License-Identifier: MIT */
#include "compose/sync_run.h"
#include "common/process.h"
#include "compose/command.h"
#include "compose/foreground.h"
#include "compose/idle.h"
#include "compose/status_print.h"
#include "compose/status_watch.h"
#include "compose/sync_known.h"
#include "compose/sync_report.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ASK_AGAIN_MS = 20 }; /* whoever waits for a CI step notices more */

struct sync {
	const struct sync_run_options *options;
	const struct bus_config *bus;
	struct foreground run;
	struct status_watch *watch;
	struct relay_watch events;
	struct sync_tally tally;
	struct sync_progress progress;
	int64_t started_ms, unreadable;
	int timer;
	struct sync_known known;
	bool fetching; /* the fetchers may start: what the destinations have is told */
	bool released; /* everything is fetched: the sinks may have it */
	bool complete, late;
	char trouble[512]; /* told last */
};

/* A request that is repeated once is none. */
static bool is_trouble(const char *event, yyjson_val *fields)
{
	return strcmp(event, "fetch.failed") == 0 || strcmp(event, "sink.retry") == 0 ||
	       strcmp(event, "firestore.waiting") == 0 ||
	       (strcmp(event, "fetch.retry") == 0 && yyjson_get_int(yyjson_obj_get(fields, "try")) > 1);
}

/* Whoever waits must know for what; each sentence once. */
static void tell_trouble(struct sync *sync, yyjson_val *fields)
{
	const char *why = yyjson_get_str(yyjson_obj_get(fields, "why"));

	if (why && !sync->options->verbose && strncmp(sync->trouble, why, sizeof sync->trouble - 1) != 0) {
		snprintf(sync->trouble, sizeof sync->trouble, "%s", why);
		progress_end(&sync->progress);
		command_fail(0, "waiting: %s", why);
	}
}

/* Builds without their coverage are whole builds: the run goes on, and is none that failed. */
static void tell_left_out(struct sync *sync, yyjson_val *fields)
{
	const char *why = yyjson_get_str(yyjson_obj_get(fields, "why"));

	if (why && !sync->options->verbose) {
		progress_end(&sync->progress);
		command_fail(0, "coverage is left out: %s", why);
	}
}

/* Of those that an operator must repair nobody waits. */
static size_t sinks_alive(const struct sync *sync)
{
	const struct fleet *fleet = &sync->run.all.fleet;
	size_t count = 0;

	for (size_t i = 0; i < fleet->count; i++) {
		count += fleet->children[i].role == ROLE_SINK && fleet->children[i].state != CHILD_GONE;
	}
	return count;
}

/* Once every sink has said what its destination has. */
static void fetch_when_known(struct sync *sync)
{
	struct err err;

	if (sync->fetching || sync->known.ended < sinks_alive(sync)) {
		return;
	}
	if (sync_known_write(&sync->known, sync->options->known_path, sync->options->newest, &err) != OK) {
		command_fail(0, "%s", err.text);
		supervisor_stop(&sync->run.all, err.text);
		return;
	}
	sync->fetching = true;
	supervisor_fetch(&sync->run.all);
}

/* Nobody asks for it again in this run. */
static void tell_skipped(struct sync *sync, yyjson_val *fields)
{
	const char *target = yyjson_get_str(yyjson_obj_get(fields, "target"));
	const char *build = yyjson_get_str(yyjson_obj_get(fields, "build"));
	const char *why = yyjson_get_str(yyjson_obj_get(fields, "why"));

	progress_end(&sync->progress);
	command_fail(0, "build %s of %s could not be read: %s", build ? build : "", target ? target : "",
		     why ? why : "");
}

static void on_event(void *context, const char *event, yyjson_val *fields)
{
	struct sync *sync = context;

	tally_event(&sync->tally, event, fields);
	if (sync->options->known_path && sync_known_event(&sync->known, event, fields)) {
		fetch_when_known(sync);
	}
	if (is_trouble(event, fields)) {
		tell_trouble(sync, fields);
	}
	if (strcmp(event, "fetch.details_refused") == 0) {
		tell_left_out(sync, fields);
	}
	if (strcmp(event, "fetch.skipped") == 0) {
		tell_skipped(sync, fields);
	}
}

static bool is_details(const char *target)
{
	const char *plus = strrchr(target, '+');

	return plus && strcmp(plus, "+details") == 0;
}

/* A visit that failed is repeated until the time is over; one that was refused stays so. */
static bool all_settled(const struct sync *sync, yyjson_mut_val *status)
{
	yyjson_mut_val *each;
	size_t index, max;

	yyjson_mut_arr_foreach(status_at(status, "targets"), index, max, each)
	{
		const char *why = yyjson_mut_get_str(status_at(each, "last_error"));
		const char *target = yyjson_mut_get_str(status_at(each, "target"));

		if (why && *why && !is_details(target) && !tally_refused(&sync->tally, target, why)) {
			return false;
		}
	}
	return true;
}

static bool is_fetched(const struct sync *sync, yyjson_mut_val *status)
{
	return sync->fetching && is_idle(status, 0) && all_settled(sync, status);
}

/* The sinks read it at their end. */
static void mark_complete(const struct sync *sync)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/" SYNC_COMPLETE, sync->bus->hub_dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd != -1) {
		close(fd);
	}
}

static void finish(struct sync *sync, yyjson_mut_val *status)
{
	sync->complete = true;
	if (sync->options->known_path) { /* else some may have come in two lists, and count twice */
		sync->tally.distinct = yyjson_mut_get_sint(status_at(status, "builds"));
	} else {
		sync->tally.known = yyjson_mut_get_sint(status_at(status, "since_start.unchanged")) +
				    yyjson_mut_get_sint(status_at(status, "since_start.stale"));
	}
	sync->unreadable = yyjson_mut_get_sint(status_at(status, "dead"));
	if (!sync->options->dry_run && !sync->tally.refusals && sync->tally.skipped == 0 &&
	    sync->unreadable == 0 && !sync->run.all.failed) {
		mark_complete(sync);
	}
	supervisor_stop(&sync->run.all, "everything is up to date");
}

/* Again and again: the first may have been lost, and a hub that was started anew in between holds its sinks
 * again. */
static void release(struct sync *sync)
{
	if (sync->options->known_path) {
		status_watch_tell(sync->watch, "release");
	}
	sync->released = true;
}

static bool on_status(void *context, yyjson_mut_val *status)
{
	struct sync *sync = context;

	fetch_when_known(sync);
	if (sync->fetching) {
		progress_show(&sync->progress, status);
	}
	if (!is_fetched(sync, status)) {
		return false;
	}
	if (sync->options->dry_run) {
		finish(sync, status);
		return true;
	}
	if (!sync->released || !is_idle(status, sinks_alive(sync))) {
		release(sync);
		return false;
	}
	finish(sync, status);
	return true;
}

static int on_deadline(zloop_t *loop, int timer, void *arg)
{
	struct sync *sync = arg;

	(void)loop, (void)timer;
	sync->late = true;
	supervisor_stop(&sync->run.all, "the time of --timeout is over");
	return 0;
}

/* Says everything that kept the run from being whole; false: nothing did. */
static bool complain(struct sync *sync)
{
	const struct fleet *fleet = &sync->run.all.fleet;
	bool failed = sync->run.all.failed || !sync->complete || sync->tally.skipped > 0;

	for (size_t i = 0; i < fleet->count; i++) {
		const struct relay *relay = &fleet->children[i].relay;

		if (*relay->why) {
			command_fail(0, "%s: %s", fleet->children[i].name, relay->why);
		}
	}
	for (const struct sync_refusal *refusal = sync->tally.refusals; refusal; refusal = refusal->next) {
		failed = true;
		command_fail(0, "%s: %s", refusal->target, refusal->why);
	}
	if (sync->unreadable > 0) {
		failed = true;
		command_fail(0, "%lld builds could not be read: see buildbus dead list",
			     (long long)sync->unreadable);
	}
	if (sync->run.stopped_ms != 0 && !sync->complete) {
		command_fail(0, "interrupted; what was written stays, the next run goes on");
	}
	if (sync->late) {
		command_fail(
			0,
			"gave up after %lld s (--timeout)%s%s; what was written stays, the next run goes "
			"on",
			(long long)(now_ms() - sync->started_ms) / 1000, *sync->trouble ? ": " : "",
			sync->trouble);
	}
	return failed || tally_sum(&sync->tally).rejected > 0;
}

static int report(struct sync *sync)
{
	struct sync_outcome outcome = {
		.tally = &sync->tally, .unreadable = sync->unreadable, .dry_run = sync->options->dry_run};

	progress_end(&sync->progress);
	outcome.ms = now_ms() - sync->started_ms;
	outcome.good = !complain(sync);
	sync->options->json ? report_json(&outcome) : report_text(&outcome);
	return outcome.good ? EXIT_DONE : EXIT_REFUSED;
}

static enum status sync_open(struct sync *sync, const struct config *config, struct err *err)
{
	static const struct option_list none = {.count = 0};
	struct fleet_options wanted = {.replicas = &none};
	enum status status = tally_init(&sync->tally, config, err);
	int64_t left_ms = sync->options->deadline_ms - sync->started_ms;

	if (status == OK) {
		status = sync_known_init(&sync->known, err);
	}
	if (status == OK) {
		status = fleet_init(&sync->run.all.fleet, config, &wanted, err);
	}
	if (status == OK) {
		status = foreground_open(&sync->run, err);
	}
	if (status == OK) {
		sync->events = (struct relay_watch){on_event, sync};
		sync->run.all.watch = &sync->events;
		sync->fetching = sync->released = !sync->options->known_path;
		sync->run.all.hold_fetchers = !sync->fetching;
		zloop_timer(sync->run.all.loop, left_ms > 0 ? (size_t)left_ms : 0, 1, on_deadline, sync);
		status = status_watch_new(&sync->watch, sync->run.all.loop, &config->bus, ASK_AGAIN_MS,
					  on_status, sync, err);
	}
	return status;
}

int sync_run(const struct config *config, const struct sync_run_options *options)
{
	struct sync sync = {
		.options = options, .bus = &config->bus, .run.signal_fd = -1, .started_ms = now_ms()};
	struct err err = {0};
	int code;

	progress_init(&sync.progress, options->json || options->verbose);
	if (sync_open(&sync, config, &err) == OK) {
		foreground_run(&sync.run);
		code = report(&sync);
	} else {
		code = command_fail_err(&err);
	}
	status_watch_free(&sync.watch);
	foreground_close(&sync.run);
	tally_fini(&sync.tally);
	sync_known_fini(&sync.known);
	return code;
}
