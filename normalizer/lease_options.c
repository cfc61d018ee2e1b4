/* SPDX-License-Identifier: MIT */
#include "normalizer/lease_options.h"

#include "common/schema.h"

struct option {
	const char *name;
	bool on;
	int64_t number; /* INT_NULL: it is a flag */
};

void lease_options_put(struct wire_head *head, const struct lease_options *given)
{
	const struct option options[] = {
		{"sync", given->sync, INT_NULL},
		{"backfill", given->backfill, INT_NULL},
		{"anew", given->anew, INT_NULL},
		{"newest", given->window.newest >= 0, given->window.newest},
		{"finished_from", given->window.finished_from != INT_NULL, given->window.finished_from},
	};
	size_t count = sizeof options / sizeof *options;
	uint32_t on = 0;

	for (size_t i = 0; i < count; i++) {
		on += options[i].on;
	}
	wire_put_map(head, on);
	for (size_t i = 0; i < count; i++) {
		if (!options[i].on) {
			continue;
		}
		wire_put_string(head, options[i].name);
		options[i].number == INT_NULL ? wire_put_bool(head, true)
					      : wire_put_int(head, options[i].number);
	}
}
