/* Text from outside on its way to a terminal. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

/* Control characters become spaces (a commit message must not steer the terminal), and when text fills its
 * size bytes it was cut: half a character at the end goes too. */
void clean_line(char *text, size_t size);
