/* What a check says: a line a fact, for a person. `buildbus validate` prints such lines, and the processes it
 * starts with --check. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

enum check_word {
	CHECK_OK,
	CHECK_BAD,  /* on stderr, the others on stdout; the sentence ends with what to do */
	CHECK_NOTE, /* it works, but you may want to know */
	CHECK_SKIP, /* it depends on something that is bad */
};

#define CHECK_PLACE_SIZE 128
#define CHECK_TIMEOUT_MS 10000 /* of a request: somebody waits for the answer */

/* `sources[0] buildkite` */
void check_place(const struct config_section *section, char out[static CHECK_PLACE_SIZE]);
/* `ok   <place>: <sentence>`, without secrets and control characters. Returns whether it is no CHECK_BAD. */
bool check_say(enum check_word word, const char *place, const char *format, ...) PRINTF(3, 4);
