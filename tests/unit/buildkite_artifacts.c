/* Which artifact of a build holds its coverage. ' stands for ". */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/artifacts.h"
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define API "https://api.buildkite.com/v2"

static struct arena arena;
static struct artifacts artifacts;

static void init(void)
{
	arena_init(&arena, 1 << 20);
}

static void fini(void)
{
	artifacts_fini(&artifacts);
	arena_fini(&arena);
}

TestSuite(artifacts, .init = init, .fini = fini);

static enum status add(const char *json)
{
	char *copy = table_json(json);
	struct err err;
	size_t listed;
	enum status status = artifacts_read(&artifacts, API, &arena, text_of(copy), &listed, &err);

	free(copy);
	return status;
}

#define ONE(job, path, more)                                                                                 \
	"{'id':'a','job_id':'" job "','state':'finished','filename':'coverage-summary.json','path':'" path   \
	"','download_url':'" API "/organizations/o/pipelines/p/builds/1/jobs/" job "/artifacts/" path        \
	"/download'" more "}"

static void chooses(const char *jobs, const char *path)
{
	const struct artifact *chosen = NULL;
	char *copy = table_json(jobs);
	struct err err;

	cr_assert_eq(artifacts_choose(&artifacts, &arena, text_of(copy), &chosen, &err), OK);
	cr_assert_str_eq(chosen->path, path);
	free(copy);
}

#define PATH(job, path) "/organizations/o/pipelines/p/builds/1/jobs/" job "/artifacts/" path "/download"

Test(artifacts, of_one_job_that_in_the_fewest_folders_counts_then_the_first)
{
	cr_assert_eq(add("[" ONE("j", "a/b/c", "") "," ONE("j", "a/x", "") "," ONE("j", "a/y", "") "]"), OK);
	cr_assert_eq(artifacts.count, 1);
	cr_expect_str_eq(artifacts.items[0].path, PATH("j", "a/x"));
	cr_assert_eq(add("[" ONE("j", "z", "") "]"), OK, "of another page");
	cr_expect_str_eq(artifacts.items[0].path, PATH("j", "z"));
}

Test(artifacts, that_of_the_job_that_finished_last_counts)
{
	cr_assert_eq(add("[" ONE("j1", "c", "") "," ONE("j2", "a/c", "") "," ONE("j3", "c", "") "]"), OK);
	cr_assert_eq(artifacts.count, 3);
	chooses("{'jobs':[{'id':'j1','finished_at':'2026-01-01T00:00:01.000Z'},"
		"{'id':'j2','finished_at':'2026-01-01T00:00:03.000Z'},"
		"{'id':'j3','finished_at':'2026-01-01T00:00:02.000Z'}]}",
		PATH("j2", "a/c"));
	chooses("{'jobs':[{'id':'j2','finished_at':'2026-01-01T00:00:03.000Z'},"
		"{'id':'j3','finished_at':'2026-01-01T00:00:03.000Z'}]}",
		PATH("j3", "c"));
	chooses("{'jobs':[{'id':'j3','finished_at':null},{},{'id':'j3'}]}", PATH("j1", "c"));
}

Test(artifacts, without_the_jobs_there_is_no_choice)
{
	const struct artifact *chosen;
	struct err err;

	cr_assert_eq(add("[" ONE("j1", "c", "") "]"), OK);
	cr_expect_eq(artifacts_choose(&artifacts, &arena, text_of("{}"), &chosen, &err), ERR_DATA);
	cr_expect_eq(artifacts_choose(&artifacts, &arena, text_of("[]"), &chosen, &err), ERR_DATA);
	cr_expect_eq(artifacts_choose(&artifacts, &arena, text_of("{"), &chosen, &err), ERR_DATA);
}

Test(artifacts, only_what_is_there_counts)
{
	static const char *const others[] = {
		"[{'state':'new','filename':'coverage-summary.json','download_url':'" API "/x'}]",
		"[{'state':'error','filename':'coverage-summary.json','download_url':'" API "/x'}]",
		"[{'state':'deleted','filename':'coverage-summary.json','download_url':'" API "/x'}]",
		"[{'state':'expired','filename':'coverage-summary.json','download_url':'" API "/x'}]",
		"[{'filename':'coverage-summary.json','download_url':'" API "/x'}]",
		"[{'state':'finished','filename':'my-coverage-summary.json','download_url':'" API "/x'}]",
		"[{'state':'finished','filename':'Coverage-summary.json','download_url':'" API "/x'}]",
		"[{'state':'finished','download_url':'" API "/x'}]",
		"[{'state':'finished','filename':'coverage-summary.json'}]",
		"[{'state':'finished','filename':'coverage-summary.json','download_url':'https://evil/x'}]",
		"[{'state':1,'filename':[],'path':{},'download_url':true}, null, 7, 'x', []]",
		"[]",
	};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		cr_expect_eq(add(others[i]), OK, "%s", others[i]);
		cr_expect_eq(artifacts.count, 0, "%s", others[i]);
	}
	cr_expect_eq(add("{'message':'x'}"), ERR_DATA);
	cr_expect_eq(add("[{'state'"), ERR_DATA);
	cr_expect_eq(add(""), ERR_DATA);
}

Test(artifacts, the_token_goes_to_the_api_whatever_address_is_told)
{
	cr_assert_eq(add("[{'job_id':'j','state':'finished','path':'c/coverage-summary.json',"
			 "'download_url':'https://evil.example/organizations/o/x?token=1'}]"),
		     OK);
	cr_assert_eq(artifacts.count, 1);
	cr_expect_str_eq(artifacts.items[0].path, "/organizations/o/x", "it is put behind api_url");
}
