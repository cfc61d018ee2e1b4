/* buildbus-sink-slack, the real executable, between a hand-written hub and a fake Slack, on a clock that the
 * test moves: builds in, a conversation out. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/slack/slack.h"
#include "tests/pipeline/sink_run.h"
#include "tests/pipeline/slack_clock.h"

extern struct fake_slack slack;

/* For TestSuite(.init, .fini): everything but the sink runs; it is Monday 00:00. */
void slack_run_init(void);
void slack_run_fini(void);
/* What follows token, channel and api_url: ", storm: 3". */
void slack_configure(const char *more);
/* kill -9. */
void slack_kill(void);

/* Time flies until so many messages and edits were seen, in all. False: they do not come. */
bool slack_seen(size_t events);
/* The same, by seconds: of what takes minutes. */
bool slack_seen_late(size_t events);
size_t slack_events(void);
/* Time flies by seconds until it said text so often. */
#define slack_says(text, times) slack_says_at(HERE, text, times)
void slack_says_at(struct spot spot, const char *text, int times);
/* The fake holds a request. */
#define slack_held() slack_held_at(HERE)
void slack_held_at(struct spot spot);

/* One build, in a line of words; what is not said is as for any build:
 *   web 17 a1 failed by=ann took=5 job=test
 * PIPELINE NUMBER COMMIT passed|failed|error|timeout|cancelled|skipped|running|queued|blocked, and by (login;
 * the e-mail is LOGIN@example.com), took (minutes), created (minutes ago), branch, default, attempt, job
 * (names with commas), provider, org, trigger, origin, message. It finished at at_ms. ERR_DATA: can't be
 * read. */
#define build_comes(at_ms, line) build_comes_at(HERE, at_ms, line)
void build_comes_at(struct spot spot, int64_t at_ms, const char *line);

/* Fails, with the first line that differs, unless both are the same. */
#define same_conversation(is, wanted) same_conversation_at(HERE, is, wanted)
void same_conversation_at(struct spot spot, const char *is, const char *wanted);
