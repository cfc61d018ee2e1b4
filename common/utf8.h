/* UTF-8, as strictly as a receiver may check it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD, in place of a byte that is no character */

/* Bytes (1..4) of the valid character at text, of which left > 0 bytes are there; 0: it is none (overlong, a
 * surrogate, above U+10FFFF, cut off). */
size_t utf8_size(const char *text, size_t left);
