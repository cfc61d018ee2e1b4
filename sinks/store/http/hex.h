/* Bytes as lower-case hex digits. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* out has 2 * size + 1 bytes. */
void hex_write(const unsigned char *bytes, size_t size, char *out);
/* False: text is not exactly size bytes. */
bool hex_read(const char *text, unsigned char *bytes, size_t size);
