/* SPDX-License-Identifier: MIT */
#include "tests/support/watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define GLANCE_MS 250 /* an inotify queue may overflow, a mapped write goes unseen: then this is the wait */

int watch_open(const char *folder)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	cr_assert_geq(watch, 0);
	cr_assert_geq(inotify_add_watch(watch, folder, IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_TO), 0,
		      "%s can't be watched", folder);
	return watch;
}

bool watch_wait(int watch, int64_t until_ms)
{
	struct pollfd item = {.fd = watch, .events = POLLIN};
	int64_t left = until_ms - test_now_ms();
	char events[4096];

	if (left <= 0) {
		return false;
	}
	if (poll(&item, 1, left < GLANCE_MS ? (int)left : GLANCE_MS) == 1) {
		while (read(watch, events, sizeof events) > 0) {
		}
	}
	return true;
}
