/* buildbus-sink-slack says in Slack what breaks and what is fixed: one message when main breaks, edited when
 * it is fixed. */
/* SPDX-License-Identifier: MIT */
#include "common/folder.h"
#include "common/log.h"
#include "common/process.h"
#include "sinks/sink.h"
#include "sinks/slack/check.h"
#include "sinks/slack/intent.h"
#include "sinks/slack/poster.h"

#include <stdio.h>
#include <stdlib.h>

#define SETTLE_LOOK_MS 50
#define NEWS_AGAIN_MS  1000

struct slack {
	struct sink_context *context;
	const struct slack_config *config;
	struct book *book;
	struct poster poster;
	struct alarm news;     /* when they could not be written */
	struct alarm settling; /* of `buildbus sync`: until all is said */
	bool knows;            /* a session began: what slack.db lacks was asked for */
	bool anew;             /* everything comes, of which slack.db knew nothing */
};

/* slack.db for the destination `slack`, else slack-<name>.db. NULL: no memory. */
static char *file_path(const struct sink_context *context)
{
	bool plain = strcmp(context->name, "slack") == 0;
	char *path;

	return asprintf(&path, "%s/slack%s%s.db", context->bus->state_dir, plain ? "" : "-",
			plain ? "" : context->name) < 0
		       ? NULL
		       : path;
}

static void on_settling(void *context)
{
	struct slack *slack = context;

	if (!slack->poster.quiet && poster_is_idle(&slack->poster)) {
		sink_settled(slack->context, 0);
	} else {
		alarm_by(&slack->settling, now_ms() + SETTLE_LOOK_MS);
	}
}

/* What a lost file knew may have been said: it is looked up before it is said again. */
static void write_news(struct book *book, void *arg)
{
	const struct slack *slack = arg;

	book_unmute(book, NULL);
	book_route(book);
	book_doubt(book, slack->anew);
	book_speak(book, NULL, wall_ms());
	book_doubt(book, false);
	book_remember(book, BOOK_KNOWS);
}

static void tell_news(void *context)
{
	struct slack *slack = context;

	if (!poster_write(&slack->poster, write_news, slack)) {
		alarm_by(&slack->news, now_ms() + NEWS_AGAIN_MS);
		return;
	}
	slack->anew = false;
	slack->poster.quiet = false;
	poster_turn(&slack->poster);
}

static enum status slack_open(void *state, struct sink_context *context, const void *config, struct err *err)
{
	struct slack *slack = state;
	enum status status = slack_config_check(config, context->file, err);
	char *path;

	if (status != OK) {
		return err_prefix(err, "slack");
	}
	slack->context = context;
	slack->config = config;
	alarm_init(&slack->news, context->loop, tell_news, slack);
	alarm_init(&slack->settling, context->loop, on_settling, slack);
	status = folder_make(context->bus->state_dir, err);
	if (status != OK) {
		return status;
	}
	/* A dry run says nothing and keeps nothing. */
	path = context->bus->dry_run ? strdup("") : file_path(context);
	status = path ? book_open(&slack->book, *path ? path : NULL, config, err)
		      : err_sys(err, "memory for a path");
	free(path);
	if (status == OK) {
		status = poster_open(&slack->poster, context, slack->book, config, err);
	}
	if (status == OK) {
		intent_tell(context->name, slack->config);
	}
	if (status == OK && !slack->config->token) {
		log_warn("slack.webhook", STR("sink", context->name),
			 STR("why", "an incoming webhook can't edit, thread or look up messages: what is "
				    "fixed is a message of its own, after a crash one may come twice; "
				    "`token` can"));
	}
	return status;
}

static void write_lost(struct book *book, void *arg)
{
	(void)arg;
	book_remember(book, BOOK_LOST);
}

/* The position at the hub still tells it to the process that is started next. */
static void stop_unnoted(struct slack *slack)
{
	struct err err;

	err_set(&err, ERR_SYS,
		"slack.db was lost and can't be written (the log says why): nothing is told "
		"before it can be noted that messages must be looked up");
	sink_stop(slack->context, ERR_SYS, &err);
}

/* A file that was made anew knows nothing of what the hub counts as told: it counts anew, from 0, which is
 * noted here, for the next start can't see it any more. */
static void recall(struct slack *slack, struct position position)
{
	enum book_memory memory = book_memory(slack->book);

	slack->anew = memory == BOOK_LOST || (memory == BOOK_FRESH && position.seq > 0);
	if (!slack->anew || position.seq == 0) {
		return;
	}
	if (poster_write(&slack->poster, write_lost, NULL)) {
		sink_anew(slack->context);
	} else {
		stop_unnoted(slack);
	}
}

static void slack_attached(void *state, struct text note, struct position position)
{
	struct slack *slack = state;

	(void)note;
	slack->poster.quiet = true;
	if (!slack->knows && !slack->context->bus->sync) {
		recall(slack, position);
	}
	slack->knows = true;
}

/* Up to the hub's head everything is known: what is still red and untold is told now. In a `buildbus sync`
 * only when everything was fetched. */
static void slack_current(void *state)
{
	struct slack *slack = state;

	if (!slack->context->bus->sync) {
		tell_news(slack);
	}
}

static enum sink_write slack_write(void *state, struct sink_batch *batch)
{
	struct slack *slack = state;
	struct err err;
	enum status status = book_begin(slack->book, &err);

	if (status == OK) {
		for (size_t i = 0; i < batch->count; i++) {
			book_fold(slack->book, &batch->records[i].build, wall_ms(), slack->poster.quiet);
			sink_done(&batch->records[i], EFFECT_UNCHANGED);
		}
		status = book_commit(slack->book, &err);
	}
	if (status != OK) {
		sink_all_retry(batch, 0, err.text);
	}
	if (status == ERR_CONFIG || status == ERR_SYS) {
		sink_stop(slack->context, status, &err);
	}
	poster_turn(&slack->poster);
	return WRITE_ENDED;
}

/* Of `buildbus sync`: everything was fetched; what it means is said before the end. */
static void slack_settle(void *state)
{
	struct slack *slack = state;

	if (slack->context->bus->dry_run) {
		sink_settled(slack->context, 0);
		return;
	}
	tell_news(slack);
	on_settling(slack);
}

static void slack_close(void *state)
{
	struct slack *slack = state;

	poster_close(&slack->poster);
	book_free(&slack->book);
	if (slack->context) {
		alarm_fini(&slack->news);
		alarm_fini(&slack->settling);
	}
}

static const struct sink slack_sink = {
	.name = "slack",
	.summary = "say in Slack what breaks and what is fixed",
	.rows = slack_config_rows,
	.config_size = sizeof(struct slack_config),
	.state_size = sizeof(struct slack),
	.open = slack_open,
	.attached = slack_attached,
	.current = slack_current,
	.write = slack_write,
	.settle = slack_settle,
	.checker = &slack_checker,
	.close = slack_close,
};

int main(int argc, char **argv)
{
	return sink_main(&slack_sink, argc, argv);
}
