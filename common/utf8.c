/* SPDX-License-Identifier: MIT */
#include "common/utf8.h"

/* Unicode 15, table 3-7. */
size_t utf8_size(const char *text, size_t left)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned char lead = at[0];
	size_t size = lead < 0x80   ? 1
		      : lead < 0xc2 ? 0
		      : lead < 0xe0 ? 2
		      : lead < 0xf0 ? 3
		      : lead < 0xf5 ? 4
				    : 0;

	if (size == 0 || size > left) {
		return 0;
	}
	for (size_t i = 1; i < size; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	if ((lead == 0xe0 && at[1] < 0xa0) || (lead == 0xed && at[1] > 0x9f) ||
	    (lead == 0xf0 && at[1] < 0x90) || (lead == 0xf4 && at[1] > 0x8f)) {
		return 0;
	}
	return size;
}
