/* A badge for a README, in the flat form that people know: a word on grey, a word on a colour. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"

enum badge_tone { BADGE_GOOD, BADGE_BAD, BADGE_UNSURE };

/* SVG, heap; NULL: out of memory. Each text is cut after BADGE_TEXT_MAX bytes, between characters. */
enum { BADGE_TEXT_MAX = 120 };
char *badge_svg(struct text label, struct text message, enum badge_tone tone, size_t *size);
/* How wide the text is in Verdana at 11 px, in tenths of a pixel. */
int badge_width(struct text text);
