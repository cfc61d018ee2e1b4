/* SPDX-License-Identifier: MIT */
#include "sinks/slack/preview_events.h"

#include "sinks/slack/rules.h"

#include <stdlib.h>

static bool add(struct preview_events *events, const struct preview_event *event)
{
	if (event->at_ms == INT_NULL) {
		return true;
	}
	if (events->count == events->capacity) {
		size_t capacity = events->capacity ? events->capacity * 2 : 1024;
		struct preview_event *more = reallocarray(events->items, capacity, sizeof *more);

		if (!more) {
			return false;
		}
		events->items = more;
		events->capacity = capacity;
	}
	events->items[events->count++] = *event;
	return true;
}

static int64_t first_known(int64_t a, int64_t b)
{
	return a != INT_NULL ? a : b;
}

/* Attempts before the last; the build's own times are of the last one. */
static bool add_earlier(struct preview_events *events, const struct build *build, struct preview_event event)
{
	const struct attempt *attempts = build->attempts.items;

	for (size_t i = 0; i + 1 < build->attempts.count; i++) {
		event.attempt = i;
		event.step = STEP_STARTED;
		event.at_ms = attempts[i].started_at;
		if (!add(events, &event)) {
			return false;
		}
		event.step = STEP_ENDED;
		event.at_ms = attempts[i].finished_at;
		if (!add(events, &event)) {
			return false;
		}
	}
	return true;
}

static bool add_build(struct preview_events *events, const struct build *build, size_t index)
{
	struct preview_event event = {
		.build = index, .attempt = ATTEMPT_LAST, .created_at = build->created_at};
	bool good;

	event.at_ms = first_known(build->created_at, build->queued_at);
	good = add(events, &event) && add_earlier(events, build, event);
	event.step = STEP_STARTED;
	event.at_ms = build->started_at;
	good = good && add(events, &event);
	event.step = STEP_ENDED;
	event.at_ms =
		build->state == STATE_FINISHED
			? first_known(build->finished_at, first_known(build->started_at, build->created_at))
			: INT_NULL;
	return good && add(events, &event);
}

static int compare(const void *left, const void *right)
{
	const struct preview_event *a = left, *b = right;

	if (a->at_ms != b->at_ms) {
		return a->at_ms < b->at_ms ? -1 : 1;
	}
	if (a->created_at != b->created_at) {
		return a->created_at < b->created_at ? -1 : 1;
	}
	return a->build != b->build ? (a->build < b->build ? -1 : 1) : (int)a->step - (int)b->step;
}

enum status preview_events_init(struct preview_events *events, const struct preview_builds *builds,
				struct arena *arena, struct err *err)
{
	*events = (struct preview_events){0};
	for (size_t i = 0; i < builds->count; i++) {
		struct build build;

		arena_reset(arena);
		if (build_unpack(builds->records[i].at, builds->records[i].size, arena, &build, err) != OK) {
			return err->status;
		}
		if (!add_build(events, &build, i)) {
			return err_set(err, ERR_SYS, "out of memory");
		}
	}
	if (events->count > 0) {
		qsort(events->items, events->count, sizeof *events->items, compare);
	}
	return OK;
}

void preview_events_fini(struct preview_events *events)
{
	free(events->items);
	*events = (struct preview_events){0};
}

static bool is_retried(const struct build *build, const struct job *job)
{
	const struct job *jobs = build->jobs.items;

	for (size_t i = 0; i < build->jobs.count; i++) {
		if (jobs[i].attempt > job->attempt && jobs[i].parallel.index == job->parallel.index &&
		    text_same(jobs[i].name, job->name)) {
			return true;
		}
	}
	return false;
}

/* Of an earlier attempt: the jobs that had ended by then. What superseded them came later or is there. */
static void keep_jobs_until(struct build *build, int64_t until_ms)
{
	struct job *jobs = build->jobs.items;
	size_t kept = 0;

	for (size_t i = 0; i < build->jobs.count; i++) {
		if (jobs[i].finished_at != INT_NULL && jobs[i].finished_at <= until_ms) {
			jobs[kept++] = jobs[i];
		}
	}
	build->jobs.count = kept;
	for (size_t i = 0; i < kept; i++) {
		jobs[i].superseded = jobs[i].superseded && is_retried(build, &jobs[i]);
	}
}

static void become_attempt(struct build *build, size_t index)
{
	const struct attempt *attempt = (const struct attempt *)build->attempts.items + index;

	build->attempt = attempt->attempt;
	build->state = attempt->state;
	build->result = attempt->result;
	build->started_at = attempt->started_at;
	build->finished_at = attempt->finished_at;
	build->duration_ms = attempt->started_at != INT_NULL && attempt->finished_at != INT_NULL
				     ? attempt->finished_at - attempt->started_at
				     : INT_NULL;
	keep_jobs_until(build, attempt->finished_at);
}

bool preview_event_build(const struct preview_event *event, const struct preview_builds *builds,
			 struct arena *arena, struct build *out)
{
	struct text record = builds->records[event->build];
	struct err err;

	if (build_unpack(record.at, record.size, arena, out, &err) != OK) {
		return false;
	}
	if (event->attempt != ATTEMPT_LAST) {
		become_attempt(out, event->attempt);
	}
	out->origin = ORIGIN_LIVE;
	out->version = out->attempt * 4 + (int)event->step;
	if (event->step != STEP_ENDED) {
		out->state = event->step == STEP_QUEUED ? STATE_QUEUED : STATE_RUNNING;
		out->result = RESULT_NULL;
		out->finished_at = out->duration_ms = INT_NULL;
		out->jobs.count = 0;
	}
	if (event->step == STEP_QUEUED) {
		out->queued_at = first_known(out->queued_at, out->created_at);
		out->started_at = INT_NULL;
		out->attempt = 1;
		out->version = 0;
	}
	return true;
}

static bool has_failed(const struct build *build)
{
	const struct attempt *attempts = build->attempts.items;

	for (size_t i = 0; i < build->attempts.count; i++) {
		if (attempts[i].result != RESULT_SUCCESS && attempts[i].result != RESULT_NULL) {
			return true;
		}
	}
	return build->result != RESULT_SUCCESS;
}

bool preview_reduce(const struct slack_config *config, const struct build *build, msgpack_sbuffer *out)
{
	struct build small = *build;

	small.result = RESULT_NULL;
	if (!rules_find(config, &small)) {
		return false;
	}
	small.result = build->result;
	small.jobs.count = has_failed(build) ? small.jobs.count : 0;
	build_pack(&small, out, NULL);
	return true;
}
