/* SPDX-License-Identifier: MIT */
#include "normalizer/test_counts.h"

#include "common/schema.h"

#include <string.h>

enum outcome { OUTCOME_OTHER, OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED };

/* docs/record.md, CircleCI: results of a test. */
static const struct {
	const char *theirs;
	enum outcome ours;
} words[] = {
	{"success", OUTCOME_PASSED},
	{"failure", OUTCOME_FAILED},
	{"error", OUTCOME_FAILED},
	{"skipped", OUTCOME_SKIPPED},
};

static enum outcome outcome_of(const char *word)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(word, words[i].theirs) == 0) {
			return words[i].ours;
		}
	}
	return OUTCOME_OTHER;
}

static void add(struct test_counts *counts, const char *word, int64_t count)
{
	enum outcome outcome = outcome_of(word);

	counts->total += count;
	counts->passed += outcome == OUTCOME_PASSED ? count : 0;
	counts->failed += outcome == OUTCOME_FAILED ? count : 0;
	counts->skipped += outcome == OUTCOME_SKIPPED ? count : 0;
}

bool test_counts_read(struct arena *arena, struct text details, struct test_counts *counts)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_doc *doc =
		yyjson_read_opts((char *)(uintptr_t)details.at, details.size, YYJSON_READ_NOFLAG, &alc, NULL);
	yyjson_val *results = yyjson_obj_get(yyjson_doc_get_root(doc), "test_results"), *key, *value;
	struct test_counts sum = {0};
	size_t i, max;

	*counts = (struct test_counts){INT_NULL, INT_NULL, INT_NULL, INT_NULL};
	if (!yyjson_is_obj(results)) {
		return !results || yyjson_is_null(results);
	}
	yyjson_obj_foreach(results, i, max, key, value)
	{
		if (!yyjson_is_uint(value) || yyjson_get_uint(value) > INT32_MAX) {
			return false;
		}
		add(&sum, yyjson_get_str(key), yyjson_get_sint(value));
	}
	*counts = sum;
	return true;
}
