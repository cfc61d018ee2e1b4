/* How much the hub may send. */
/* SPDX-License-Identifier: MIT */
#include "sinks/engine.h"

#define PARKED_BYTES (64 << 20) /* of records that wait for another try */
#define GRANT_MAX    1024 /* records on the way at once: the next ones may be far bigger than the last */

/* What came in an earlier session comes again, takes no room, and must come before it can be refused. */
static bool comes_again(const struct engine *engine)
{
	return feed_client_received(engine->feed) < engine->window.received;
}

/* As many records as there is room for, in number and in bytes; at least one when all that is held waits for
 * another try: one big record in retry must not stop the others. */
void engine_grant(struct engine *engine)
{
	const struct window *window = &engine->window;
	int64_t left = feed_client_credit_left(engine->feed);
	int64_t room = WINDOW_MAX - (int64_t)window_count(window) - left;
	size_t moving = window->bytes - (health_outage(&engine->health) ? 0 : window->parked);
	int64_t by_bytes =
		((int64_t)engine->shape.hold_bytes - (int64_t)moving) / (int64_t)engine->large_bytes - left;

	if (by_bytes < 1 && left == 0 && window->bytes == window->parked) {
		by_bytes = 1;
	}
	room = by_bytes < room ? by_bytes : room;
	room = room < GRANT_MAX - left ? room : GRANT_MAX - left;
	if (room < 1 && left == 0 && (comes_again(engine) || engine->until > window->received)) {
		room = 1;
	} else if (window->parked > PARKED_BYTES) {
		return;
	}
	/* Seldom, in large steps: when less than half of what could be granted is left. */
	if (room > 0 && left <= room) {
		feed_client_credit(engine->feed, room);
	}
}
