/* SPDX-License-Identifier: MIT */
#include "common/check.h"
#include "common/config_private.h"
#include "common/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
	[CHECK_OK] = "ok  ",
	[CHECK_BAD] = "bad ",
	[CHECK_NOTE] = "note",
	[CHECK_SKIP] = "skip",
};

void check_place(const struct config_section *section, char out[static CHECK_PLACE_SIZE])
{
	const struct config_place *place = section->node;
	size_t list = strcspn(place->where, ".");

	snprintf(out, CHECK_PLACE_SIZE, "%.*s %s", (int)list, place->where, section->kind);
}

bool check_say(enum check_word word, const char *place, const char *format, ...)
{
	char sentence[1024], *masked;
	va_list values;

	va_start(values, format);
	vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	masked = log_masked(sentence);
	for (char *c = masked; c && *c; c++) {
		*c = iscntrl((unsigned char)*c) ? ' ' : *c;
	}
	fflush(stdout); /* both on one terminal: in order */
	fprintf(word == CHECK_BAD ? stderr : stdout, "%s %s: %s\n", words[word], place,
		masked ? masked : "out of memory");
	fflush(stdout);
	free(masked);
	return word != CHECK_BAD;
}
