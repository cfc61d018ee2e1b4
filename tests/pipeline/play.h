/* A scene as a table of steps, played by the real pipeline and by the naive pollers. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/scene.h"

/* control: "build", "act", "advance", "faults" are the simulator's (' in json stands for "), or
 *   "visit"  everything that is there now is visited
 *   "truth"  the store must be equal to the truth here already
 *   "die"    it is killed when page 2 was stored, and another one goes on */
struct step {
	const char *control;
	const char *json;
	int times; /* 0 is once */
};

struct play {
	const char *const *sim; /* its arguments */
	const struct step *steps;
	size_t count;
	int naive_page; /* builds a page of the naive pollers; ours asks for 100 */
};
#define STEP(what, ...) ((struct step){.control = what, ##__VA_ARGS__})
#define STEPS(...)                                                                                           \
	.steps = (const struct step[]){__VA_ARGS__},                                                         \
	.count = sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step)
#define SIM(...) .sim = ARGS("--token", SIM_TOKEN, "--listen", "127.0.0.1:0", __VA_ARGS__)

/* At the end the store must be equal to the truth, and each naive poller must have lost something. */
#define play(...) play_at(HERE, &(const struct play){__VA_ARGS__})
void play_at(struct spot spot, const struct play *play);
