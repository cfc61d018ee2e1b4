/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/markup.h"
#include "common/utf8.h"

static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	/* As such, an attribute would make spaces of them. */
	case '\n':
		return "&#10;";
	case '\t':
		return "&#9;";
	default:
		return NULL;
	}
}

/* The Char of XML 1.0; U+FFFE and U+FFFF are none either. */
static bool is_char(const char *at, size_t size)
{
	if (size == 1) {
		return (unsigned char)*at >= 0x20 && *at != 0x7f;
	}
	return size > 0 && !(size == 3 && memcmp(at, "\xef\xbf", 2) == 0 && (unsigned char)at[2] >= 0xbe);
}

void markup_put(FILE *out, struct text text)
{
	while (text.size > 0) {
		const char *entity = entity_of(*text.at);
		size_t size = utf8_size(text.at, text.size);

		if (entity) {
			fputs(entity, out);
		} else if (is_char(text.at, size)) {
			fwrite(text.at, 1, size, out);
		} else {
			fputs(UTF8_REPLACEMENT, out);
		}
		size = size ? size : 1;
		text.at += size;
		text.size -= size;
	}
}
