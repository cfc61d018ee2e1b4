/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/watch.h"
#include "common/ask.h"
#include "common/process.h"
#include "sinks/store/http/hub_view.h"
#include "sinks/store/http/stream.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FRESH_MS = 1000,
	PATIENCE_MS = 400, /* of who asks: the threads that answer are few */
	TICK_MS = 1000,    /* while streams are open */
	BUS_MS = 2000,
};

static struct timespec until(int64_t ms)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_nsec += ms % 1000 * 1000000;
	time.tv_sec += ms / 1000 + time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

/* Asks without the lock, which is held before and after. */
static void refresh(struct watch *watch, enum watch_view which)
{
	struct view *view = &watch->views[which];
	char *text;
	size_t size = 0;

	view->wanted = false;
	pthread_mutex_unlock(&watch->lock);
	text = hub_view(&watch->asker, watch->bus, which, &size);
	pthread_mutex_lock(&watch->lock);
	if (text) {
		free(view->text);
		view->text = text;
		view->size = size;
		view->at_ms = now_ms();
	}
	view->silent = false;
	pthread_cond_broadcast(&watch->changed);
}

/* What streams want by the clock; the lock is not held. */
static void tick(struct watch *watch, int64_t *beat_ms, int64_t *bus_ms)
{
	char *text;
	size_t size;

	if (now_ms() - *beat_ms >= HEARTBEAT_MS) {
		*beat_ms = now_ms();
		streams_wake(watch->streams, true);
	} else {
		streams_wake(watch->streams, false);
	}
	if (streams_want_bus(watch->streams) && now_ms() - *bus_ms >= BUS_MS) {
		*bus_ms = now_ms();
		text = hub_view(&watch->asker, watch->bus, WATCH_BUS, &size);
		streams_tell_bus(watch->streams, text, size); /* takes it */
	}
}

static void *run(void *arg)
{
	struct watch *watch = arg;
	int64_t beat_ms = now_ms(), bus_ms = 0;

	pthread_mutex_lock(&watch->lock);
	while (!watch->closing) {
		struct timespec time = until(TICK_MS);

		for (int i = 0; i < WATCH_VIEWS; i++) {
			if (watch->views[i].wanted) {
				refresh(watch, (enum watch_view)i);
			}
		}
		if (watch->views[WATCH_BUS].wanted || watch->views[WATCH_DEAD].wanted || watch->closing) {
			continue;
		}
		if (!streams_are_open(watch->streams)) { /* asked now: refresh let go of the lock */
			pthread_cond_wait(&watch->changed, &watch->lock);
		} else {
			pthread_cond_timedwait(&watch->changed, &watch->lock, &time);
			pthread_mutex_unlock(&watch->lock);
			tick(watch, &beat_ms, &bus_ms);
			pthread_mutex_lock(&watch->lock);
		}
	}
	pthread_mutex_unlock(&watch->lock);
	hub_leave(&watch->asker);
	return NULL;
}

enum status watch_open(struct watch *watch, const struct bus_config *bus, struct streams *streams,
		       struct err *err)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&watch->lock, NULL);
	pthread_cond_init(&watch->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	watch->bus = bus;
	watch->streams = streams;
	watch->open = pthread_create(&watch->thread, NULL, run, watch) == 0;
	return watch->open ? OK : err_set(err, ERR_SYS, "no thread for the page");
}

void watch_close(struct watch *watch)
{
	if (!watch->open) {
		return;
	}
	pthread_mutex_lock(&watch->lock);
	watch->closing = true;
	pthread_cond_broadcast(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	for (int i = 0; i < WATCH_VIEWS; i++) {
		free(watch->views[i].text);
	}
	pthread_cond_destroy(&watch->changed);
	pthread_mutex_destroy(&watch->lock);
}

static bool is_fresh(const struct view *view)
{
	return view->text && now_ms() - view->at_ms < FRESH_MS;
}

char *watch_look(struct watch *watch, enum watch_view which, size_t *size)
{
	struct timespec time = until(PATIENCE_MS);
	struct view *view = &watch->views[which];
	char *copy = NULL;
	int code = 0;

	pthread_mutex_lock(&watch->lock);
	if (!is_fresh(view)) {
		view->wanted = true;
		pthread_cond_broadcast(&watch->changed);
	}
	while (code == 0 && !is_fresh(view) && !view->silent && !watch->closing) {
		code = pthread_cond_timedwait(&watch->changed, &watch->lock, &time);
	}
	view->silent |= code != 0 && !is_fresh(view);
	if (is_fresh(view) && (copy = malloc(view->size))) {
		*size = view->size;
		memcpy(copy, view->text, view->size);
	}
	pthread_mutex_unlock(&watch->lock);
	return copy ? copy : hub_silence("the normalizer has not answered yet", size);
}

void watch_stir(struct watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	pthread_cond_broadcast(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
}
