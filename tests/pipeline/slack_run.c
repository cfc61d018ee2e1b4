/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_run.h"
#include "common/time.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define FLY_MS 100 /* of the sink's time in each turn of the loop, while a message is awaited */

struct fake_slack slack;
struct test_clock *test_clock;
static char clock_env[200]; /* BUILDBUS_TEST_CLOCK=… */
static const char *const secrets[] = {SLACK_TOKEN, NULL};

static int64_t real_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void open_clock(void)
{
	const char *path = place_path(run.place, "clock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	cr_assert(fd >= 0 && ftruncate(fd, sizeof *test_clock) == 0);
	test_clock = mmap(NULL, sizeof *test_clock, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert(test_clock != MAP_FAILED);
	close(fd);
	test_clock->wrong_ms = MONDAY - real_ms();
	snprintf(clock_env, sizeof clock_env, "BUILDBUS_TEST_CLOCK=%s", path);
	run.env[0] = clock_env;
}

void slack_run_init(void)
{
	sink_run_init("buildbus-sink-slack", secrets);
	open_clock();
	slack.passed_ms = &test_clock->passed_ms;
	slack.ahead_ms = test_clock->wrong_ms;
	fake_slack_start(&slack);
	slack_configure("");
}

void slack_run_fini(void)
{
	sink_run_fini();
	fake_slack_stop(&slack);
	munmap(test_clock, sizeof *test_clock);
}

void slack_configure(const char *more)
{
	run_destination("slack: {token: %s, channel: \"#builds\", api_url: \"%s\"%s}", SLACK_TOKEN, slack.url,
			more);
}

void slack_kill(void)
{
	child_kill(run.sink);
	no_secret_told(HERE);
	child_free(&run.sink);
	fake_hub_forget(run.hub);
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

size_t slack_events(void)
{
	size_t events;

	slack_lock(&slack);
	events = slack.event_count;
	slack_unlock(&slack);
	return events;
}

static bool has_events(void *arg)
{
	test_clock->passed_ms += FLY_MS;
	return slack_events() >= *(const size_t *)arg || child_ended(run.sink);
}

bool slack_seen(size_t events)
{
	return slack_events() >= events ||
	       (run_until(run.loop, has_events, &events, (int)patience_ms()) && slack_events() >= events);
}

static bool is_held(void *arg)
{
	(void)arg;
	test_clock->passed_ms += FLY_MS;
	return slack_holds(&slack);
}

void slack_held_at(struct spot spot)
{
	if (!run_until(run.loop, is_held, NULL, (int)patience_ms())) {
		fail_at(spot, "no request was held");
	}
}

static size_t line_size(const char *text)
{
	return strcspn(text, "\n");
}

void same_conversation_at(struct spot spot, const char *is, const char *wanted)
{
	int line = 1;
	const char *a = is, *b = wanted;

	while (*a && *b && line_size(a) == line_size(b) && strncmp(a, b, line_size(a)) == 0) {
		a += line_size(a) + (a[line_size(a)] == '\n');
		b += line_size(b) + (b[line_size(b)] == '\n');
		line++;
	}
	if (*a || *b) {
		fail_at(spot, "line %d is\n  %.*s\nnot\n  %.*s\nin\n%.6000s", line, (int)line_size(a), a,
			(int)line_size(b), b, is);
	}
}
