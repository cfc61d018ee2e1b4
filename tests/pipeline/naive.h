/* Two pollers that many tools are made of, over the provider's real API. They are here to lose builds: a
 * scene in which neither loses any shows nothing. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/simulator.h"

enum naive_kind {
	NAIVE_LAST_NUMBER, /* newest first until the highest number it has; keeps what is finished */
	NAIVE_BY_PAGE,     /* page 1, 2, … until one brings nothing new; keeps everything, and what it sees
			      again anew */
};

struct naive;

struct naive *naive_new(enum naive_kind kind, const struct simulator *sim, int per_page);
void naive_free(struct naive **naive);
/* One poll of acme/web. pages_max: it is killed after so many pages, with what it has stored; 0: it isn't. */
void naive_poll(struct naive *naive, int pages_max);
/* How many builds of the truth it doesn't have, or has in another state. */
int naive_lost(const struct naive *naive, const char *truth);
