/* Members of JSON objects: what is null in C is null there. Keys must be constants. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/schema.h"

void json_int(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t value);
void json_real(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, double value);
/* Copied. */
void json_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct text value);
/* words[value]; 0 is null. */
void json_word(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *const *words,
	       int value);
/* "2026-11-21" of days since the epoch. */
void json_day(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t day);
