/* SPDX-License-Identifier: MIT */
#include "normalizer/coverage.h"

#include "common/schema.h"

#define BOM "\xef\xbb\xbf" /* some tools on Windows put it before the text */

static yyjson_val *parse(struct arena *arena, struct text text)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_doc *doc =
		yyjson_read_opts((char *)(uintptr_t)text.at, text.size, YYJSON_READ_NOFLAG, &alc, NULL);

	return yyjson_doc_get_root(doc);
}

static struct text without_bom(struct text text)
{
	size_t size = sizeof BOM - 1;

	if (text.size >= size && memcmp(text.at, BOM, size) == 0) {
		return (struct text){text.at + size, text.size - size};
	}
	return text;
}

bool coverage_read(struct arena *arena, struct text details, double *coverage)
{
	yyjson_val *summary = yyjson_obj_get(parse(arena, details), "coverage_summary"), *pct;
	struct text text = {yyjson_get_str(summary), yyjson_get_len(summary)};
	double share;

	*coverage = REAL_NULL;
	if (!text.at) {
		return !summary || yyjson_is_null(summary);
	}
	pct = yyjson_obj_get(parse(arena, without_bom(text)), "pct");
	share = yyjson_get_num(pct);
	if (!yyjson_is_num(pct) || !(share >= 0 && share <= 1)) {
		return false;
	}
	*coverage = share;
	return true;
}
