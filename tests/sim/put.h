/* Short ways to put members into a JSON object. Text that is not marked as constant is copied into the
 * document. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

/* An object under construction. */
struct put {
	yyjson_mut_doc *doc;
	yyjson_mut_val *object;
};

struct put put_object(struct put in, const char *key);
/* An object that is not in another yet: for arrays. */
struct put put_new(yyjson_mut_doc *doc);
/* NULL gives null. The text must outlive the document. */
void put_text(struct put in, const char *key, const char *text);
void put_format(struct put in, const char *key, const char *format, ...) PRINTF(3, 4);
void put_int(struct put in, const char *key, int64_t value);
/* At least 0; null unless it is known. */
void put_known(struct put in, const char *key, int64_t value, bool known);
void put_real(struct put in, const char *key, double value);
void put_bool(struct put in, const char *key, int value);
void put_null(struct put in, const char *key);
/* RFC 3339 with ms; 0 and NEVER give null. */
void put_time(struct put in, const char *key, int64_t ms);
/* "2013-09-03 13:24:38 UTC" */
void put_spaced_time(struct put in, const char *key, int64_t ms);
/* base64 of "<kind>---<uuid>" */
void put_graphql_id(struct put in, const char *kind, const char *uuid);
/* "key": ["text"] */
void put_list_of_one(struct put in, const char *key, const char *format, ...) PRINTF(3, 4);
