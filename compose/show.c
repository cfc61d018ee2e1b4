/* SPDX-License-Identifier: MIT */
#include "compose/show.h"
#include "common/feed_client.h"
#include "common/log.h"
#include "compose/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CREDIT = 256, ARENA_MAX = 4 << 20 };

struct show {
	zloop_t *loop;
	const struct bus_config *bus;
	struct feed_client *client;
	struct position from; /* what the hub had when we came; epoch 0: not known yet */
	struct arena arena;
	size_t width; /* of the terminal when we came; 0: stdout is none */
	int timer;    /* -1: none */
	int64_t seen; /* printed up to this seq */
	bool failed;
	void (*on_begin)(void *); /* NULL: was called */
	void *context;
};

static void begin(struct show *show)
{
	if (show->on_begin) {
		show->on_begin(show->context);
		show->on_begin = NULL;
	}
}

static int on_reopen(zloop_t *loop, int timer, void *arg);

/* The first session only tells where the log ends; the second reads on from there. Else a hub with a million
 * builds would send them all first. */
static void on_attached(void *context, const struct feed_session *session)
{
	struct show *show = context;

	if (show->from.epoch == 0) {
		show->from = session->head;
		show->seen = session->head.seq;
		begin(show);
		show->timer = zloop_timer(show->loop, 0, 1, on_reopen, show);
		return;
	}
	feed_client_credit(show->client, CREDIT);
}

static void print(struct show *show, zmq_msg_t *frame)
{
	struct build build;
	struct err err;

	if (build_unpack(zmq_msg_data(frame), zmq_msg_size(frame), &show->arena, &build, &err) == OK) {
		char *line = show_line(&build, show->width);

		puts(line ? line : "");
		free(line);
	}
	arena_reset(&show->arena);
}

static void on_records(void *context, const struct feed_range *range)
{
	struct show *show = context;

	for (size_t i = 0; i < range->count; i++) {
		print(show, feed_range_frame(range, i));
	}
	fflush(stdout);
	show->seen = range->last;
	feed_client_credit(show->client, (int64_t)range->count);
}

static void on_number(void *context, int64_t number)
{
	(void)context, (void)number;
}

static void on_nothing(void *context)
{
	(void)context;
}

static void on_waiting(void *context, const char *why)
{
	(void)context;
	log_debug("show.waiting", STR("why", why));
}

static void on_failed(void *context, const struct err *err)
{
	struct show *show = context;

	log_warn("show.failed", STR("why", err->text));
	show->failed = true;
	begin(show);
}

static const struct feed_events events = {
	.attached = on_attached,
	.records = on_records,
	.settled = on_nothing,
	.rejected = on_number,
	.noted = on_nothing,
	.waiting = on_waiting,
	.refused = on_waiting,
	.failed = on_failed,
	.detached = on_nothing,
};

static enum status client_open(struct show *show, struct err *err)
{
	struct feed_options options = {.bus = show->bus, .from = show->from};

	return feed_client_new(&show->client, show->loop, &options, &events, show, err);
}

static int on_reopen(zloop_t *loop, int timer, void *arg)
{
	struct show *show = arg;
	struct err err = {0};

	(void)loop, (void)timer;
	show->timer = -1;
	feed_client_free(&show->client);
	if (client_open(show, &err) != OK) {
		on_failed(show, &err);
	}
	return 0;
}

bool show_has(const struct show *show, int64_t seq)
{
	return show->failed || (show->from.epoch != 0 && show->seen >= seq);
}

enum status show_new(struct show **out, zloop_t *loop, const struct bus_config *bus, void (*on_begin)(void *),
		     void *context, struct err *err)
{
	struct show *show = calloc(1, sizeof *show);
	enum status status;

	if (!show) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	*show = (struct show){.loop = loop,
			      .bus = bus,
			      .timer = -1,
			      .width = terminal_width(),
			      .on_begin = on_begin,
			      .context = context};
	arena_init(&show->arena, ARENA_MAX);
	status = client_open(show, err);
	if (status != OK) {
		show_free(&show);
	}
	*out = show;
	return status;
}

void show_free(struct show **show)
{
	if (!*show) {
		return;
	}
	if ((*show)->timer != -1) {
		zloop_timer_end((*show)->loop, (*show)->timer);
	}
	feed_client_free(&(*show)->client);
	arena_fini(&(*show)->arena);
	free(*show);
	*show = NULL;
}
