/* SPDX-License-Identifier: MIT */
#include "common/process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Tests of retention let months pass: BUILDBUS_TEST_CLOCK names a file of two int64_t that they write. */
struct test_clock {
	volatile int64_t passed_ms; /* by so much more time went by than it did */
	volatile int64_t wrong_ms;  /* by so much the wall clock was set wrong */
};
static const struct test_clock *test_clock;

__attribute__((constructor)) static void open_test_clock(void)
{
	const char *path = getenv("BUILDBUS_TEST_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map;

	if (fd < 0) {
		return;
	}
	map = mmap(NULL, sizeof *test_clock, PROT_READ, MAP_SHARED, fd, 0);
	test_clock = map == MAP_FAILED ? NULL : map;
	close(fd);
}

static int64_t read_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t now_ms(void)
{
	return read_ms(CLOCK_MONOTONIC);
}

int64_t wall_ms(void)
{
	int64_t at = read_ms(CLOCK_REALTIME);

	return test_clock ? at + test_clock->passed_ms + test_clock->wrong_ms : at;
}

int64_t passed_ms(void)
{
	return read_ms(CLOCK_BOOTTIME) + (test_clock ? test_clock->passed_ms : 0);
}
