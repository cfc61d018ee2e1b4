/* The API's own routes. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/api.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct organization *organization_of(struct sim *sim, const struct sim_call *call,
					    struct sim_reply *reply)
{
	struct organization *organization = world_organization(&sim->world, call->args[0]);

	if (!organization) {
		reply_message(reply, 404, "No organization found");
	}
	return organization;
}

static struct pipeline *pipeline_of(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct organization *organization = organization_of(sim, call, reply);
	struct pipeline *pipeline = NULL;

	if (organization) {
		pipeline = world_pipeline(&sim->world, organization, call->args[1]);
		if (!pipeline && !sim_redirects(sim, call, reply)) {
			reply_message(reply, 404, "No pipeline found");
		}
	}
	return pipeline;
}

struct build *api_build_of(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct pipeline *pipeline = pipeline_of(sim, call, reply);
	struct build *build = NULL;
	char *end;

	if (pipeline) {
		long long number = strtoll(call->args[2], &end, 10);

		build = *end ? NULL : pipeline_build(pipeline, number);
		if (!build) {
			reply_message(reply, 404, "No build found");
		}
	}
	return build;
}

static void put_links(struct sim *sim, const struct sim_call *call, const struct page *page, int64_t total,
		      struct sim_reply *reply)
{
	struct text links = {0};
	char url[1024];

	/* base ends with /v2, and so does the path begin */
	snprintf(url, sizeof url, "%.*s%s", (int)(strlen(sim->base) - 3), sim->base, call->request->path);
	page_links(&links, url, &call->query, page, total);
	if (links.size) {
		text_add(&reply->headers, "Link: ", 6);
		text_add(&reply->headers, links.data, links.size);
		text_add(&reply->headers, "\n", 1);
	}
	text_fini(&links);
}

void api_reply_array(struct sim_reply *reply, yyjson_mut_doc *doc, yyjson_mut_val *array)
{
	yyjson_mut_doc_set_root(doc, array);
	reply_doc(reply, 200, doc);
}

bool api_list(struct api_list *list, const struct sim_call *call, struct sim_reply *reply)
{
	struct err err;

	*list = (struct api_list){0};
	if (page_parse(&list->page, &call->query, &err)) {
		reply_message(reply, 400, "%s", err.text);
		return false;
	}
	list->doc = yyjson_mut_doc_new(NULL);
	list->array = yyjson_mut_arr(list->doc);
	return true;
}

bool api_list_next(struct api_list *list, struct put *in)
{
	if (list->total++ / list->page.size != list->page.number - 1) {
		return false;
	}
	*in = put_new(list->doc);
	yyjson_mut_arr_append(list->array, in->object);
	return true;
}

void api_list_reply(struct api_list *list, struct sim *sim, const struct sim_call *call,
		    struct sim_reply *reply)
{
	put_links(sim, call, &list->page, list->total, reply);
	api_reply_array(reply, list->doc, list->array);
}

void api_organizations(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *array = yyjson_mut_arr(doc);

	(void)call;
	for (int i = 0; i < sim->world.organization_count; i++) {
		struct put in = put_new(doc);

		payload_organization(in, sim->base, &sim->world.organizations[i]);
		yyjson_mut_arr_append(array, in.object);
	}
	api_reply_array(reply, doc, array);
}

void api_organization(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct organization *organization = organization_of(sim, call, reply);
	yyjson_mut_doc *doc;
	struct put in;

	if (!organization) {
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	in = put_new(doc);
	yyjson_mut_doc_set_root(doc, in.object);
	payload_organization(in, sim->base, organization);
	reply_doc(reply, 200, doc);
}

void api_pipelines(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct organization *organization = organization_of(sim, call, reply);
	struct api_list list;
	struct put in;

	if (!organization || !api_list(&list, call, reply)) {
		return;
	}
	for (int i = 0; i < sim->world.pipeline_count; i++) {
		const struct pipeline *pipeline = &sim->world.pipelines[i];

		if (pipeline->organization == organization && !pipeline->deleted &&
		    api_list_next(&list, &in)) {
			payload_pipeline(in, sim->base, pipeline);
		}
	}
	api_list_reply(&list, sim, call, reply);
}

void api_pipeline(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct pipeline *pipeline = pipeline_of(sim, call, reply);
	yyjson_mut_doc *doc;
	struct put in;

	if (!pipeline) {
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	in = put_new(doc);
	yyjson_mut_doc_set_root(doc, in.object);
	payload_pipeline(in, sim->base, pipeline);
	reply_doc(reply, 200, doc);
}

static unsigned form_of(const struct query *query)
{
	return (query_flag(query, "include_retried_jobs") ? (unsigned)FORM_RETRIED_JOBS : 0) |
	       (query_flag(query, "exclude_jobs") ? (unsigned)FORM_WITHOUT_JOBS : 0) |
	       (query_flag(query, "exclude_pipeline") ? (unsigned)FORM_WITHOUT_PIPELINE : 0);
}

static void add_to_page(struct sim *sim, const struct sim_call *call, struct build *build,
			struct sim_reply *reply)
{
	if (reply->body.size > 1) {
		text_add(&reply->body, ",", 1);
	}
	payload_add_build(&reply->body, sim->base, build, form_of(&call->query), call->now,
			  &sim->cached_bytes);
	sim->builds_served++;
}

/* One page, newest first. With only a range of creation times the page is found by binary search; other
 * filters look at each build of the range. Returns how many builds there are on all pages. */
static int64_t add_page(struct sim *sim, const struct sim_call *call, const struct build_list *list,
			const struct filter *filter, const struct page *page, struct sim_reply *reply)
{
	size_t low = filter->created_from ? build_list_from(list, filter->created_from) : 0;
	size_t high = filter->created_to ? build_list_from(list, filter->created_to) : list->count;
	int64_t first = (page->number - 1) * page->size, nth = 0;

	if (filter_is_range(filter)) {
		int64_t total = high > low ? (int64_t)(high - low) : 0;

		for (int64_t i = first; i < total && i < first + page->size; i++) {
			add_to_page(sim, call, list->items[high - 1 - (size_t)i], reply);
		}
		return total;
	}
	while (high > low) {
		struct build *build = list->items[--high];

		if (!filter_matches(filter, build, call->now)) {
			continue;
		}
		if (nth >= first && nth < first + page->size) {
			add_to_page(sim, call, build, reply);
		}
		nth++;
	}
	return nth;
}

static void serve_list(struct sim *sim, const struct sim_call *call, const struct build_list *list,
		       const struct pipeline *pipeline, struct sim_reply *reply)
{
	struct filter filter;
	struct page page;
	struct err err;

	if (filter_parse(&filter, &call->query, &err) || page_parse(&page, &call->query, &err)) {
		reply_message(reply, 400, "%s", err.text);
		return;
	}
	if ((page.number - 1) * page.size >= sim->options.deep_limit) {
		reply_message(reply, 400,
			      "Listing builds this deep is not supported. Please narrow your query using "
			      "filters such "
			      "as branch or created_from.");
		return;
	}
	text_add(&reply->body, "[", 1);
	put_links(sim, call, &page, add_page(sim, call, list, &filter, &page, reply), reply);
	text_add(&reply->body, "]", 1);
	sim_spring_ambushes(sim, pipeline);
}

void api_all_builds(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	serve_list(sim, call, &sim->world.builds, NULL, reply);
}

void api_organization_builds(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct organization *organization = organization_of(sim, call, reply);

	if (organization) {
		serve_list(sim, call, &organization->builds, NULL, reply);
	}
}

void api_builds(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct pipeline *pipeline = pipeline_of(sim, call, reply);

	if (pipeline) {
		serve_list(sim, call, &pipeline->builds, pipeline, reply);
	}
}

void api_build(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct build *build = api_build_of(sim, call, reply);

	if (build) {
		payload_add_build(&reply->body, sim->base, build, form_of(&call->query) | FORM_SINGLE,
				  call->now, NULL);
		sim->builds_served++;
	}
}

void api_access_token(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc), user;
	yyjson_mut_val *scopes;

	yyjson_mut_doc_set_root(doc, in.object);
	put_text(in, "uuid", "b63254c0-3271-4a98-8270-7cfbd6c2f14e");
	scopes = yyjson_mut_obj_add_arr(doc, in.object, "scopes");
	for (const char *at = sim->options.scopes; *at; at += strspn(at, ",")) {
		size_t size = strcspn(at, ",");

		yyjson_mut_arr_add_strncpy(doc, scopes, at, size);
		at += size;
	}
	put_text(in, "description", "Simulator token");
	put_spaced_time(in, "created_at", call->now - 30 * DAY_MS);
	put_null(in, "expires_at");
	user = put_object(in, "user");
	put_text(user, "email", sim->world.people[0].email);
	put_text(user, "name", sim->world.people[0].name);
	reply_doc(reply, 200, doc);
}

static void put_scope(struct put scopes, const char *name, const struct budget *budget, int64_t reset,
		      int64_t now)
{
	struct put scope = put_object(scopes, name);
	char at[WHEN_MAX];

	put_int(scope, "limit", budget_shown_limit(budget));
	put_int(scope, "current", budget->used);
	put_int(scope, "reset", reset);
	put_format(scope, "reset_at", "%s", when_rest(now + reset * SECOND_MS, at));
	put_bool(scope, "enforced", budget->limit > 0);
}

void api_rate_limit(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	const struct budget graphql = {.limit = 50000};
	int64_t reset = budget_reset_s(&sim->organization_budget, sim->steady_ms());
	yyjson_mut_doc *doc;
	struct put in, scopes;

	if (!organization_of(sim, call, reply)) {
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	in = put_new(doc);
	yyjson_mut_doc_set_root(doc, in.object);
	scopes = put_object(in, "scopes");
	put_scope(scopes, "rest", &sim->organization_budget, reset, call->now);
	put_scope(scopes, "graphql", &graphql, reset, call->now);
	reply_doc(reply, 200, doc);
}
