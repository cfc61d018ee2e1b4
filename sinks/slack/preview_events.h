/* A build tells its own past: when it was queued, when each attempt began and how it ended. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/preview.h"

enum preview_step { STEP_QUEUED, STEP_STARTED, STEP_ENDED };

struct preview_event {
	int64_t at_ms;
	size_t build;   /* in preview_builds */
	size_t attempt; /* in the build's list; attempt_last: as the build says itself */
	int64_t created_at;
	enum preview_step step;
};
#define ATTEMPT_LAST SIZE_MAX

struct preview_events {
	struct preview_event *items; /* in the order of time */
	size_t count, capacity;
};

/* preview_events_fini in any case. */
enum status preview_events_init(struct preview_events *events, const struct preview_builds *builds,
				struct arena *arena, struct err *err) MUST_CHECK;
void preview_events_fini(struct preview_events *events);
/* The build as it was then, as a live record. False: it can't be read. */
bool preview_event_build(const struct preview_event *event, const struct preview_builds *builds,
			 struct arena *arena, struct build *out);
