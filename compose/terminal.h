/* What stdout is. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Columns; 0: stdout is no terminal. */
size_t terminal_width(void);
/* A terminal that shows colours to somebody who wants them (NO_COLOR). */
bool terminal_coloured(void);
/* The escape that begins the colour of a state or result; "": it has none. Ends with "\033[0m". */
const char *terminal_colour(const char *word);
