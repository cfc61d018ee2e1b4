/* SPDX-License-Identifier: MIT */
#include "fetchers/refusals.h"

#include <stdlib.h>
#include <string.h>

static struct refusal *find(struct refusals *refusals, const char *slug)
{
	for (size_t i = 0; i < refusals->count; i++) {
		if (strcmp(refusals->items[i].slug, slug) == 0) {
			return &refusals->items[i];
		}
	}
	return NULL;
}

static bool is_news(const struct refusals *refusals, const char *why)
{
	for (size_t i = 0; i < refusals->count; i++) {
		if (strcmp(refusals->items[i].why, why) == 0) {
			return false;
		}
	}
	return true;
}

static struct refusal *append(struct refusals *refusals, const char *slug)
{
	struct refusal *items = realloc(refusals->items, (refusals->count + 1) * sizeof *items);

	if (!items) {
		return NULL;
	}
	refusals->items = items;
	items[refusals->count] = (struct refusal){.slug = strdup(slug), .why = strdup("")};
	if (!items[refusals->count].slug || !items[refusals->count].why) {
		free(items[refusals->count].slug);
		free(items[refusals->count].why);
		return NULL;
	}
	return &items[refusals->count++];
}

bool refusals_add(struct refusals *refusals, const char *slug, const char *why)
{
	bool news = is_news(refusals, why);
	struct refusal *refusal = find(refusals, slug);
	char *copy = strdup(why);

	refusal = refusal ? refusal : append(refusals, slug);
	if (!refusal || !copy) {
		free(copy);
		return true;
	}
	free(refusal->why);
	refusal->why = copy;
	return news;
}

bool refusals_end(struct refusals *refusals, const char *slug)
{
	struct refusal *refusal = find(refusals, slug);

	if (!refusal) {
		return false;
	}
	free(refusal->slug);
	free(refusal->why);
	*refusal = refusals->items[--refusals->count];
	return true;
}

void refusals_fini(struct refusals *refusals)
{
	while (refusals->count > 0) {
		refusals_end(refusals, refusals->items[0].slug);
	}
	free(refusals->items);
	*refusals = (struct refusals){0};
}
