/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/verdict.h"
#include <stddef.h>

static bool has_word(yyjson_mut_val *bar, const char *key, const char *word)
{
	return yyjson_mut_equals_str(yyjson_mut_obj_get(bar, key), word);
}

enum verdict verdict_of(yyjson_mut_val *bar)
{
	static const char *const words[] = {[VERDICT_SUCCESS] = "success",
					    [VERDICT_FAILURE] = "failure",
					    [VERDICT_TIMEOUT] = "timeout",
					    [VERDICT_ERROR] = "error"};

	for (int i = VERDICT_SUCCESS; i <= VERDICT_ERROR; i++) {
		if (has_word(bar, "result", words[i])) {
			return (enum verdict)i;
		}
	}
	return VERDICT_NONE;
}

yyjson_mut_val *verdict_newest(yyjson_mut_val *bars)
{
	yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(bars);
	yyjson_mut_val *newest = NULL;

	for (yyjson_mut_val *bar; (bar = yyjson_mut_arr_iter_next(&iter));) {
		newest = verdict_of(bar) == VERDICT_NONE ? newest : bar;
	}
	return newest;
}

bool verdict_is_building(yyjson_mut_val *bars)
{
	yyjson_mut_arr_iter iter = yyjson_mut_arr_iter_with(bars);

	for (yyjson_mut_val *bar; (bar = yyjson_mut_arr_iter_next(&iter));) {
		if (has_word(bar, "state", "running") || has_word(bar, "state", "queued")) {
			return true;
		}
	}
	return false;
}
