/* The clock of a sink, in the hands of a test: common/clock.c reads it from a file that this maps. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/slack/slack.h"
#include "tests/support/place.h"

#define MONDAY INT64_C(1799020800000) /* 2027-01-04T00:00:00Z */

/* What the sink's clocks are off by. */
extern struct test_clock {
	volatile int64_t passed_ms, wrong_ms;
} * test_clock;

/* It is at_ms (since 1970) now, for the sink and for Slack. Returns BUILDBUS_TEST_CLOCK=…, which stays. */
const char *clock_open(const struct place *place, int64_t at_ms, struct fake_slack *slack);
void clock_close(void);

/* Milliseconds since MONDAY, by the clock that the sink sees. */
int64_t clock_now(void);
/* Moves it forward; never back. */
void clock_to(int64_t at_ms);
/* A little, in each turn of a loop that waits for a message. */
void clock_fly(void);
