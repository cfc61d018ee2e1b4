/* A book in memory, fed with builds of acme/web, and what it says, as a conversation. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/book.h"

#define T0  INT64_C(1767225600000) /* a Thursday, 00:00 UTC */
#define MIN INT64_C(60000)

extern struct talk {
	struct slack_config config;
	struct slack_rule rule;
	struct book *book;
	int64_t now;
	int64_t version;
	char said[65536]; /* a line an operation: `1: text`, `1 > 2: reply` (>> broadcast), `1 = edit` */
	char body[32768]; /* of the newest one */
} talk;

/* For TestSuite(.init, .fini). */
void talk_init(void);
void talk_fini(void);
/* A finished build: number n was created at minute n and finished 5 minutes later, which it is then. */
struct build talk_build(int number, int result, const char *commit);
/* It comes, and what is to be said is said. */
void talk_fold(const struct build *build);
void talk_fold_silently(const struct build *build);
/* Number, result, commit. */
void red(int number, const char *commit);
void green(int number, const char *commit);
/* Says what waits. */
void talk_say(void);
/* Time goes by, with its ticks. */
void talk_wait(int64_t ms);
/* Fails unless what was said since the last time is this. */
void expect_said(const char *lines);
