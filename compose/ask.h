/* One question to the hub that runs, and its answer: the feed socket's `status` (docs/protocol.md section 3).
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/wire.h"

/* Blocks, at most 2 s. OK: the second field of the answer is a map, which lives as long as message and
 * fields. ERR_AGAIN: no hub answers there. Call ask_fini in any case. */
struct answer {
	struct wire_message message;
	struct wire_fields fields;
	const msgpack_object_map *map;
};
enum status ask_status(const struct bus_config *bus, struct answer *answer, struct err *err) MUST_CHECK;
void ask_fini(struct answer *answer);
