/* SPDX-License-Identifier: MIT */
#include "compose/clean.h"

#include <string.h>

/* Bytes that the character with this first byte has; 1 for what is none. */
static size_t expected(unsigned char lead)
{
	return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}

static void cut_half_character(char *text, size_t length)
{
	size_t lead = length;

	while (lead > 0 && length - lead < 4 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80) {
		lead--;
	}
	if (lead > 0 && length - (lead - 1) < expected((unsigned char)text[lead - 1])) {
		text[lead - 1] = '\0';
	}
}

void clean_line(char *text, size_t size)
{
	size_t length = strlen(text);

	for (unsigned char *at = (unsigned char *)text; *at; at++) {
		if (*at < 0x20 || *at == 0x7f) {
			*at = ' ';
		} else if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0) { /* C1 */
			at[0] = at[1] = ' ';
		}
	}
	if (length + 1 == size) {
		cut_half_character(text, length);
	}
}
