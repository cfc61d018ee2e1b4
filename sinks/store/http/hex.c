/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/hex.h"

#include <string.h>

static const char digits[] = "0123456789abcdef";

void hex_write(const unsigned char *bytes, size_t size, char *out)
{
	for (size_t i = 0; i < size; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

bool hex_read(const char *text, unsigned char *bytes, size_t size)
{
	if (strlen(text) != 2 * size || strspn(text, digits) != 2 * size) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		bytes[i] = (unsigned char)((strchr(digits, text[2 * i]) - digits) << 4 |
					   (strchr(digits, text[2 * i + 1]) - digits));
	}
	return true;
}
