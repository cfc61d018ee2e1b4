/* The values that must never be printed. Filled by log_secret, asked by the line writer. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

/* Bytes at the start of text (of size bytes) that belong to a secret, longest first; 0: none. A secret that
 * was cut off by the end of text counts too once MASK_CUT_MIN bytes of it are there. */
size_t mask_match(const char *text, size_t size);
#define MASK_CUT_MIN 6
