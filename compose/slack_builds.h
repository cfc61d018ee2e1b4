/* The past of `buildbus slack preview`: the newest version of each build that a rule may match, as small as
 * it gets. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "sinks/slack/preview.h"

struct slack_builds {
	const struct slack_config *config;
	struct text *records; /* heap each */
	struct slack_build_slot {
		uint64_t id; /* hash; 0: free */
		int64_t version;
		size_t record;
	} * slots; /* open addressing, a power of two */
	size_t slot_count, count;
	int64_t read; /* records, also those that no rule matches */
	struct arena arena;
};

void slack_builds_init(struct slack_builds *builds, const struct slack_config *config);
/* Accepts zeroed. */
void slack_builds_fini(struct slack_builds *builds);
/* A record as the log has it; copied. What can't be read is left out. */
enum status slack_builds_add(struct slack_builds *builds, struct text record, struct err *err) MUST_CHECK;

/* Where the past begins. */
struct slack_from {
	int64_t seq, time_ms; /* one of them; the other is 0 */
};
/* Everything that the hub's log has from there on, as a reader without a name. ERR_AGAIN: no hub answers. */
enum status slack_read_hub(const struct bus_config *bus, const struct slack_from *from,
			   struct slack_builds *builds, struct err *err) MUST_CHECK;
/* The same from the file of a hub that does not run. ERR_AGAIN: there is none. */
enum status slack_read_file(const struct bus_config *bus, const struct slack_from *from,
			    struct slack_builds *builds, struct err *err) MUST_CHECK;
