/* SPDX-License-Identifier: MIT */
#include "compose/idle.h"
#include "compose/status_print.h"

static int64_t number_at(yyjson_mut_val *value, const char *path, int64_t otherwise)
{
	yyjson_mut_val *found = status_at(value, path);

	return yyjson_mut_is_num(found) ? yyjson_mut_get_sint(found) : otherwise;
}

static bool ends_in(yyjson_mut_val *target, const char *end)
{
	yyjson_mut_val *name = status_at(target, "target");
	size_t size = yyjson_mut_get_len(name), end_size = strlen(end);

	return size >= end_size && strcmp(yyjson_mut_get_str(name) + size - end_size, end) == 0;
}

/* The live walk over all pipelines: what it has read counts as visits of theirs. */
static bool is_live(yyjson_mut_val *target)
{
	return ends_in(target, "/@live");
}

/* A target that is due again at once has more to read (or, found by discovery, was never read). */
static bool target_idle(yyjson_mut_val *target, int64_t uptime_ms)
{
	int64_t visited_ms_ago = number_at(target, "visited_ms_ago", INT64_MAX);

	return is_live(target) || (visited_ms_ago <= uptime_ms && number_at(target, "due_in_ms", 1) > 0 &&
				   !yyjson_mut_is_obj(status_at(target, "lease")));
}

bool is_target_visited(yyjson_mut_val *status, yyjson_mut_val *target)
{
	return target_idle(target, number_at(status, "uptime_ms", 0));
}

bool is_visited(yyjson_mut_val *status)
{
	yyjson_mut_val *list = status_at(status, "targets"), *each;
	size_t index, max;

	yyjson_mut_arr_foreach(list, index, max, each)
	{
		if (!is_target_visited(status, each)) {
			return false;
		}
	}
	return yyjson_mut_arr_size(list) > 0;
}

bool is_confirmed(yyjson_mut_val *status, size_t sinks)
{
	yyjson_mut_val *each;
	size_t index, max, attached = 0;

	/* A sink of an earlier configuration is known to the hub and absent: nobody waits for it. */
	yyjson_mut_arr_foreach(status_at(status, "sinks"), index, max, each)
	{
		if (yyjson_mut_get_bool(status_at(each, "attached"))) {
			attached++;
			if (number_at(each, "lag_records", 1) != 0) {
				return false;
			}
		}
	}
	return attached >= sinks;
}

bool is_idle(yyjson_mut_val *status, size_t sinks)
{
	return is_visited(status) && is_confirmed(status, sinks);
}
