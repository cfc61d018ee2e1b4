/* What the threads of the page wait for, and how long. The hub is a hand-written one: hub_view stands here.
 */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "sinks/store/http/desk.h"
#include "sinks/store/http/hub_view.h"
#include "sinks/store/http/stream.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 30000 };

static struct hub {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int asked;
	bool may_answer;
} hub = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

char *hub_view(struct asker **asker, const struct bus_config *bus, enum watch_view view, size_t *size)
{
	(void)asker, (void)bus, (void)view;
	pthread_mutex_lock(&hub.lock);
	hub.asked++;
	pthread_cond_broadcast(&hub.changed);
	while (!hub.may_answer) {
		pthread_cond_wait(&hub.changed, &hub.lock);
	}
	pthread_mutex_unlock(&hub.lock);
	*size = 2;
	return strdup("{}");
}

char *hub_silence(const char *said, size_t *size)
{
	*size = strlen(said);
	return strdup(said);
}

void hub_leave(struct asker **asker)
{
	*asker = NULL;
}

/* Waits for the number of questions; the hub is locked. False: it took too long. */
static bool hub_is_asked(int times)
{
	struct timespec until;
	int code = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	while (code == 0 && hub.asked < times) {
		code = pthread_cond_timedwait(&hub.changed, &hub.lock, &until);
	}
	return hub.asked >= times;
}

static void *look(void *watch)
{
	size_t size;

	free(watch_look(watch, WATCH_BUS, &size));
	return NULL;
}

/* A stream that began while the hub was asked for a page hears of the bus as any other. */
Test(store_http, streams_that_open_while_the_hub_is_asked_are_told_by_the_clock, .timeout = 120)
{
	struct streams streams = {0};
	struct watch watch = {0};
	pthread_t page;
	struct err err;

	streams_init(&streams);
	cr_assert(watch_open(&watch, NULL, &streams, &err) == OK);
	cr_assert(pthread_create(&page, NULL, look, &watch) == 0);
	pthread_mutex_lock(&hub.lock);
	cr_assert(hub_is_asked(1));
	pthread_mutex_lock(&streams.lock);
	streams.count = streams.want_bus = 1;
	pthread_mutex_unlock(&streams.lock);
	watch_stir(&watch);
	hub.may_answer = true;
	pthread_cond_broadcast(&hub.changed);
	cr_expect(hub_is_asked(2), "the clock stands still");
	pthread_mutex_unlock(&hub.lock);
	pthread_join(page, NULL);
	watch_close(&watch);
	streams_fini(&streams);
}

/* The hub is away: whoever looks at the bus would hold one of the few threads, over and over. */
Test(store_http, of_many_that_look_at_a_silent_hub_the_first_waits_alone, .timeout = 120)
{
	struct streams streams = {0};
	struct watch watch = {0};
	int64_t since_ms = now_ms();
	size_t size;
	struct err err;
	char *text;

	streams_init(&streams);
	cr_assert(watch_open(&watch, NULL, &streams, &err) == OK);
	for (int i = 0; i < 50; i++) {
		text = watch_look(&watch, WATCH_BUS, &size);
		cr_expect(size != 2, "the hub has said nothing");
		free(text);
	}
	cr_expect(now_ms() - since_ms < 10000, "%lld ms", (long long)(now_ms() - since_ms));
	pthread_mutex_lock(&hub.lock);
	hub.may_answer = true;
	pthread_cond_broadcast(&hub.changed);
	pthread_mutex_unlock(&hub.lock);
	do {
		text = watch_look(&watch, WATCH_BUS, &size);
		free(size == 2 ? NULL : text);
	} while (size != 2);
	free(text);
	watch_close(&watch);
	streams_fini(&streams);
}

static atomic_int asking;

static void *ask(void *desk)
{
	bool told = desk_ask(desk);

	desk_leave(desk);
	asking--;
	return told ? desk : NULL;
}

static int on_tick(zloop_t *loop, int timer, void *arg)
{
	struct desk *desk = arg;
	bool silent;

	(void)loop, (void)timer;
	pthread_mutex_lock(&desk->lock);
	silent = desk->silent;
	pthread_mutex_unlock(&desk->lock);
	return silent || asking > 0 ? 0 : -1;
}

/* Runs the loop until it is not silent and nobody waits for it. */
static void work(zloop_t *loop, struct desk *desk)
{
	zloop_timer(loop, 1, 0, on_tick, desk);
	zloop_start(loop);
}

/* Each of the few threads that answer would be held for a second otherwise, over and over. */
Test(store_http, of_many_that_ask_a_busy_loop_the_first_waits_alone, .timeout = 120)
{
	zloop_t *loop = zloop_new();
	struct desk desk = {0};
	int64_t since_ms = now_ms();
	pthread_t page;
	struct err err;
	void *told;

	cr_assert(desk_open(&desk, loop, &err) == OK);
	for (asking = 20; asking > 0;) {
		cr_expect(!ask(&desk), "nobody can have answered");
	}
	cr_expect(now_ms() - since_ms < 10000, "%lld ms", (long long)(now_ms() - since_ms));
	work(loop, &desk);
	asking = 1;
	cr_assert(pthread_create(&page, NULL, ask, &desk) == 0);
	work(loop, &desk);
	pthread_join(page, &told);
	cr_expect(told, "it answers again");
	desk_close(&desk);
	zloop_destroy(&loop);
}
