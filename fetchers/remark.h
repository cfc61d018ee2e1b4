/* What a provider says about an answer that it refuses, fit to be passed on to people. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"

#define REMARK_SIZE 256

/* The `message` of a JSON body as one line: secrets hidden, no control characters, cut between characters. ""
 * when there is none. */
void remark_read(struct text body, char out[static REMARK_SIZE]);
