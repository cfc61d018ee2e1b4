/* What the hub reads of the configuration. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/plan.h"
#include "tests/unit/config_case.h"

#include <criterion/criterion.h>

TestSuite(plan, .init = case_open, .fini = case_close);

static struct loaded loaded;
static struct plan plan;

static enum status read_plan(const char *text, struct err *err)
{
	load(&loaded, text);
	cr_assert_eq(loaded.status, OK, "%s", loaded.problems);
	return plan_read(&plan, &loaded.config, err);
}

static void done(void)
{
	plan_fini(&plan);
	config_fini(&loaded.config);
}

Test(plan, every_slug_is_a_target_of_its_source)
{
	struct err err;

	cr_assert_eq(
		read_plan(
			"sources:\n"
			"  - buildkite: {access_token: t, organization_slug: acme, pipeline_slug: [web, "
			"api], "
			"poll_interval: 5s}\n"
			"  - buildkite: {name: other, access_token: t, organization_slug: o, pipeline_slug: "
			"\"*\"}\n",
			&err),
		OK);
	cr_assert_eq(plan.source_count, 2);
	cr_assert_str_eq(plan.sources[0].name, "buildkite");
	cr_assert_str_eq(plan.sources[0].provider, "buildkite");
	cr_assert_eq(plan.sources[0].poll_ms, 5000);
	cr_assert_str_eq(plan.sources[1].name, "other");
	cr_assert_eq(plan.sources[1].poll_ms, 30000);
	cr_assert_eq(plan.target_count, 5);
	cr_assert_str_eq(plan.targets[0].name, "buildkite:acme/web");
	cr_assert_str_eq(plan.targets[1].name, "buildkite:acme/api");
	cr_assert_eq(plan.targets[1].source, 0);
	cr_assert_str_eq(plan.targets[2].name, "buildkite:acme/@live");
	cr_assert_str_eq(plan.sources[0].live, "buildkite:acme/@live");
	cr_assert_str_eq(plan.targets[3].name, "other:o/*");
	cr_assert_eq(plan.targets[3].source, 1);
	cr_assert_str_eq(plan.sources[1].live, "other:o/@live");
	done();
}

Test(plan, parts_of_a_name_are_encoded_but_the_star_stays)
{
	struct err err;

	cr_assert_eq(read_plan("sources: [{buildkite: {access_token: t, organization_slug: \"a/b\", "
			       "pipeline_slug: [\"c d\", \"*\"]}}]\n",
			       &err),
		     OK);
	cr_assert_str_eq(plan.targets[0].name, "buildkite:a%2Fb/c%20d");
	cr_assert_str_eq(plan.targets[1].name, "buildkite:a%2Fb/*");
	done();
}

Test(plan, needs_no_credentials)
{
	struct err err;

	cr_assert_eq(read_plan("sources: [{buildkite: {access_token: $NOT_SET_HERE, organization_slug: acme, "
			       "pipeline_slug: web}}]\n",
			       &err),
		     OK);
	cr_assert_eq(plan.target_count, 1);
	cr_assert_null(plan.sources[0].live, "one pipeline is read by its own visits");
	done();
}

Test(plan, without_sources_there_is_nothing_to_visit)
{
	struct err err;

	cr_assert_eq(read_plan("sources: []\n", &err), OK);
	cr_assert_eq(plan.source_count, 0);
	cr_assert_eq(plan.target_count, 0);
	done();
}

Test(plan, what_it_needs_and_lacks_is_named)
{
	struct err err = {0};

	cr_assert_eq(read_plan("sources: [{buildkite: {access_token: t, organization_slug: acme}}]\n", &err),
		     ERR_CONFIG);
	cr_assert(strstr(err.text, "pipeline_slug"), "%s", err.text);
	done();
}
