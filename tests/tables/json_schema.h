/* As much of JSON Schema 2020-12 as the schemas of CDEvents use, without formats and references. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <yyjson.h>

/* NULL: value fits; else what is wrong with it, heap. */
char *schema_fault(yyjson_val *schema, yyjson_val *value);
