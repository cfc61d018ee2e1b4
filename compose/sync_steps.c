/* The steps of a run: the destinations say what they have, everything is fetched, the sinks write it. Without
 * --state each waits for the one before to be whole. What is down then must not take the others' time: a
 * destination that has not answered in a third of --timeout goes without, and shortly before its end those
 * pipelines are written that were read to their end. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "compose/command.h"
#include "compose/idle.h"
#include "compose/status_print.h"
#include "compose/sync_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ASK_SHARE = 3, WRITE_SHARE = 10, WRITE_MAX_MS = 60000 };

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

void sync_fetch_when_known(struct sync *sync)
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

/* A hub that let its sinks write gives no more leases in a run without --state: what falls due meanwhile, as
 * the target of details does after each poll_interval, waits for the next run. */
static bool is_fetched(const struct sync *sync, yyjson_mut_val *status)
{
	bool over = sync->cut || (sync->options->known_path && sync->released);

	return over || (sync->fetching && is_visited(status) && all_settled(sync, status));
}

/* What could not be read to its end; whatever was read of it is not written. */
static void tell_unread(struct sync *sync, yyjson_mut_val *status)
{
	yyjson_mut_val *each;
	size_t index, max;

	yyjson_mut_arr_foreach(status_at(status, "targets"), index, max, each)
	{
		const char *why = yyjson_mut_get_str(status_at(each, "last_error"));
		const char *target = yyjson_mut_get_str(status_at(each, "target"));

		if (!is_details(target) && ((why && *why) || !is_target_visited(status, each))) {
			tally_refuse(&sync->tally, target, why && *why ? why : "it was not read to its end");
		}
	}
}

/* Sinks look for it. */
static void mark(const struct sync *sync, const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/%s", sync->bus->hub_dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd != -1) {
		close(fd);
	}
}

void sync_unmark(const struct sync *sync)
{
	static const char *const names[] = {SYNC_FETCHED, SYNC_COMPLETE};
	char path[4096];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", sync->bus->hub_dir, names[i]);
		unlink(path);
	}
}

/* Dead letters that are no sink's. */
static int64_t unreadable(yyjson_mut_val *status)
{
	int64_t count = yyjson_mut_get_sint(status_at(status, "dead"));
	yyjson_mut_val *each;
	size_t index, max;

	yyjson_mut_arr_foreach(status_at(status, "sinks"), index, max, each)
	{
		count -= yyjson_mut_get_sint(status_at(each, "dead"));
	}
	return count;
}

static void finish(struct sync *sync, yyjson_mut_val *status)
{
	sync->complete = !sync->cut;
	sync->late |= sync->cut;
	if (sync->options->known_path) { /* else some may have come in two lists, and count twice */
		sync->tally.distinct = yyjson_mut_get_sint(status_at(status, "builds"));
	} else {
		sync->tally.known = yyjson_mut_get_sint(status_at(status, "since_start.unchanged")) +
				    yyjson_mut_get_sint(status_at(status, "since_start.stale"));
	}
	sync->unreadable = unreadable(status);
	if (sync->complete && !sync->options->dry_run && !sync->tally.refusals && sync->tally.skipped == 0 &&
	    sync->unreadable == 0 && !sync->run.all.failed) {
		mark(sync, SYNC_COMPLETE);
	}
	supervisor_stop(&sync->run.all,
			sync->cut ? "the time of --timeout is over" : "everything is up to date");
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

static bool is_written(const struct sync *sync, yyjson_mut_val *status)
{
	return sync->released && is_confirmed(status, sinks_alive(sync));
}

bool sync_on_status(void *context, yyjson_mut_val *status)
{
	struct sync *sync = context;

	sync_fetch_when_known(sync);
	tally_status(&sync->tally, status);
	if (sync->fetching) {
		progress_show(&sync->progress, status);
	}
	if (sync->cut && !sync->released) {
		tell_unread(sync, status);
	}
	if (!is_fetched(sync, status)) {
		return false;
	}
	mark(sync, SYNC_FETCHED);
	if (sync->options->dry_run || is_written(sync, status)) {
		finish(sync, status);
		return true;
	}
	release(sync);
	return false;
}

/* It has not answered: what it lacks can't be known, so that it gets nothing in this run. */
static int on_asked_enough(zloop_t *loop, int timer, void *arg)
{
	struct sync *sync = arg;
	struct fleet *fleet = &sync->run.all.fleet;

	(void)loop, (void)timer;
	for (size_t i = 0; !sync->fetching && sync->known.ended > 0 && i < fleet->count; i++) {
		struct child *child = &fleet->children[i];
		struct sync_sink *sink = tally_sink(&sync->tally, child->name);

		if (sink && !sink->told && child->state != CHILD_GONE) {
			sink->dropped = true;
			supervisor_drop(&sync->run.all, child);
		}
	}
	sync_fetch_when_known(sync);
	return 0;
}

static int on_fetched_enough(zloop_t *loop, int timer, void *arg)
{
	struct sync *sync = arg;

	(void)loop, (void)timer;
	sync->cut = sync->fetching && !sync->released;
	return 0;
}

static int on_deadline(zloop_t *loop, int timer, void *arg)
{
	struct sync *sync = arg;

	(void)loop, (void)timer;
	sync->late = true;
	supervisor_stop(&sync->run.all, "the time of --timeout is over");
	return 0;
}

void sync_steps_open(struct sync *sync)
{
	zloop_t *loop = sync->run.all.loop;
	int64_t left_ms = sync->options->deadline_ms - sync->started_ms, write_ms;

	left_ms = left_ms > 0 ? left_ms : 0;
	write_ms = left_ms / WRITE_SHARE < WRITE_MAX_MS ? left_ms / WRITE_SHARE : WRITE_MAX_MS;
	zloop_timer(loop, (size_t)left_ms, 1, on_deadline, sync);
	if (sync->options->known_path && !sync->options->dry_run) {
		zloop_timer(loop, (size_t)left_ms / ASK_SHARE, 1, on_asked_enough, sync);
		zloop_timer(loop, (size_t)(left_ms - write_ms), 1, on_fetched_enough, sync);
	}
}
