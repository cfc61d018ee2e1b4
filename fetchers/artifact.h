/* What every provider's files of a build are chosen by. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

#define COVERAGE_FILE "coverage-summary.json"

/* How deep it lies: of several of one name the one in the fewest folders is that of the whole build. */
size_t artifact_folders(const char *path);
