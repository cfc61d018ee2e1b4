/* A program run to its end, and what it said. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/child.h"

struct said {
	int code;
	char *out, *errors; /* heap */
};

/* command_run(place, "buildbus", ARGS("status", "-c", place->config)). Daemons too, where they refuse to
 * start: at most patience_ms. */
#define command_run(place, program, args) command_run_at(HERE, place, program, args)
struct said command_run_at(struct spot spot, const struct place *place, const char *program,
			   const char *const *args);
void said_free(struct said *said);

/* `buildbus sync` with the place's state, of builds of any age; fails unless it succeeds. */
#define sync_again(place) sync_again_at(HERE, place)
void sync_again_at(struct spot spot, const struct place *place);

/* Fails unless it ended with code and told each of the words (separated by |) on stderr, in one sentence: one
 * line, or one event proc.failed beside proc.exit. */
#define expect_refusal(said, code, words) expect_refusal_at(HERE, said, code, words)
void expect_refusal_at(struct spot spot, const struct said *said, int code, const char *words);
/* Fails unless text holds each of the words. */
void expect_words(struct spot spot, const char *text, const char *words);
