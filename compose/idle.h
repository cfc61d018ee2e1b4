/* Whether a pipeline has carried what there is, read from the hub's status (docs/protocol.md section 3).
 * Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

/* Every target was visited since the hub's start. */
bool is_visited(yyjson_mut_val *status);
/* One of them. */
bool is_target_visited(yyjson_mut_val *status, yyjson_mut_val *target);
/* Every sink has confirmed everything. sinks: so many must be attached. */
bool is_confirmed(yyjson_mut_val *status, size_t sinks);
/* Both. */
bool is_idle(yyjson_mut_val *status, size_t sinks);
