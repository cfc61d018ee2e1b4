/* Requests and replies, without sockets. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/sim.h"
#include "tests/sim/when.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct sim_options options = {
	.world = {.seed = 3,
		  .organizations = 2,
		  .pipelines = 6,
		  .builds = 250,
		  .start_ms = 1767225600000,
		  .history_ms = 30 * DAY_MS,
		  .speed = 1},
	.token = "sim-token",
	.scopes = "read_builds,read_organizations",
	.rate_window_ms = MINUTE_MS,
	.deep_limit = 10000,
};

static struct sim sim;
static struct sim_reply reply;
static yyjson_doc *doc;

static void setup(void)
{
	sim_init(&sim, &options);
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

static yyjson_val *request(const char *method, const char *path, const char *query, const char *body)
{
	const struct sim_request in = {.method = method,
				       .path = path,
				       .query = query,
				       .authorization = "Bearer sim-token",
				       .body = body,
				       .body_size = body ? strlen(body) : 0};

	forget();
	sim_handle(&sim, &in, &reply);
	doc = yyjson_read(reply.body.data, reply.body.size, 0);
	return yyjson_doc_get_root(doc);
}

static yyjson_val *get(const char *path, const char *query)
{
	return request("GET", path, query, NULL);
}

static int64_t number_at(yyjson_val *list, size_t i)
{
	return yyjson_get_sint(yyjson_obj_get(yyjson_arr_get(list, i), "number"));
}

static bool has_header(const char *text)
{
	return strstr(reply.headers.data, text) != NULL;
}

#define WEB "/v2/organizations/acme/pipelines/web/builds"

TestSuite(api, .init = setup, .fini = teardown);

Test(api, pages_follow_each_other_newest_first)
{
	int64_t total = (int64_t)sim.world.pipelines[0].builds.count, seen = 0;
	char query[64];

	for (int page = 1;; page++) {
		yyjson_val *list;
		size_t n;

		snprintf(query, sizeof query, "per_page=7&page=%d", page);
		list = get(WEB, query);
		n = yyjson_arr_size(list);
		for (size_t i = 0; i < n; i++, seen++) {
			cr_assert_eq(number_at(list, i), total - seen);
		}
		cr_assert_eq(has_header("rel=\"next\""), seen < total);
		cr_assert_eq(has_header("rel=\"prev\""), page > 1);
		if (seen == total) {
			break;
		}
		cr_assert_eq(n, 7);
	}
	cr_assert_gt(total, 14);
}

Test(api, per_page_is_thirty_and_a_hundred_at_most)
{
	cr_assert_eq(yyjson_arr_size(get("/v2/builds", NULL)), 30);
	cr_assert_eq(yyjson_arr_size(get("/v2/builds", "per_page=500")), 100);
	get("/v2/builds", "per_page=0");
	cr_assert_eq(reply.status, 400);
}

Test(api, links_keep_the_other_parameters_escaped)
{
	get("/v2/builds", "created_to=2026-01-01T01%3A00%3A00%2B01:00&branch[]=main&per_page=1&page=2");
	cr_assert(
		has_header(
			"Link: "
			"<http://127.0.0.1/v2/builds?created_to=2026-01-01T01:00:00%2B01:00&branch%5B%5D=main"
			"&page=1&per_page=1>; rel=\"first\", <"),
		"%s", reply.headers.data);
}

Test(api, created_from_is_inclusive_and_created_to_exclusive)
{
	const struct build_list *list = &sim.world.pipelines[0].builds;
	const struct build *low = list->items[3], *high = list->items[9];
	char query[160], from[WHEN_MAX], to[WHEN_MAX];
	yyjson_val *root;

	snprintf(query, sizeof query, "created_from=%s&created_to=%s", when_rest(low->created, from),
		 when_rest(high->created, to));
	root = get(WEB, query);
	cr_assert_eq(yyjson_arr_size(root), 6);
	cr_assert_eq(number_at(root, 0), high->number - 1);
	cr_assert_eq(number_at(root, 5), low->number);
}

Test(api, a_plus_that_is_not_escaped_is_not_taken_for_a_zone)
{
	get(WEB, "created_to=2026-01-01T00:00:00%2B00:00");
	cr_assert_eq(reply.status, 200);
	get(WEB, "created_to=2026-01-01T00:00:00+00:00");
	cr_assert_eq(reply.status, 400);
}

Test(api, finished_means_passed_failed_blocked_and_canceled)
{
	yyjson_val *list = get("/v2/builds", "state=finished&per_page=100"), *one;
	size_t i, n;

	yyjson_arr_foreach(list, i, n, one)
	{
		const char *state = yyjson_get_str(yyjson_obj_get(one, "state"));
		bool blocked = yyjson_get_bool(yyjson_obj_get(one, "blocked"));

		cr_assert(blocked || strcmp(state, "passed") == 0 || strcmp(state, "failed") == 0 ||
				  strcmp(state, "canceled") == 0,
			  "%s", state);
	}
	list = get("/v2/builds", "state[]=skipped&state[]=not_run&per_page=100");
	cr_assert_gt(yyjson_arr_size(list), 0);
	get("/v2/builds", "state=odd");
	cr_assert_eq(reply.status, 400);
}

Test(api, finished_from_selects_by_the_time_of_finishing)
{
	int64_t from = options.world.start_ms - 2 * DAY_MS;
	char query[96], time[WHEN_MAX];
	size_t expected = 0;

	for (size_t i = 0; i < sim.world.builds.count; i++) {
		build_look(sim.world.builds.items[i], sim.world.now);
		expected += sim.world.builds.items[i]->view.finished >= from;
	}
	snprintf(query, sizeof query, "per_page=100&finished_from=%s", when_rest(from, time));
	cr_assert_eq(yyjson_arr_size(get("/v2/builds", query)), expected);
	cr_assert(expected > 0 && expected < 100);
}

Test(api, retried_jobs_show_only_when_they_are_asked_for)
{
	request("POST", "/_sim/build", NULL,
		"{\"pipeline\":\"web\",\"duration_ms\":1000,\"result\":\"failed\"}");
	request("POST", "/_sim/advance", NULL, "{\"ms\":2000}");
	request("POST", "/_sim/act", NULL, "{\"pipeline\":\"web\",\"number\":1000,\"action\":\"retry\"}");
	cr_assert_eq(reply.status, 404);
	for (int form = 0; form < 2; form++) {
		yyjson_val *jobs;
		char body[100];

		snprintf(body, sizeof body, "{\"pipeline\":\"web\",\"number\":%lld,\"action\":\"retry\"}",
			 (long long)sim.world.pipelines[0].newest_number);
		if (form == 0) {
			request("POST", "/_sim/act", NULL, body);
			cr_assert_eq(reply.status, 200);
		}
		jobs = yyjson_obj_get(yyjson_arr_get(get(WEB, form ? "include_retried_jobs=true" : NULL), 0),
				      "jobs");
		cr_assert_eq(yyjson_arr_size(jobs), form ? 2 : 1);
	}
}

Test(api, the_cache_follows_the_clock)
{
	request("POST", "/_sim/build", NULL, "{\"pipeline\":\"web\",\"duration_ms\":1000}");
	for (int i = 0; i < 3; i++) {
		static const char *const states[] = {"running", "running", "passed"};
		yyjson_val *one = yyjson_arr_get(get(WEB, NULL), 0);

		cr_assert_str_eq(yyjson_get_str(yyjson_obj_get(one, "state")), states[i]);
		get("/v2/builds",
		    "state=passed"); /* looks at every build, and must not hide a change from the cache */
		request("POST", "/_sim/advance", NULL, "{\"ms\":600}");
		get("/v2/builds", "state=passed");
	}
}

Test(api, builds_appear_while_pages_are_read)
{
	int64_t before = sim.world.pipelines[0].newest_number;

	request("POST", "/_sim/act", NULL,
		"{\"pipeline\":\"acme/"
		"web\",\"action\":\"appear\",\"after_pages\":2,\"count\":3,\"age_ms\":5000}");
	get(WEB, "page=1");
	cr_assert_eq(sim.world.pipelines[0].newest_number, before);
	get(WEB, "page=2");
	cr_assert_eq(sim.world.pipelines[0].newest_number, before + 3);
	cr_assert_eq(pipeline_build(&sim.world.pipelines[0], before + 1)->created, sim.world.now - 5000);
}

Test(api, date_is_the_worlds_clock)
{
	get("/v2/builds", NULL);
	cr_assert(has_header("Date: Thu, 01 Jan 2026 00:00:00 GMT"), "%s", reply.headers.data);
	request("POST", "/_sim/advance", NULL, "{\"ms\":61000}");
	get("/v2/builds", NULL);
	cr_assert(has_header("Date: Thu, 01 Jan 2026 00:01:01 GMT"), "%s", reply.headers.data);
}

Test(api, deep_paging_is_refused)
{
	sim.options.deep_limit = 100;
	get("/v2/builds", "page=2&per_page=50");
	cr_assert_eq(reply.status, 200);
	get("/v2/builds", "page=3&per_page=50");
	cr_assert_eq(reply.status, 400);
	cr_assert(strstr(reply.body.data, "Listing builds this deep is not supported."));
}

Test(api, unknown_things_are_named)
{
	static const struct {
		const char *path, *message;
	} rows[] = {
		{"/v2/organizations/nobody/builds", "No organization found"},
		{"/v2/organizations/acme/pipelines/nothing/builds", "No pipeline found"},
		{WEB "/99999", "No build found"},
		{"/v2/nonsense", "Not Found"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		yyjson_val *root = get(rows[i].path, NULL);

		cr_assert_eq(reply.status, 404);
		cr_assert_str_eq(yyjson_get_str(yyjson_obj_get(root, "message")), rows[i].message);
	}
}

Test(api, a_wrong_token_is_refused)
{
	const struct sim_request in = {
		.method = "GET", .path = "/v2/builds", .authorization = "Bearer other"};

	sim_handle(&sim, &in, &reply);
	cr_assert_eq(reply.status, 401);
}

static int64_t steady;

static int64_t fake_steady_ms(void)
{
	return steady;
}

Test(api, a_used_up_budget_is_429_until_its_window_ends)
{
	sim.steady_ms = fake_steady_ms;
	sim.organization_budget.limit = 2;
	steady = 1000;
	get("/v2/builds", NULL);
	cr_assert(has_header("RateLimit-Remaining: 1\n") && has_header("RateLimit-Reset: 60\n"));
	get("/v2/builds", NULL);
	steady = 11500;
	get("/v2/builds", NULL);
	cr_assert_eq(reply.status, 429);
	cr_assert(has_header("RateLimit-Reset: 50\n") && has_header("RateLimit-Warning"), "%s",
		  reply.headers.data);
	cr_assert_eq(yyjson_get_int(yyjson_obj_get(yyjson_doc_get_root(doc), "reset")), 50);
	steady = 61000;
	get("/v2/builds", NULL);
	cr_assert_eq(reply.status, 200);
}

Test(api, a_token_without_the_scope_is_refused)
{
	get("/v2/organizations/acme/pipelines", NULL);
	cr_assert_eq(reply.status, 403);
	get("/v2/access-token", NULL);
	cr_assert_eq(reply.status, 200);
}

Test(api, a_fault_takes_the_next_requests_of_its_route)
{
	request("POST", "/_sim/faults", NULL, "{\"status\":503,\"count\":2,\"route\":\"builds\"}");
	get("/v2/organizations", NULL);
	cr_assert_eq(reply.status, 200);
	for (int i = 0; i < 3; i++) {
		get(WEB, NULL);
		cr_assert_eq(reply.status, i < 2 ? 503 : 200);
	}
	request("POST", "/_sim/faults", NULL, "{\"status\":503,\"route\":\"nowhere\"}");
	cr_assert_eq(reply.status, 400);
}

Test(api, stats_count_requests_by_route)
{
	yyjson_val *requests;

	get(WEB, NULL);
	get(WEB, "page=2");
	get(WEB "/1", NULL);
	requests = yyjson_obj_get(get("/_sim/stats", NULL), "requests");
	cr_assert_eq(yyjson_get_int(yyjson_obj_get(requests, "builds")), 2);
	cr_assert_eq(yyjson_get_int(yyjson_obj_get(requests, "build")), 1);
}

Test(api, the_same_seed_gives_the_same_bytes)
{
	struct text first;

	get("/v2/builds", "per_page=100&include_retried_jobs=true");
	first = reply.body;
	reply.body = (struct text){0};
	teardown();
	setup();
	get("/v2/builds", "per_page=100&include_retried_jobs=true");
	cr_assert_eq(first.size, reply.body.size);
	cr_assert_eq(memcmp(first.data, reply.body.data, first.size), 0);
	text_fini(&first);
}

Test(api, a_build_is_whole)
{
	static const char *const keys[] = {
		"id",           "graphql_id",   "url",           "web_url",
		"number",       "state",        "cancel_reason", "blocked",
		"message",      "commit",       "branch",        "env",
		"source",       "creator",      "jobs",          "job_state_counts",
		"created_at",   "scheduled_at", "started_at",    "failing_at",
		"finished_at",  "meta_data",    "pull_request",  "merge_queue",
		"rebuilt_from", "pipeline"};
	yyjson_val *one = get(WEB "/1", NULL);

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		cr_assert_not_null(yyjson_obj_get(one, keys[i]), "%s", keys[i]);
	}
}
