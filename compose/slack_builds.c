/* SPDX-License-Identifier: MIT */
#include "compose/slack_builds.h"

#include <stdlib.h>
#include <xxhash.h>

#define ARENA_MAX   (64 << 20)
#define SLOTS_LEAST 1024

void slack_builds_init(struct slack_builds *builds, const struct slack_config *config)
{
	*builds = (struct slack_builds){.config = config};
	arena_init(&builds->arena, ARENA_MAX);
}

void slack_builds_fini(struct slack_builds *builds)
{
	for (size_t i = 0; i < builds->count; i++) {
		free((char *)(uintptr_t)builds->records[i].at);
	}
	free(builds->records);
	free(builds->slots);
	arena_fini(&builds->arena);
	*builds = (struct slack_builds){0};
}

static struct slack_build_slot *find(struct slack_build_slot *slots, size_t slot_count, uint64_t id)
{
	size_t i = id & (slot_count - 1);

	while (slots[i].id != 0 && slots[i].id != id) {
		i = (i + 1) & (slot_count - 1);
	}
	return &slots[i];
}

static bool grow(struct slack_builds *builds)
{
	size_t slot_count = builds->slot_count ? builds->slot_count * 2 : SLOTS_LEAST;
	struct slack_build_slot *slots = calloc(slot_count, sizeof *slots);
	struct text *records = reallocarray(builds->records, slot_count / 2, sizeof *records);

	builds->records = records ? records : builds->records;
	if (!slots || !records) {
		free(slots);
		return false;
	}
	for (size_t i = 0; i < builds->slot_count; i++) {
		if (builds->slots[i].id != 0) {
			*find(slots, slot_count, builds->slots[i].id) = builds->slots[i];
		}
	}
	free(builds->slots);
	builds->slots = slots;
	builds->slot_count = slot_count;
	return true;
}

/* Takes the buffer's bytes. */
static enum status put(struct slack_builds *builds, const struct build *build, msgpack_sbuffer *packed,
		       struct err *err)
{
	uint64_t id = XXH64(build->id.at, build->id.size, 0) | 1;
	struct slack_build_slot *slot;
	struct text *record;

	if (builds->count >= builds->slot_count / 2 && !grow(builds)) {
		return err_set(err, ERR_SYS, "out of memory for %zu builds: begin later (--from)",
			       builds->count);
	}
	slot = find(builds->slots, builds->slot_count, id);
	if (slot->id == 0) {
		*slot = (struct slack_build_slot){.id = id, .version = INT64_MIN, .record = builds->count++};
		builds->records[slot->record] = (struct text){0};
	}
	if (build->version >= slot->version) {
		size_t size = packed->size;

		record = &builds->records[slot->record];
		free((char *)(uintptr_t)record->at);
		*record = (struct text){msgpack_sbuffer_release(packed), size};
		slot->version = build->version;
	}
	return OK;
}

enum status slack_builds_add(struct slack_builds *builds, struct text record, struct err *err)
{
	msgpack_sbuffer packed = {0};
	enum status status = OK;
	struct build build;
	struct err why;

	builds->read++;
	arena_reset(&builds->arena);
	if (build_unpack(record.at, record.size, &builds->arena, &build, &why) != OK) {
		return OK;
	}
	if (preview_reduce(builds->config, &build, &packed)) {
		status = put(builds, &build, &packed, err);
	}
	msgpack_sbuffer_destroy(&packed);
	return status;
}
