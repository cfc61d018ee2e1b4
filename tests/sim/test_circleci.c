/* The world as CircleCI: lists to their end, what belongs to a job, limits. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/sim.h"
#include "tests/sim/when.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct sim_options options = {
	.world = {.seed = 3,
		  .organizations = 3,
		  .pipelines = 3,
		  .builds = 120,
		  .tests = 1000,
		  .start_ms = 1767225600000,
		  .history_ms = 20 * DAY_MS,
		  .speed = 1},
	.token = "sim-token",
	.scopes = "",
	.vcs = "gh,bb,circleci",
	.rate_window_ms = MINUTE_MS,
};

static struct sim sim;
static struct sim_reply reply;
static yyjson_doc *doc;

static void setup(void)
{
	sim_init(&sim, &options);
	snprintf(sim.outside, sizeof sim.outside, "http://127.0.0.1:1");
}

static void forget(void)
{
	yyjson_doc_free(doc);
	doc = NULL;
	sim_reply_fini(&reply);
}

static void teardown(void)
{
	forget();
	sim_fini(&sim);
}

TestSuite(circleci, .init = setup, .fini = teardown);

static yyjson_val *request(const char *method, const char *path, const char *query, const char *token,
			   const char *body)
{
	const struct sim_request in = {.method = method,
				       .path = path,
				       .query = query,
				       .circle_token = token,
				       .body = body,
				       .body_size = body ? strlen(body) : 0};

	forget();
	sim_handle(&sim, &in, &reply);
	doc = yyjson_read(reply.body.data, reply.body.size, 0);
	return yyjson_doc_get_root(doc);
}

static yyjson_val *get(const char *path, const char *query)
{
	return request("GET", path, query, "sim-token", NULL);
}

/* How many items a list has in all its pages. */
static size_t count_items(const char *path, size_t page_size)
{
	char query[80] = "", token[64];
	size_t count = 0;

	for (int page = 0; page < 1000; page++) {
		yyjson_val *root = get(path, query);
		size_t n = yyjson_arr_size(yyjson_obj_get(root, "items"));
		const char *next = yyjson_get_str(yyjson_obj_get(root, "next_page_token"));

		cr_assert_eq(reply.status, 200, "%s?%s: %d", path, query, reply.status);
		count += n;
		if (!next) {
			return count;
		}
		cr_assert_eq(n, page_size, "%s: a page of %zu", path, n);
		snprintf(token, sizeof token, "%s", next);
		snprintf(query, sizeof query, "page-token=%s", token);
	}
	cr_assert_fail("%s has no end", path);
	return 0;
}

Test(circleci, each_kind_of_slug_lists_its_pipelines_to_the_end)
{
	static const char *const vcs[] = {"gh", "bb", "circleci"};

	for (int i = 0; i < 3; i++) {
		yyjson_val *organization = yyjson_arr_get(get("/api/v2/me/collaborations", NULL), (size_t)i);
		char query[128], path[256];
		const char *slug = yyjson_get_str(yyjson_obj_get(organization, "slug"));

		cr_assert_eq(strncmp(slug, vcs[i], strlen(vcs[i])), 0, "%s", slug);
		snprintf(query, sizeof query, "org-slug=%s", slug);
		slug = yyjson_get_str(yyjson_obj_get(
			yyjson_arr_get_first(yyjson_obj_get(get("/api/v2/pipeline", query), "items")),
			"project_slug"));
		snprintf(path, sizeof path, "/api/v2/project/%s/pipeline", slug);
		cr_assert_eq(count_items(path, 20), sim.world.pipelines[i].builds.count);
	}
}

/* Of the first build in which a job of more than `most` tests is over. */
static void find_job(char path[static 256], size_t most)
{
	for (int64_t number = 1; number <= sim.world.pipelines[0].newest_number; number++) {
		for (int j = 1; j < 5; j++) {
			snprintf(path, 256, "/api/v2/project/gh/acme/web/%lld/tests",
				 (long long)(number * 1000 + j));
			get(path, NULL);
			if (reply.status == 200 && count_items(path, 10) > most) {
				return;
			}
		}
	}
	cr_assert_fail("no job has more than %zu tests", most);
}

Test(circleci, tests_of_a_job_have_pages_and_the_documented_members)
{
	static const char *const keys[] = {"message", "source", "run_time", "file",
					   "result",  "name",   "classname"};
	yyjson_val *test;
	char path[256];

	find_job(path, 20);
	test = yyjson_arr_get_first(yyjson_obj_get(get(path, NULL), "items"));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		cr_expect(yyjson_obj_get(test, keys[i]), "%s", keys[i]);
	}
	get("/api/v2/project/gh/acme/web/999001/tests", NULL);
	cr_assert_eq(reply.status, 404);
}

static void add_artifact(int64_t number, const char *path, const char *redirect)
{
	char body[256];

	snprintf(body, sizeof body,
		 "{\"pipeline\": \"web\", \"number\": %lld, \"path\": \"%s\", \"body\": \"{}\", "
		 "\"redirect\": \"%s\"}",
		 (long long)number, path, redirect);
	request("POST", "/_sim/artifact", NULL, NULL, body);
	cr_assert_eq(reply.status, 201);
}

Test(circleci, an_artifact_lies_on_another_host)
{
	int64_t number = yyjson_get_sint(yyjson_obj_get(
		request("POST", "/_sim/build", NULL, NULL, "{\"pipeline\": \"web\"}"), "number"));
	yyjson_val *item;
	char path[256], url[400];

	add_artifact(number, "out/coverage-summary.json", "outside");
	add_artifact(number, "secret", "private");
	snprintf(path, sizeof path, "/api/v2/project/gh/acme/web/%lld/artifacts",
		 (long long)(number * 1000 + 1));
	cr_assert_eq(count_items(path, 10), 2);
	item = yyjson_arr_get_first(yyjson_obj_get(get(path, NULL), "items"));
	snprintf(url, sizeof url, "%s", yyjson_get_str(yyjson_obj_get(item, "url")));
	cr_assert_eq(strncmp(url, "http://127.0.0.1:1/output/job/", 30), 0, "%s", url);
	request("GET", url + strlen(sim.outside), NULL, NULL, NULL);
	cr_assert_eq(reply.status, 200);
	cr_assert_eq(sim.leaks, 0);
	memcpy(strstr(url, "out/coverage"), "secret", 7);
	request("GET", url + strlen(sim.outside), NULL, NULL, NULL);
	cr_assert_eq(reply.status, 403);
	request("GET", url + strlen(sim.outside), NULL, "sim-token", NULL);
	cr_assert_eq(reply.status, 200);
	cr_assert_eq(sim.leaks, 1);
}

Test(circleci, a_limit_is_announced_and_enforced)
{
	sim.organization_budget.limit = 3;
	sim.user_budget.limit = 2;
	get("/api/v2/me/collaborations", NULL);
	cr_assert(strstr(reply.headers.data, "\nRateLimit-Remaining: 2\n"));
	cr_assert(strstr(reply.headers.data, "\nX-RateLimit-Remaining: 1\n"));
	get("/api/v2/me/collaborations", NULL);
	cr_assert_eq(reply.status, 200);
	get("/api/v2/me/collaborations", NULL);
	cr_assert_eq(reply.status, 429);
	cr_assert(strstr(reply.headers.data, "\nRetry-After: "));
	cr_assert_eq(sim.limited, 1);
}
