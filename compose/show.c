/* SPDX-License-Identifier: MIT */
#include "compose/show.h"
#include "common/feed_client.h"
#include "common/log.h"
#include "common/process.h"
#include "compose/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { CREDIT = 256, ARENA_MAX = 4 << 20, COUNT_EVERY_MS = 1000, OLD_MS = 60000, SAID = 1024 };

/* The last line of a build; another build may take its place. */
struct said {
	XXH64_hash_t id, line;
};

struct show {
	zloop_t *loop;
	const struct bus_config *bus;
	struct feed_client *client;
	struct position from; /* what the hub had when we came; epoch 0: not known yet */
	struct arena arena;
	size_t width; /* of the terminal when we came; 0: stdout is none */
	int timer;    /* -1: none */
	int64_t seen; /* printed up to this seq */
	bool old;     /* what was over when we came gets a line too */
	int64_t began_ms;
	int count_timer;
	int64_t counted, told; /* records without a line */
	struct said said[SAID];
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

static int on_count(zloop_t *loop, int timer, void *arg)
{
	struct show *show = arg;

	(void)loop, (void)timer;
	if (show->counted > show->told + show->told / 4) {
		printf("(%lld records of older builds)\n", (long long)show->counted);
		fflush(stdout);
		show->told = show->counted;
	}
	return 0;
}

/* It was over before anybody looked. */
static bool is_old(const struct show *show, const struct build *build)
{
	int64_t over = build->finished_at != INT_NULL ? build->finished_at : build->created_at;

	return build->state == STATE_FINISHED &&
	       (build->origin == ORIGIN_BACKFILL || over < show->began_ms - OLD_MS);
}

/* Much of a build changes without showing in its line; and what was under way before anybody looked has not
 * changed yet. */
static bool is_news(struct show *show, const struct build *build, const char *line)
{
	struct said now = {XXH64(build->id.at, build->id.size, 0), XXH64(line, strlen(line), 0)};
	struct said *said = &show->said[now.id % SAID];
	bool known = said->id == now.id, same = known && said->line == now.line;
	bool began_before = !show->old && build->created_at < show->began_ms;

	*said = now;
	return known ? !same : !began_before || build->state == STATE_FINISHED;
}

static void print_line(struct show *show, const struct build *build)
{
	char *line = show_line(build, show->width);

	if (line && is_news(show, build, line)) {
		puts(line);
	}
	free(line);
}

static void print(struct show *show, zmq_msg_t *frame)
{
	struct build build;
	struct err err;

	if (build_unpack(zmq_msg_data(frame), zmq_msg_size(frame), &show->arena, &build, &err) == OK) {
		if (!show->old && is_old(show, &build)) {
			show->counted++;
		} else {
			print_line(show, &build);
		}
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

enum status show_new(struct show **out, zloop_t *loop, const struct bus_config *bus, bool old,
		     void (*on_begin)(void *), void *context, struct err *err)
{
	struct show *show = calloc(1, sizeof *show);
	enum status status;

	if (!show) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	*show = (struct show){.loop = loop,
			      .bus = bus,
			      .timer = -1,
			      .old = old,
			      .began_ms = wall_ms(),
			      .width = terminal_width(),
			      .on_begin = on_begin,
			      .context = context};
	arena_init(&show->arena, ARENA_MAX);
	show->count_timer = zloop_timer(loop, COUNT_EVERY_MS, 0, on_count, show);
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
	zloop_timer_end((*show)->loop, (*show)->count_timer);
	feed_client_free(&(*show)->client);
	arena_fini(&(*show)->arena);
	free(*show);
	*show = NULL;
}
