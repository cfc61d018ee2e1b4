/* What every normalizer promises of its records, whatever the provider said; abort otherwise. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/provider.h"

#include <stdlib.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

void promise_build(const struct build *build);
/* What was packed is what is read; JSON is valid, so every text is UTF-8. */
void promise_round_trip(const struct build *build, struct arena *arena);
