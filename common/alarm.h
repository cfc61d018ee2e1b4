/* One timer on the loop that can be moved: the earliest wish wins, and it rings once. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <czmq.h>
#include <stdint.h>

typedef void alarm_callback(void *context);

struct alarm {
	zloop_t *loop;
	alarm_callback *ring;
	void *context;
	int id;        /* of the zloop timer; 0: not set */
	int64_t at_ms; /* on the monotonic clock, while id is set */
};

void alarm_init(struct alarm *alarm, zloop_t *loop, alarm_callback *ring, void *context);
/* Rings no later than at_ms (monotonic, zclock_mono). A time in the past rings in the next turn of the loop.
 */
void alarm_by(struct alarm *alarm, int64_t at_ms);
/* Accepts zeroed. */
void alarm_fini(struct alarm *alarm);
