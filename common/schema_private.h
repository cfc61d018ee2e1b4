/* Shared by the files of schema.h only. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/schema.h"

static inline void *field_at(const struct field *field, const void *base)
{
	return (char *)(uintptr_t)base + field->offset;
}

static inline bool field_is_null(const struct field *field, const void *value)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_BYTES:
		return !((const struct text *)value)->at;
	case FIELD_INT:
		return *(const int64_t *)value == INT_NULL;
	case FIELD_REAL:
		return !isfinite(*(const double *)value); /* JSON has no word for infinity */
	case FIELD_BOOL:
	case FIELD_LIST:
		return false;
	case FIELD_WORD:
		return *(const int *)value == 0;
	case FIELD_GROUP:
		return schema_count(field->members, value) == 0;
	}
	return true;
}
