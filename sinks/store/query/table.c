/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/table.h"

#include <stdlib.h>
#include <xxhash.h>

static struct slot *find(const struct table *table, struct text key, uint64_t hash)
{
	size_t i = hash & (table->room - 1);

	while (table->slots[i].key.at &&
	       (table->slots[i].hash != hash || !text_same(table->slots[i].key, key))) {
		i = (i + 1) & (table->room - 1);
	}
	return &table->slots[i];
}

static bool grow(struct table *table)
{
	struct table bigger = {.count = table->count, .room = table->room ? table->room * 2 : 64};

	bigger.slots = calloc(bigger.room, sizeof *bigger.slots);
	if (!bigger.slots) {
		return false;
	}
	for (size_t i = 0; i < table->room; i++) {
		if (table->slots[i].key.at) {
			*find(&bigger, table->slots[i].key, table->slots[i].hash) = table->slots[i];
		}
	}
	free(table->slots);
	*table = bigger;
	return true;
}

void **table_place(struct table *table, struct text key)
{
	uint64_t hash = XXH3_64bits(key.at, key.size);
	struct slot *slot;

	if ((table->count + 1) * 2 > table->room && !grow(table)) {
		return NULL;
	}
	slot = find(table, key, hash);
	if (!slot->key.at) {
		table->count++;
		slot->key = key;
		slot->hash = hash;
	}
	return &slot->value;
}

void *table_find(const struct table *table, struct text key)
{
	return table->room ? find(table, key, XXH3_64bits(key.at, key.size))->value : NULL;
}

void table_fini(struct table *table)
{
	free(table->slots);
	*table = (struct table){0};
}
