/* SPDX-License-Identifier: MIT */
#include "tests/sim/gate.h"

#include <errno.h>
#include <time.h>

void gate_init(struct gate *gate)
{
	pthread_condattr_t attributes;

	*gate = (struct gate){.end = false};
	pthread_mutex_init(&gate->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&gate->ended, &attributes);
	pthread_condattr_destroy(&attributes);
}

void gate_fini(struct gate *gate)
{
	pthread_cond_destroy(&gate->ended);
	pthread_mutex_destroy(&gate->lock);
}

bool gate_pass_ms(struct gate *gate, int64_t ms)
{
	struct timespec until;
	bool end;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&gate->lock);
	while (!gate->end && pthread_cond_timedwait(&gate->ended, &gate->lock, &until) != ETIMEDOUT) {
	}
	end = gate->end;
	pthread_mutex_unlock(&gate->lock);
	return !end;
}

void gate_wait(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (!gate->end) {
		pthread_cond_wait(&gate->ended, &gate->lock);
	}
	pthread_mutex_unlock(&gate->lock);
}

void gate_end(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->end = true;
	pthread_cond_broadcast(&gate->ended);
	pthread_mutex_unlock(&gate->lock);
}
