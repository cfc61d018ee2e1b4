/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_clock.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define FLY_MS 100

struct test_clock *test_clock;

static int64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *clock_open(const struct place *place, int64_t at_ms, struct fake_slack *slack)
{
	static char env[200];
	const char *path = place_path(place, "clock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	cr_assert(fd >= 0 && ftruncate(fd, sizeof *test_clock) == 0);
	test_clock = mmap(NULL, sizeof *test_clock, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert(test_clock != MAP_FAILED);
	close(fd);
	test_clock->wrong_ms = at_ms - real_ms();
	slack->passed_ms = &test_clock->passed_ms;
	slack->ahead_ms = test_clock->wrong_ms;
	snprintf(env, sizeof env, "BUILDBUS_TEST_CLOCK=%s", path);
	return env;
}

void clock_close(void)
{
	munmap(test_clock, sizeof *test_clock);
}

int64_t clock_now(void)
{
	return real_ms() + test_clock->passed_ms + test_clock->wrong_ms - MONDAY;
}

void clock_to(int64_t at_ms)
{
	int64_t missing = at_ms - clock_now();

	if (missing > 0) {
		test_clock->passed_ms += missing;
	}
}

void clock_fly(void)
{
	test_clock->passed_ms += FLY_MS;
}
