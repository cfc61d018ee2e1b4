/* Any bytes as what people name and write: messages that Slack takes, and that do no more than harmless ones.
 */
/* SPDX-License-Identifier: MIT */
#include "tests/fuzz/slack_story.h"

#include <stdlib.h>

#define REPEATED 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A byte of size, then the text; 255: the next byte, very often. */
static struct text take(const uint8_t **data, size_t *size, char *long_one)
{
	size_t wanted = *size ? **data : 0;
	struct text text;

	if (*size == 0) {
		return (struct text){0};
	}
	++*data;
	--*size;
	if (wanted == 255) {
		memset(long_one, *size ? **data : 'x', REPEATED);
		return (struct text){long_one, REPEATED};
	}
	text = (struct text){(const char *)*data, wanted < *size ? wanted : *size};
	*data += text.size;
	*size -= text.size;
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char long_ones[STORY_WORDS][REPEATED];
	struct text words[STORY_WORDS];
	char why[300];
	enum story_kind kind = size ? data[0] % STORY_KINDS : STORY_ALONE;

	for (size_t i = 0; i < STORY_WORDS; i++) {
		words[i] = take(&data, &size, long_ones[i]);
	}
	if (!story_is_harmless(words, kind, why)) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	return 0;
}
