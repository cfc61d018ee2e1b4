/* SPDX-License-Identifier: MIT */
#include "common/alarm.h"

void alarm_init(struct alarm *alarm, zloop_t *loop, alarm_callback *ring, void *context)
{
	*alarm = (struct alarm){.loop = loop, .ring = ring, .context = context};
}

static int on_timer(zloop_t *loop, int id, void *argument)
{
	struct alarm *alarm = argument;

	(void)loop;
	(void)id;
	alarm->id = 0; /* it was for one time: the loop forgets it by itself */
	alarm->ring(alarm->context);
	return 0;
}

void alarm_by(struct alarm *alarm, int64_t at_ms)
{
	int64_t delay_ms = at_ms - zclock_mono();

	if (alarm->id) {
		if (alarm->at_ms <= at_ms) {
			return;
		}
		zloop_timer_end(alarm->loop, alarm->id);
	}
	alarm->at_ms = at_ms;
	alarm->id = zloop_timer(alarm->loop, delay_ms > 0 ? (size_t)delay_ms : 0, 1, on_timer, alarm);
	if (alarm->id < 0) {
		alarm->id = 0;
	}
}

void alarm_fini(struct alarm *alarm)
{
	if (alarm->id) {
		zloop_timer_end(alarm->loop, alarm->id);
	}
	alarm->id = 0;
}
