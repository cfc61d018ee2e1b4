/* SPDX-License-Identifier: MIT */
#include "fetchers/once.h"

#include <stdlib.h>
#include <string.h>

static struct said_of *find(struct once *once, const char *slug)
{
	for (size_t i = 0; i < once->count; i++) {
		if (strcmp(once->items[i].slug, slug) == 0) {
			return &once->items[i];
		}
	}
	return NULL;
}

static bool is_news(const struct once *once, const char *text)
{
	for (size_t i = 0; i < once->count; i++) {
		if (strcmp(once->items[i].text, text) == 0) {
			return false;
		}
	}
	return true;
}

static struct said_of *append(struct once *once, const char *slug)
{
	struct said_of *items = realloc(once->items, (once->count + 1) * sizeof *items);

	if (!items) {
		return NULL;
	}
	once->items = items;
	items[once->count] = (struct said_of){.slug = strdup(slug), .text = strdup("")};
	if (!items[once->count].slug || !items[once->count].text) {
		free(items[once->count].slug);
		free(items[once->count].text);
		return NULL;
	}
	return &items[once->count++];
}

bool once_say(struct once *once, const char *slug, const char *text)
{
	bool news = is_news(once, text);
	struct said_of *item = find(once, slug);
	char *copy = strdup(text);

	item = item ? item : append(once, slug);
	if (!item || !copy) {
		free(copy);
		return true;
	}
	free(item->text);
	item->text = copy;
	return news;
}

bool once_end(struct once *once, const char *slug)
{
	struct said_of *item = find(once, slug);

	if (!item) {
		return false;
	}
	free(item->slug);
	free(item->text);
	*item = once->items[--once->count];
	return true;
}

void once_fini(struct once *once)
{
	while (once->count > 0) {
		once_end(once, once->items[0].slug);
	}
	free(once->items);
	*once = (struct once){0};
}
