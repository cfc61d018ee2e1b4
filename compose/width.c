/* SPDX-License-Identifier: MIT */
#include "compose/width.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffd
#define ELLIPSIS    "\xe2\x80\xa6"

struct range {
	uint32_t first, last;
};

/* From Unicode's EastAsianWidth (W, F) and emoji with default emoji presentation, merged. */
static const struct range wide[] = {
	{0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
	{0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267f, 0x267f},   {0x2693, 0x2693},
	{0x26a1, 0x26a1},   {0x26aa, 0x26ab},   {0x26bd, 0x26be},   {0x26c4, 0x26c5},   {0x26ce, 0x26ce},
	{0x26d4, 0x26d4},   {0x26ea, 0x26ea},   {0x26f2, 0x26f3},   {0x26f5, 0x26f5},   {0x26fa, 0x26fa},
	{0x26fd, 0x26fd},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},
	{0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27b0, 0x27b0},
	{0x27bf, 0x27bf},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
	{0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},
	{0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
	{0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
	{0x1f191, 0x1f19a}, {0x1f1e6, 0x1f1ff}, {0x1f200, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb},
	{0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

static const struct range zero[] = {
	{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
	{0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},
	{0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d}, {0x2060, 0x2064},
	{0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0x1f3fb, 0x1f3ff},
};

/* C0, DEL, C1, line and paragraph separators, and what turns the direction of a line around. */
static const struct range unsafe[] = {
	{0x00, 0x1f},     {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200e, 0x200f},   {0x2028, 0x202e},
	{0x2066, 0x206f}, {0xd800, 0xdfff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

#define IN(ranges, character) within(ranges, sizeof(ranges) / sizeof(ranges)[0], character)

static bool within(const struct range *ranges, size_t count, uint32_t character)
{
	for (size_t i = 0; i < count && ranges[i].first <= character; i++) {
		if (character <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

int width_of(uint32_t character)
{
	if (IN(zero, character)) {
		return 0;
	}
	return IN(wide, character) ? 2 : 1;
}

/* One character of at most size bytes; *used is at least 1. Invalid: REPLACEMENT. */
static uint32_t decode(const unsigned char *at, size_t size, size_t *used)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = at[0] < 0x80 ? 1 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : at[0] >= 0xc0 ? 2 : 0;
	uint32_t character = length < 2 ? at[0] : at[0] & (0x7fu >> length);

	*used = 1;
	if (length == 0 || length > size || at[0] > 0xf4) {
		return REPLACEMENT;
	}
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			return REPLACEMENT;
		}
		character = character << 6 | (at[i] & 0x3f);
	}
	if (character < least[length] || character > 0x10ffff) {
		return REPLACEMENT;
	}
	*used = length;
	return character;
}

size_t width_text(const char *text)
{
	size_t size = strlen(text), columns = 0, used;

	for (size_t i = 0; i < size; i += used) {
		columns += (size_t)width_of(decode((const unsigned char *)text + i, size - i, &used));
	}
	return columns;
}

char *width_clean(const char *text, size_t size)
{
	char *out = malloc(size * 3 + 4), *to = out; /* one bad byte becomes three */
	size_t used;

	for (size_t i = 0; out && i < size && text[i] != '\n' && text[i] != '\r'; i += used) {
		uint32_t character = decode((const unsigned char *)text + i, size - i, &used);
		if (character == '\t') {
			*to++ = ' ';
		} else if (character == REPLACEMENT || IN(unsafe, character)) {
			memcpy(to, "\xef\xbf\xbd", 3);
			to += 3;
		} else {
			memcpy(to, text + i, used);
			to += used;
		}
	}
	if (out) {
		*to = '\0';
	}
	return out;
}

void width_cut(char *text, size_t columns)
{
	size_t size = strlen(text), at = 0, here = 0, used;

	if (width_text(text) <= columns) {
		return;
	}
	while (at < size) {
		size_t next =
			here + (size_t)width_of(decode((const unsigned char *)text + at, size - at, &used));
		if (next > columns - 1) {
			break;
		}
		here = next;
		at += used;
	}
	memcpy(text + at, ELLIPSIS, sizeof ELLIPSIS);
}
