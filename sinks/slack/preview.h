/* What the rules would have said about past builds: the book in memory, the builds one after the other as
 * they happened, time passing between them. Nothing is asked of anybody. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/book.h"

/* One message, reply or edit. Messages and replies are numbered from 1 in the order in which they were first
 * said. */
struct preview_said {
	int64_t at_ms;
	int64_t number, thread; /* thread: of what it answers; 0: nothing */
	int64_t talk;           /* number of the message, replies not counted, that it is or belongs to */
	const struct operation *operation;
};
typedef void preview_callback(void *owner, const struct preview_said *said);

/* The newest version of each build, packed, each once, in any order. */
struct preview_builds {
	const struct text *records;
	size_t count;
};

/* Calls each in the order of time. until_ms: reminders and the like are said up to then. */
enum status preview_run(const struct slack_config *config, const struct preview_builds *builds,
			int64_t until_ms, preview_callback *each, void *owner, struct err *err) MUST_CHECK;

/* What of a build the preview needs, packed: without the jobs where nothing failed. False: no rule matches
 * it, whatever became of it. */
bool preview_reduce(const struct slack_config *config, const struct build *build, msgpack_sbuffer *out);
