/* The child's side of child_start: between fork and exec. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/child.h"

/* Becomes program; doesn't return. error and ready are written to, both 64 or higher. A sanitizer writes its
 * report to SANITIZER.PID. */
void launch_run(const struct launch *launch, const char *program, const char *sanitizer, int error, int ready)
	__attribute__((noreturn));
