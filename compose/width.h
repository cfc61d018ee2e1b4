/* Text of others on a terminal: what it may do there (nothing), how many columns it takes, where to cut it.
 * Pure, no locale. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Columns of one character: 0 for marks that combine, 2 for East Asian wide ones and emoji. */
int width_of(uint32_t character);
/* Columns of clean UTF-8. */
size_t width_text(const char *text);
/* The first line of size bytes as clean UTF-8 with NUL: control characters (also C1), escapes and direction
 * marks become U+FFFD, invalid bytes too, tabs a space. Heap; NULL: out of memory. */
char *width_clean(const char *text, size_t size);
/* Cuts clean text in place to so many columns (at least 1), with `…` where something is missing. The buffer
 * must hold 3 bytes more than the text. */
void width_cut(char *text, size_t columns);
