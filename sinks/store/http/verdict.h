/* What the bars of a pipeline (docs/openapi.json) say about its code. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <yyjson.h>

enum verdict { VERDICT_NONE, VERDICT_SUCCESS, VERDICT_FAILURE, VERDICT_TIMEOUT, VERDICT_ERROR };

/* NONE: of NULL, of what runs, was cancelled or skipped. */
enum verdict verdict_of(yyjson_mut_val *bar);
/* The newest bar with a verdict; NULL: none has one. */
yyjson_mut_val *verdict_newest(yyjson_mut_val *bars);
/* One of them is queued or runs; one that waits for a person does not. */
bool verdict_is_building(yyjson_mut_val *bars);
