/* Test results and artifacts of jobs: pages in, counts and a file out. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/results.h"
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct arena arena;
static struct results results;
static struct coverage_file file;
static char token[TOKEN_BYTES];

static void init(void)
{
	arena_init(&arena, 1 << 20);
}

static void fini(void)
{
	arena_fini(&arena);
}

TestSuite(circleci_results, .init = init, .fini = fini);

static enum status read_tests(const char *page)
{
	char *text = table_json(page);
	struct err err;
	enum status status = results_read(&results, &arena, text_of(text), token, &err);

	free(text);
	return status;
}

static enum status read_artifacts(const char *page)
{
	char *text = table_json(page);
	struct err err;
	enum status status = artifacts_read(&file, &arena, text_of(text), token, &err);

	free(text);
	return status;
}

static void says(const char *coverage, const char *want)
{
	struct text json = results_json(&arena, text_of(coverage), &results);
	char *text = table_json(want);

	cr_expect(text_is(json, text), "%.*s", TEXT_FMT(json));
	free(text);
}

Test(circleci_results, words_are_counted_over_pages)
{
	cr_assert_eq(
		read_tests("{'items':[{'result':'success'},{'result':'failure'}],'next_page_token':'a'}"),
		OK);
	cr_expect_str_eq(token, "a");
	cr_assert_eq(read_tests("{'items':[{'result':'success'},{'result':null},{}],'next_page_token':null}"),
		     OK);
	cr_expect_str_eq(token, "");
	says(NULL, "{'test_results':{'success':2,'failure':1,'other':2}}");
	says("{}", "{'coverage_summary':'{}','test_results':{'success':2,'failure':1,'other':2}}");
}

Test(circleci_results, a_page_that_is_none_changes_nothing)
{
	cr_assert_eq(read_tests("{'items':[{'result':'success'}],'next_page_token':'a'}"), OK);
	cr_expect_eq(read_tests("{'items':[{'result':'success'}],'next_page_token':'a'}"), ERR_DATA);
	cr_expect_eq(read_tests("{'message':'sorry'}"), ERR_DATA);
	cr_expect_eq(read_tests("{'items':[{'result':'succ"), ERR_DATA);
	cr_expect_str_eq(token, "a");
	says(NULL, "{'test_results':{'success':1}}");
}

Test(circleci_results, words_beyond_all_measure_are_the_last_one)
{
	char page[80];

	for (int i = 0; i < 100; i++) {
		snprintf(page, sizeof page, "{'items':[{'result':'w%d'}],'next_page_token':null}", i);
		cr_assert_eq(read_tests(page), OK);
	}
	cr_expect_eq(results.count, RESULT_WORDS);
	cr_expect_eq(results.words[RESULT_WORDS - 1].count, 100 - RESULT_WORDS + 1);
}

Test(circleci_results, the_file_in_the_fewest_folders_counts_then_the_first)
{
	cr_assert_eq(
		read_artifacts("{'items':[{'path':'a/b/coverage-summary.json','url':'u1'},"
			       "{'path':'a/coverage-summary.json','url':'u2'},"
			       "{'path':'b/coverage-summary.json','url':'u3'},"
			       "{'path':'not-coverage-summary.json','url':'u4'},"
			       "{'path':'coverage-summary.json'},{'url':'u5'},5],'next_page_token':'x'}"),
		OK);
	cr_expect_str_eq(file.url, "u2");
	cr_assert_eq(read_artifacts("{'items':[{'path':'coverage-summary.json','url':'u6'}],"
				    "'next_page_token':null}"),
		     OK);
	cr_expect_str_eq(file.url, "u6");
}
