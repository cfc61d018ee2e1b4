/* What the processes of a run say of themselves: told to whoever waits for it, and counted. */
/* SPDX-License-Identifier: MIT */
#include "compose/command.h"
#include "compose/sync_private.h"

#include <stdio.h>
#include <string.h>

enum { RESTART = 111 /* exit code of a daemon that is to be started again */ };
enum { TOLD_MAX = 20 }; /* refused records; the number of all is in the outcome */

static const char *text_at(yyjson_val *fields, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(fields, key));

	return text ? text : "";
}

static bool is_one_of(const char *event, const char *const *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(event, events[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* The hub's status says soon after whether it was the last one. */
static bool is_step(const char *event)
{
	static const char *const steps[] = {"fetch.page", "sink.attached"};

	return is_one_of(event, steps, sizeof steps / sizeof *steps);
}

/* A request that is repeated once is none. */
static bool is_trouble(const char *event, yyjson_val *fields)
{
	static const char *const troubles[] = {"fetch.failed", "sink.retry", "firestore.waiting", "hub.full",
					       "hub.rollback"};

	return is_one_of(event, troubles, sizeof troubles / sizeof *troubles) ||
	       (strcmp(event, "proc.failed") == 0 &&
		yyjson_get_int(yyjson_obj_get(fields, "code")) == RESTART) ||
	       (strcmp(event, "fetch.retry") == 0 && yyjson_get_int(yyjson_obj_get(fields, "try")) > 1);
}

/* Whoever waits must know for what; each sentence once. */
static void tell_trouble(struct sync *sync, yyjson_val *fields)
{
	const char *why = text_at(fields, "why");

	if (*why && !sync->options->verbose && strncmp(sync->trouble, why, sizeof sync->trouble - 1) != 0) {
		snprintf(sync->trouble, sizeof sync->trouble, "%s", why);
		progress_end(&sync->progress);
		command_fail(0, "waiting: %s", why);
	}
}

/* Worth knowing, and no failure: builds without their coverage are whole builds. */
static void tell_note(struct sync *sync, const char *what, yyjson_val *fields)
{
	if (!sync->options->verbose) {
		progress_end(&sync->progress);
		command_fail(0, "%s: %s", what, text_at(fields, "why"));
	}
}

/* Nobody asks for it again in this run. */
static void tell_skipped(struct sync *sync, yyjson_val *fields)
{
	progress_end(&sync->progress);
	command_fail(0, "build %s of %s could not be read: %s", text_at(fields, "build"),
		     text_at(fields, "target"), text_at(fields, "why"));
}

static void tell_rejected(struct sync *sync, yyjson_val *fields)
{
	if (sync->told++ < TOLD_MAX) {
		progress_end(&sync->progress);
		command_fail(0, "%s: %s", text_at(fields, "sink"), text_at(fields, "why"));
	}
}

/* What the hub sets aside on behalf of a sink the sink has told. */
static void tell_unreadable(struct sync *sync, yyjson_val *fields)
{
	if (strncmp(text_at(fields, "stage"), "sink", 4) != 0 && sync->told++ < TOLD_MAX) {
		progress_end(&sync->progress);
		command_fail(0, "build %s could not be read: %s", text_at(fields, "key"),
			     text_at(fields, "reason"));
	}
}

void sync_on_event(void *context, const char *event, yyjson_val *fields)
{
	struct sync *sync = context;

	tally_event(&sync->tally, event, fields);
	if (sync->watch && is_step(event)) {
		status_watch_soon(sync->watch);
	}
	if (sync->options->known_path && sync_known_event(&sync->known, event, fields)) {
		sync_fetch_when_known(sync);
	}
	if (is_trouble(event, fields)) {
		tell_trouble(sync, fields);
	}
	if (strcmp(event, "fetch.details_refused") == 0) {
		tell_note(sync, "coverage is left out", fields);
	}
	if (strcmp(event, "firestore.emulator") == 0) {
		tell_note(sync, text_at(fields, "address"), fields);
	}
	if (strcmp(event, "fetch.skipped") == 0) {
		tell_skipped(sync, fields);
	}
	if (strcmp(event, "sink.rejected") == 0) {
		tell_rejected(sync, fields);
	}
	if (strcmp(event, "hub.dead_letter") == 0) {
		tell_unreadable(sync, fields);
	}
}
