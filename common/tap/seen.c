/* SPDX-License-Identifier: MIT */
#include "common/tap/seen.h"

#include <stdbool.h>
#include <stdlib.h>

#define SLOTS_MIN 64

/* FNV-1a, 64 bit */
static uint64_t hash(struct text text)
{
	uint64_t value = 0xcbf29ce484222325;

	for (size_t i = 0; i < text.size; i++) {
		value = (value ^ (unsigned char)text.at[i]) * 0x100000001b3;
	}
	return value ^ value >> 32;
}

/* The pipeline's slot, or the empty one where it belongs. There is an empty one. */
static struct seen_slot *slot_of(const struct seen *seen, struct text pipeline)
{
	size_t index = hash(pipeline) & (seen->capacity - 1);

	while (seen->slots[index].pipeline &&
	       !text_same((struct text){seen->slots[index].pipeline, seen->slots[index].size}, pipeline)) {
		index = (index + 1) & (seen->capacity - 1);
	}
	return &seen->slots[index];
}

int64_t seen_last(const struct seen *seen, struct text pipeline)
{
	struct seen_slot *slot = seen->capacity ? slot_of(seen, pipeline) : NULL;

	return slot && slot->pipeline && slot->seq > seen->covered ? slot->seq : seen->covered;
}

static bool grow(struct seen *seen)
{
	struct seen larger = {.capacity = seen->capacity ? seen->capacity * 2 : SLOTS_MIN};

	larger.slots = calloc(larger.capacity, sizeof *larger.slots);
	if (!larger.slots) {
		return false;
	}
	for (size_t i = 0; i < seen->capacity; i++) {
		struct seen_slot *slot = &seen->slots[i];

		if (slot->pipeline) {
			*slot_of(&larger, (struct text){slot->pipeline, slot->size}) = *slot;
		}
	}
	free(seen->slots);
	seen->slots = larger.slots;
	seen->capacity = larger.capacity;
	return true;
}

enum status seen_put(struct seen *seen, struct text pipeline, int64_t seq, struct err *err)
{
	struct seen_slot *slot;

	if (seq == seen->covered + 1) {
		seen->covered = seq;
	}
	seen->newest = seq > seen->newest ? seq : seen->newest;
	if (seen->count * 2 >= seen->capacity && !grow(seen)) {
		return err_set(err, ERR_SYS, "out of memory for a pipeline");
	}
	slot = slot_of(seen, pipeline);
	if (!slot->pipeline) {
		slot->pipeline = strndup(pipeline.at, pipeline.size);
		slot->size = pipeline.size;
		seen->count++;
	}
	slot->seq = seq;
	return slot->pipeline ? OK : err_set(err, ERR_SYS, "out of memory for a pipeline");
}

static void clear(struct seen *seen)
{
	for (size_t i = 0; i < seen->capacity; i++) {
		free(seen->slots[i].pipeline);
		seen->slots[i] = (struct seen_slot){0};
	}
	seen->count = 0;
}

void seen_cover(struct seen *seen, int64_t seq)
{
	seen->covered = seq;
	if (seq >= seen->newest) {
		clear(seen);
	}
}

void seen_renew(struct seen *seen, int64_t covered)
{
	clear(seen);
	seen->newest = seen->covered = covered;
}

void seen_fini(struct seen *seen)
{
	clear(seen);
	free(seen->slots);
	*seen = (struct seen){0};
}
