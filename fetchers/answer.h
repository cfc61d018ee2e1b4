/* What every provider's JSON is read with. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/err.h"

#include <yyjson.h>

/* Empties arena and reads body into it. ERR_DATA: not JSON. */
enum status answer_json(struct arena *arena, struct text body, yyjson_val **root, struct err *err) MUST_CHECK;
/* ms; INT_NULL: none, or not a time. */
int64_t answer_time(yyjson_val *object, const char *key);
