/* What a provider's words for test results come to. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/test_counts.h"

#include "common/schema.h"
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct told {
	const char *details; /* ' stands for " */
	bool sound;
	struct test_counts counts; /* total INT_NULL: none */
};

#define NONE                                                                                                 \
	{                                                                                                    \
		INT_NULL, INT_NULL, INT_NULL, INT_NULL                                                       \
	}

static const struct told tellings[] = {
	{"{'test_results':{'success':120,'failure':3,'error':2,'skipped':4}}", true, {129, 120, 5, 4}},
	{"{'test_results':{'success':1}}", true, {1, 1, 0, 0}},
	{"{'test_results':{'success':1,'disabled':2}}", true, {3, 1, 0, 0}},
	{"{'test_results':{'success':0}}", true, {0, 0, 0, 0}},
	{"{'test_results':null}", true, NONE},
	{"{'coverage_summary':'x'}", true, NONE},
	{"{'test_results':[]}", false, NONE},
	{"{'test_results':{'success':-1}}", false, NONE},
	{"{'test_results':{'success':1.5}}", false, NONE},
	{"{'test_results':{'success':'1'}}", false, NONE},
	{"{'test_results':{'success':4294967296}}", false, NONE},
};

static void run(const struct told *row)
{
	char *text = table_json(row->details);
	struct test_counts counts;
	struct arena arena;

	arena_init(&arena, 1 << 20);
	cr_expect_eq(test_counts_read(&arena, text_of(text), &counts), row->sound, "%s", row->details);
	cr_expect(counts.total == row->counts.total && counts.passed == row->counts.passed &&
			  counts.failed == row->counts.failed && counts.skipped == row->counts.skipped,
		  "%s", row->details);
	arena_fini(&arena);
	free(text);
}

Test(test_counts, are_as_the_table_says)
{
	for (size_t i = 0; i < COUNT(tellings); i++) {
		run(&tellings[i]);
	}
}
