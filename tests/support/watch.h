/* Waiting for a change in a folder instead of asking again and again. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/fail.h"

#include <stdbool.h>

/* A descriptor that sees writes to the files of folder. */
int watch_open(const char *folder);
/* False: nothing changed until until_ms (test_now_ms). May return early without a change. */
bool watch_wait(int watch, int64_t until_ms);
