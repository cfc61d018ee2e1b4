/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/desk.h"
#include "common/metrics_private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 1 };

static int on_bell(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	struct desk *desk = arg;
	const char *sentence;
	size_t size;
	uint64_t rings;

	(void)loop, (void)item;
	if (read(desk->bell, &rings, sizeof rings) != sizeof rings) {
		return 0;
	}
	pthread_mutex_lock(&desk->lock);
	free(desk->metrics);
	desk->metrics = metrics_text(&size);
	desk->well = metrics_is_healthy(&sentence);
	snprintf(desk->health, sizeof desk->health, "%s", sentence);
	desk->told = desk->asked;
	desk->silent = false;
	pthread_cond_broadcast(&desk->answered);
	pthread_mutex_unlock(&desk->lock);
	return 0;
}

enum status desk_open(struct desk *desk, zloop_t *loop, struct err *err)
{
	pthread_condattr_t monotonic;
	zmq_pollitem_t item = {.events = ZMQ_POLLIN};

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&desk->lock, NULL);
	pthread_cond_init(&desk->answered, &monotonic);
	pthread_condattr_destroy(&monotonic);
	desk->loop = loop;
	desk->bell = item.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (desk->bell == -1 || zloop_poller(loop, &item, on_bell, desk) == -1) {
		return err_sys(err, "memory for the page");
	}
	return OK;
}

void desk_close(struct desk *desk)
{
	zmq_pollitem_t item = {.fd = desk->bell, .events = ZMQ_POLLIN};

	if (!desk->loop) {
		return;
	}
	if (desk->bell != -1) {
		zloop_poller_end(desk->loop, &item);
		close(desk->bell);
	}
	pthread_cond_destroy(&desk->answered);
	pthread_mutex_destroy(&desk->lock);
	free(desk->metrics);
}

bool desk_ask(struct desk *desk)
{
	uint64_t one = 1;
	struct timespec until;
	int mine, code = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&desk->lock);
	if (desk->silent) {
		return false;
	}
	mine = ++desk->asked;
	if (write(desk->bell, &one, sizeof one) != sizeof one) {
		return false;
	}
	while (code == 0 && desk->told - mine < 0) {
		code = pthread_cond_timedwait(&desk->answered, &desk->lock, &until);
	}
	desk->silent = desk->told - mine < 0;
	return !desk->silent;
}

void desk_leave(struct desk *desk)
{
	pthread_mutex_unlock(&desk->lock);
}
