/* SPDX-License-Identifier: MIT */
#include "compose/sync_run.h"
#include "common/process.h"
#include "compose/command.h"
#include "compose/sync_private.h"

#include <stdio.h>

enum { ASK_AGAIN_MS = 50 }; /* beside what the events hurry */

/* Which destinations are not up to date, and why. */
static void complain_of_sinks(const struct sync *sync)
{
	for (size_t i = 0; i < sync->tally.sink_count; i++) {
		const struct sync_sink *sink = &sync->tally.sinks[i];

		if (sink->dropped) {
			command_fail(0,
				     "%s: it did not say what it has, so that nothing was written there%s%s",
				     sink->name, *sink->trouble ? ": " : "", sink->trouble);
		} else if (sync->late && sink->behind > 0) {
			command_fail(0, "%s: not everything is written%s%s", sink->name,
				     *sink->trouble ? ": " : "", sink->trouble);
		}
	}
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
		command_fail(0, "%lld build%s could not be read", (long long)sync->unreadable,
			     sync->unreadable == 1 ? "" : "s");
	}
	if (sync->run.stopped_ms != 0 && !sync->complete) {
		command_fail(0, "interrupted; what was written stays, the next run goes on");
	}
	complain_of_sinks(sync);
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

	if (status == OK) {
		status = sync_known_init(&sync->known, err);
	}
	if (status == OK) {
		status = fleet_init(&sync->run.all.fleet, config, &wanted, err);
	}
	sync_unmark(sync);
	if (status == OK) {
		status = foreground_open(&sync->run, err);
	}
	if (status == OK) {
		sync->events = (struct relay_watch){sync_on_event, sync};
		sync->run.all.watch = &sync->events;
		sync->fetching = sync->released = !sync->options->known_path;
		sync->run.all.hold_fetchers = sync->run.all.eager = !sync->fetching;
		sync_steps_open(sync);
		status = status_watch_new(&sync->watch, sync->run.all.loop, &config->bus, ASK_AGAIN_MS,
					  sync_on_status, sync, err);
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
