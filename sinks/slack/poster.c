/* SPDX-License-Identifier: MIT */
#include "sinks/slack/poster.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/process.h"
#include "sinks/sink.h"

#include <stdio.h>
#include <stdlib.h>

#define PROBE_MS     300000 /* how often a channel that refuses is tried */
#define REST_MS      1000   /* when slack.db can't be written */
#define FORGET_MS    INT64_C(21600000)
#define TEST_LOOK_MS 20
#define LOOK_MOST_MS 60000
#define SOON_MS      60000 /* what is due then is waited for: a digest, not the end of quiet hours */

static void open_numbers(struct poster_numbers *numbers, const char *sink)
{
	const struct metrics_row rows[] = {
		{metrics_counter, "buildbus_slack_posts_total", "messages and replies posted",
		 &numbers->posts},
		{metrics_counter, "buildbus_slack_edits_total", "messages edited", &numbers->edits},
		{metrics_counter, "buildbus_slack_found_total",
		 "messages that were there after all, when nobody knew", &numbers->found},
		{metrics_counter, "buildbus_slack_failed_total", "requests that failed", &numbers->failed},
		{metrics_counter, "buildbus_slack_limited_total", "requests that Slack put off (429)",
		 &numbers->limited},
		{metrics_gauge, "buildbus_slack_channels_refused", "channels where nothing can be said",
		 &numbers->muted},
		{metrics_gauge, "buildbus_slack_red", "branches that are told to be failing", &numbers->red},
		{metrics_gauge, "buildbus_slack_waiting", "messages and edits that wait to be said",
		 &numbers->waiting},
		METRICS_END,
	};

	metrics_table(rows, LABELS("sink", sink));
}

static void on_collect(void *context)
{
	struct poster *poster = context;

	*poster->numbers.red = book_red(poster->book);
	*poster->numbers.waiting = book_waiting(poster->book);
}

static void on_alarm(void *context)
{
	poster_turn(context);
}

bool poster_write(struct poster *poster, void (*write)(struct book *book, void *arg), void *arg)
{
	struct err err;

	if (book_begin(poster->book, &err) == OK) {
		write(poster->book, arg);
		if (book_commit(poster->book, &err) == OK) {
			poster->told_file = false;
			return true;
		}
	}
	if (!poster->told_file) {
		log_warn("slack.file", STR("sink", poster->context->name), STR("why", err.text));
	}
	poster->told_file = true;
	poster->rest_until_ms = now_ms() + REST_MS;
	if (err.status == ERR_CONFIG || err.status == ERR_SYS) {
		sink_stop(poster->context, err.status, &err);
		poster->stopping = true;
	}
	return false;
}

static void add_lane(void *owner, const char *channel)
{
	struct poster *poster = owner;
	struct lane *lane;

	LIST_FOREACH(lane, &poster->lanes, link)
	{
		if (strcmp(lane->channel, channel) == 0) {
			return;
		}
	}
	lane = calloc(1, sizeof *lane);
	if (lane && (lane->channel = strdup(channel))) {
		lane->poster = poster;
		LIST_INSERT_HEAD(&poster->lanes, lane, link);
	} else {
		free(lane);
	}
}

static void write_unmute(struct book *book, void *arg)
{
	const struct lane *lane = arg;

	book_unmute(book, lane->channel);
	book_speak(book, lane->channel, wall_ms());
}

/* Perhaps somebody acted. */
static void probe(struct lane *lane)
{
	if (poster_write(lane->poster, write_unmute, lane)) {
		lane->muted = lane->named = false;
	}
}

static void tell_health(struct poster *poster)
{
	struct lane *lane;
	int64_t muted = 0;

	LIST_FOREACH(lane, &poster->lanes, link)
	{
		muted += lane->told_muted;
	}
	*poster->numbers.muted = muted;
	metrics_health(muted == 0,
		       muted ? "slack: a channel refuses messages, the log says which and why" : NULL);
}

static void lane_turn(struct lane *lane, int64_t at_ms)
{
	if (lane->step != LANE_IDLE || at_ms < lane->next_ms) {
		return;
	}
	if (lane->muted) {
		probe(lane);
	}
	if (!lane->muted && !lane_start(lane) && lane->told_muted) {
		/* Nothing waits to be said there. */
		lane->told_muted = false;
		tell_health(lane->poster);
	}
}

static void write_tick(struct book *book, void *arg)
{
	(void)arg;
	book_tick(book, wall_ms());
}

static void write_forget(struct book *book, void *arg)
{
	(void)arg;
	book_forget(book, wall_ms());
}

static int64_t next_look_ms(struct poster *poster)
{
	int64_t wall = wall_ms(), at_ms = passed_ms();
	int64_t tick_ms = book_next_ms(poster->book), due_ms = book_due_ms(poster->book, wall);
	int64_t first_ms = tick_ms < due_ms ? tick_ms : due_ms;
	int64_t wait_ms = first_ms == INT64_MAX ? LOOK_MOST_MS : first_ms - wall;
	struct lane *lane;

	LIST_FOREACH(lane, &poster->lanes, link)
	{
		if (lane->step == LANE_IDLE && lane->next_ms > at_ms && lane->next_ms - at_ms < wait_ms) {
			wait_ms = lane->next_ms - at_ms;
		}
	}
	if (getenv("BUILDBUS_TEST_CLOCK")) {
		return TEST_LOOK_MS;
	}
	return wait_ms < 1 ? 1 : wait_ms < LOOK_MOST_MS ? wait_ms : LOOK_MOST_MS;
}

void poster_turn(struct poster *poster)
{
	struct lane *lane;

	if (poster->quiet || poster->stopping) {
		return;
	}
	if (now_ms() < poster->rest_until_ms) {
		alarm_by(&poster->alarm, poster->rest_until_ms);
		return;
	}
	if (book_next_ms(poster->book) <= wall_ms()) {
		poster_write(poster, write_tick, NULL);
	}
	if (passed_ms() - poster->forgot_ms > FORGET_MS) {
		poster->forgot_ms = passed_ms();
		poster_write(poster, write_forget, NULL);
	}
	book_channels(poster->book, wall_ms(), add_lane, poster);
	LIST_FOREACH(lane, &poster->lanes, link)
	{
		lane_turn(lane, passed_ms());
	}
	if (!poster->stopping) {
		alarm_by(&poster->alarm, now_ms() + next_look_ms(poster));
	}
}

struct work {
	const struct poster *poster;
	bool left;
};

static void find_work(void *owner, const char *channel)
{
	struct work *work = owner;
	const struct lane *lane;

	LIST_FOREACH(lane, &work->poster->lanes, link)
	{
		if (lane->muted && strcmp(lane->channel, channel) == 0) {
			return; /* an operator must act: not worth waiting for */
		}
	}
	work->left = true;
}

bool poster_is_idle(const struct poster *poster)
{
	struct work work = {.poster = poster};
	const struct lane *lane;

	LIST_FOREACH(lane, &poster->lanes, link)
	{
		work.left |= lane->step != LANE_IDLE;
	}
	book_channels(poster->book, wall_ms() + SOON_MS, find_work, &work);
	return !work.left;
}

enum status poster_open(struct poster *poster, struct sink_context *context, struct book *book,
			const struct slack_config *config, struct err *err)
{
	poster->context = context;
	poster->book = book;
	poster->quiet = true;
	LIST_INIT(&poster->lanes);
	alarm_init(&poster->alarm, context->loop, on_alarm, poster);
	open_numbers(&poster->numbers, context->name);
	metrics_on_collect(on_collect, poster);
	return api_open(&poster->api, context->loop, config, err);
}

void poster_close(struct poster *poster)
{
	struct lane *lane;

	while ((lane = LIST_FIRST(&poster->lanes))) {
		LIST_REMOVE(lane, link);
		lane_free(lane);
	}
	if (poster->context) {
		alarm_fini(&poster->alarm);
	}
	api_close(&poster->api);
}

struct mute {
	const char *channel;
	char why[400];
};

static void write_mute(struct book *book, void *arg)
{
	const struct mute *mute = arg;

	book_mute(book, mute->channel, mute->why, wall_ms());
}

void lane_mute(struct lane *lane, const struct reply *reply)
{
	struct mute mute = {.channel = lane->channel};
	struct poster *poster = lane->poster;
	const char *before = book_muted(poster->book, lane->channel);

	snprintf(mute.why, sizeof mute.why, "%s", reply->text);
	if (!lane->told_muted || (before && strcmp(before, mute.why) != 0)) {
		log_error("slack.refused", STR("sink", poster->context->name), STR("channel", lane->channel),
			  STR("why", reply->text), STR("do", reply->cure));
	}
	lane->told_muted = true;
	lane->muted = poster_write(poster, write_mute, &mute);
	lane_end(lane, PROBE_MS);
	tell_health(poster);
}

void lane_well(struct lane *lane)
{
	if (lane->told_muted) {
		log_info("slack.back", STR("sink", lane->poster->context->name),
			 STR("channel", lane->channel));
		lane->told_muted = false;
		tell_health(lane->poster);
	}
	lane->tries = 0;
}
