/* Rounds of a break and its fix, ten minutes later: each is a message, its edit and its reply. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/time.h"
#include "tests/pipeline/slack_run.h"

#define AT(minute) (9 * HOUR_MS + (minute)*MINUTE_MS)

void tell(size_t round);
void fix(size_t round);
/* In all so many, in this order. */
#define has_rounds(rounds) has_rounds_at(HERE, rounds)
void has_rounds_at(struct spot spot, size_t rounds);

/* The next post, before it is done and after. */
void hold_post(void);
void hold_posted(void);
