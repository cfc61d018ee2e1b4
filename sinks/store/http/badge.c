/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/badge.h"
#include "common/utf8.h"
#include "sinks/store/http/markup.h"

#include <stdlib.h>

enum { PAD = 50, FONT_TENTHS = 110, UNITS_PER_EM = 2048, OTHER_UNITS = 1302, WIDE_UNITS = 2048 };

/* The advance widths of Verdana from space to ~, in units of 1/2048 em. textLength makes other fonts fit. */
static const short units[] = {
	720,  806,  940,  1676, 1302, 2204, 1488, 550,  930,  930,  1302, 1676, 745,  930,  745,  930,
	1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 1302, 930,  930,  1676, 1676, 1676, 1117,
	2048, 1400, 1404, 1430, 1578, 1295, 1177, 1588, 1539, 862,  931,  1419, 1140, 1726, 1532, 1612,
	1235, 1612, 1424, 1400, 1262, 1499, 1400, 2025, 1403, 1260, 1403, 930,  930,  930,  1676, 1302,
	1302, 1230, 1276, 1067, 1276, 1220, 720,  1276, 1296, 562,  705,  1212, 562,  1992, 1296, 1243,
	1276, 1276, 874,  1067, 807,  1296, 1212, 1676, 1212, 1212, 1076, 1300, 930,  1300, 1676,
};

/* East Asian characters and emoji are as wide as they are high: those of three bytes from U+2E80 on, and all
 * of four. */
static bool is_wide(const char *at, size_t size)
{
	return size == 4 || (size == 3 && memcmp(at, "\xe2\xba\x80", 3) >= 0);
}

int badge_width(struct text text)
{
	long sum = 0;

	while (text.size > 0) {
		size_t size = utf8_size(text.at, text.size);
		unsigned char c = (unsigned char)*text.at;

		sum += c >= ' ' && c <= '~'     ? units[c - ' ']
		       : is_wide(text.at, size) ? WIDE_UNITS
						: OTHER_UNITS;
		size = size ? size : 1;
		text.at += size;
		text.size -= size;
	}
	return (int)(sum * FONT_TENTHS / UNITS_PER_EM);
}

static struct text cut(struct text text)
{
	size_t size = 0, next;

	while (size < text.size) {
		next = utf8_size(text.at + size, text.size - size);
		next = next ? next : 1;
		if (size + next > BADGE_TEXT_MAX) {
			break;
		}
		size += next;
	}
	return (struct text){text.at, size};
}

/* The shadow, then the word. In tenths, as the group is scaled by 0.1. */
static void put_words(FILE *out, struct text text, int middle, int width)
{
	static const char *const looks[] = {"fill=\"#010101\" fill-opacity=\".3\" y=\"150\"", "y=\"140\""};

	for (int i = 0; i < 2; i++) {
		fprintf(out, "<text x=\"%d\" %s transform=\"scale(.1)\" textLength=\"%d\"%s>", middle,
			looks[i], width, i == 0 ? " aria-hidden=\"true\"" : "");
		markup_put(out, text);
		fputs("</text>", out);
	}
}

static void put_title(FILE *out, struct text label, struct text message)
{
	markup_put(out, label);
	fputs(": ", out);
	markup_put(out, message);
}

static void put_badge(FILE *out, struct text label, struct text message, const char *colour)
{
	int left_words = badge_width(label), right_words = badge_width(message);
	int left = (left_words + 2 * PAD + 9) / 10, right = (right_words + 2 * PAD + 9) / 10;

	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"20\" role=\"img\" "
		"aria-label=\"",
		left + right);
	put_title(out, label, message);
	fputs("\"><title>", out);
	put_title(out, label, message);
	fprintf(out,
		"</title><linearGradient id=\"s\" x2=\"0\" y2=\"100%%\">"
		"<stop offset=\"0\" stop-color=\"#bbb\" stop-opacity=\".1\"/>"
		"<stop offset=\"1\" stop-opacity=\".1\"/></linearGradient>"
		"<clipPath id=\"r\"><rect width=\"%d\" height=\"20\" rx=\"3\" fill=\"#fff\"/></clipPath>"
		"<g clip-path=\"url(#r)\"><rect width=\"%d\" height=\"20\" fill=\"#555\"/>"
		"<rect x=\"%d\" width=\"%d\" height=\"20\" fill=\"%s\"/>"
		"<rect width=\"%d\" height=\"20\" fill=\"url(#s)\"/></g>"
		"<g fill=\"#fff\" text-anchor=\"middle\" "
		"font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" font-size=\"110\" "
		"text-rendering=\"geometricPrecision\">",
		left + right, left, left, right, colour, left + right);
	put_words(out, label, left * 5, left_words);
	put_words(out, message, left * 10 + right * 5, right_words);
	fputs("</g></svg>\n", out);
}

char *badge_svg(struct text label, struct text message, enum badge_tone tone, size_t *size)
{
	/* White on each has a contrast of 4.5 at least. */
	static const char *const colours[] = {
		[BADGE_GOOD] = "#2a7f2e", [BADGE_BAD] = "#c0392b", [BADGE_UNSURE] = "#6b6b6b"};
	char *svg = NULL;
	FILE *out = open_memstream(&svg, size);

	if (!out) {
		return NULL;
	}
	put_badge(out, cut(label), cut(message), colours[tone]);
	if (fclose(out) != 0) {
		free(svg);
		return NULL;
	}
	return svg;
}
