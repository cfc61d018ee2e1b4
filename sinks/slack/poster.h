/* Says what the book wants said: channel by channel, one message a second each, nothing twice.
 *
 * A message is marked in the book before it is sent. If then nobody knows what became of it (a crash, a lost
 * answer), it is looked up in the channel by its metadata before it is sent again. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/alarm.h"
#include "sinks/slack/api.h"
#include "sinks/slack/book.h"

#include <sys/queue.h>

enum lane_step { LANE_IDLE, LANE_USER, LANE_CHANNEL, LANE_LOOK, LANE_SEND };

/* A channel. */
struct lane {
	LIST_ENTRY(lane) link;
	struct poster *poster;
	char *channel;
	enum lane_step step;
	struct api_call *call;
	int64_t next_ms; /* not before, on the clock of passed_ms */
	unsigned tries;  /* that failed in a row */
	bool muted;      /* in the book */
	bool told_muted; /* it was logged */
	bool named;      /* its id was looked for */
	/* What is in hand: copies, NULL when idle. */
	struct operation operation;
	char *memory[7];
	char *cursor; /* of a listing in several pages */
};
LIST_HEAD(lane_list, lane);

struct poster_numbers {
	int64_t *posts, *edits, *found, *failed, *limited, *muted, *red, *waiting;
};

struct poster {
	struct sink_context *context;
	struct book *book;
	struct api api;
	struct lane_list lanes;
	struct alarm alarm;
	bool quiet; /* of a catch-up: nothing is said */
	bool stopping;
	int64_t forgot_ms;     /* when old rows went last, on the clock of passed_ms */
	bool told_file;        /* that slack.db can't be written */
	int64_t rest_until_ms; /* after that, on the clock of now_ms */
	struct poster_numbers numbers;
};

enum status poster_open(struct poster *poster, struct sink_context *context, struct book *book,
			const struct slack_config *config, struct err *err) MUST_CHECK;
/* Accepts zeroed. What is in flight will be looked up by the next start. */
void poster_close(struct poster *poster);
/* Something changed in the book, or time went by. */
void poster_turn(struct poster *poster);
/* Nothing waits to be said now or soon, and nothing is in flight. */
bool poster_is_idle(const struct poster *poster);

/* Between poster.c, lane.c and lookup.c. */
#define PACE_MS       1000
#define RETRY_BASE_MS 1000
/* Begins with the operation in hand. False: nothing was started. */
bool lane_start(struct lane *lane);
void lane_free(struct lane *lane);
/* The operation is no longer in hand; the next not before after_ms from now. */
void lane_end(struct lane *lane, int64_t after_ms);
/* The operation was surely not done: it is tried again, not looked up. False: that could not be kept. */
bool lane_untried(struct lane *lane);
/* After a failure that passes: later each time. */
void lane_later(struct lane *lane, const struct reply *reply);
/* Nothing can be said there. */
void lane_mute(struct lane *lane, const struct reply *reply);
/* Something was said there. */
void lane_well(struct lane *lane);
/* Is it there? */
bool lookup_start(struct lane *lane);
bool lookup_user(struct lane *lane);
/* The id of a channel that is known by its name. */
bool lookup_channel(struct lane *lane);
/* A transaction of one statement or two; what fails is tried again with the next turn. */
bool poster_write(struct poster *poster, void (*write)(struct book *book, void *arg), void *arg);
