/* A run of `buildbus tap` on the trio's hub, and what it printed. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/trio.h"

extern struct child *tap;

/* Starts it with these arguments: tap_start("--from", "1"). What it prints goes to the file `out`, anew. */
#define tap_start(...) tap_start_with(ARGS("tap", "-c", hub->place->config, __VA_ARGS__))
void tap_start_with(const char *const *args);
/* A trio without and with all of it, for the suites. */
void tap_open(void);
void tap_close(void);
/* Waits for its end. */
#define tap_ends(code) tap_ends_at(HERE, code)
void tap_ends_at(struct spot spot, int code);
/* It has said nothing on stderr. */
#define tap_is_quiet() tap_is_quiet_at(HERE)
void tap_is_quiet_at(struct spot spot);

/* What it has printed until now. Heap. */
char *tap_printed(void);
/* Waits until so many lines are printed, or a line about that build. Heap. */
#define tap_prints(lines) tap_prints_at(HERE, lines)
char *tap_prints_at(struct spot spot, int lines);
#define tap_prints_build(id) tap_prints_build_at(HERE, id)
char *tap_prints_build_at(struct spot spot, const char *id);
/* Waits until so many lines are printed; fails unless they are those of the records first, first + step, … */
#define tap_prints_seqs(first, step, count) tap_prints_seqs_at(HERE, first, step, count)
void tap_prints_seqs_at(struct spot spot, int64_t first, int64_t step, int count);

/* Builds number first … last of a pipeline become records, 200 a message. */
void publish_many(const char *pipeline, int first, int last);
/* Publishes builds of another pipeline until one is printed: from then on everything is. Returns the seq of
 * the first one that was. */
int64_t tap_is_listening(void);
