/* CircleCI's routes: lists with page tokens, newest first. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/api.h"
#include "tests/sim/circleci_list.h"

#include <stdlib.h>
#include <string.h>

/* Small, so that every list of a test has several pages. */
enum { PIPELINES_PAGE = 20, WORKFLOWS_PAGE = 2, JOBS_PAGE = 10 };

static struct pipeline *project_of(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct pipeline *project = cc_project(&sim->world, call->args[0], call->args[1], call->args[2]);

	if (!project) {
		reply_message(reply, 404, "Project not found");
	}
	return project;
}

/* The build whose UUID begins like text; a workflow's id differs in the last four digits. */
static struct build *build_like(struct sim *sim, const char *text, size_t size, struct sim_reply *reply)
{
	for (size_t i = 0; strlen(text) == UUID_SIZE - 1 && i < sim->world.builds.count; i++) {
		struct build *build = sim->world.builds.items[i];

		if (strncmp(build->uuid, text, size) == 0) {
			return build;
		}
	}
	reply_message(reply, 404, "Not found");
	return NULL;
}

/* A page of the newest of them. */
static void reply_pipelines(struct sim *sim, const struct sim_call *call, const struct build_list *builds,
			    struct sim_reply *reply)
{
	int64_t at = INT64_MAX, number = INT64_MAX;
	char token[64] = "";
	struct cc_list list;
	int count = 0;

	if (!cc_token_read(call, &at, &number, reply)) {
		return;
	}
	list = cc_list_new();
	for (size_t i = builds->count; i-- > 0 && !token[0];) {
		struct build *build = builds->items[i];
		struct cc_pipeline *pipeline;

		if (build->created > at || (build->created == at && build->number >= number)) {
			continue;
		}
		pipeline = cc_look(build, call->now);
		cc_put_pipeline(cc_list_add(&list), pipeline);
		cc_free(&pipeline);
		sim->builds_served++;
		if (++count == PIPELINES_PAGE && i > 0) {
			cc_token_write(token, build->created, build->number);
		}
	}
	cc_list_reply(&list, token, reply);
}

void circleci_pipelines(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct pipeline *project = project_of(sim, call, reply);

	if (project) {
		reply_pipelines(sim, call, &project->builds, reply);
		sim_spring_ambushes(sim, project);
	}
}

void circleci_organizations(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *array = yyjson_mut_arr(doc);

	(void)call;
	for (int i = 0; i < sim->world.organization_count; i++) {
		const struct organization *organization = &sim->world.organizations[i];
		struct put in = put_new(doc);
		char slug[CC_SLUG];

		cc_organization_slug(organization, slug);
		put_text(in, "id", organization->uuid);
		put_text(in, "vcs-type", cc_is_opaque(organization) ? "circleci" : "github");
		put_text(in, "name", organization->slug);
		put_text(in, "avatar_url", "https://avatars.githubusercontent.com/u/1");
		put_format(in, "slug", "%s", slug);
		yyjson_mut_arr_append(array, in.object);
	}
	api_reply_array(reply, doc, array);
}

void circleci_me(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);

	(void)call;
	yyjson_mut_doc_set_root(doc, in.object);
	put_text(in, "id", sim->world.organizations[0].uuid);
	put_text(in, "login", "sim");
	put_text(in, "name", "Sim");
	reply_doc(reply, 200, doc);
}

void circleci_followed(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	const char *slug = query_get(&call->query, "org-slug");
	struct organization *organization = slug ? cc_organization(&sim->world, slug) : NULL;

	if (organization) {
		reply_pipelines(sim, call, &organization->builds, reply);
	} else {
		reply_message(reply, 404, "Organization not found");
	}
}

static void reply_pipeline(const struct sim_call *call, struct build *build, struct sim_reply *reply)
{
	struct cc_pipeline *pipeline;
	yyjson_mut_doc *doc;
	struct put in;

	pipeline = cc_look(build, call->now);
	doc = yyjson_mut_doc_new(NULL);
	in = put_new(doc);
	yyjson_mut_doc_set_root(doc, in.object);
	cc_put_pipeline(in, pipeline);
	cc_free(&pipeline);
	reply_doc(reply, 200, doc);
}

void circleci_pipeline(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct build *build = build_like(sim, call->args[0], UUID_SIZE, reply);

	if (build) {
		reply_pipeline(call, build, reply);
	}
}

void circleci_numbered(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct pipeline *project = project_of(sim, call, reply);
	struct build *build = project ? pipeline_build(project, strtoll(call->args[3], NULL, 10)) : NULL;

	if (build) {
		reply_pipeline(call, build, reply);
	} else if (project) {
		reply_message(reply, 404, "Pipeline not found");
	}
}

void circleci_workflows(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct build *build = build_like(sim, call->args[0], UUID_SIZE, reply);
	int64_t skip = 0, unused = 0;
	struct cc_pipeline *pipeline;
	char token[64] = "";
	struct cc_list list;

	if (!build || !cc_token_read(call, &skip, &unused, reply)) {
		return;
	}
	pipeline = cc_look(build, call->now);
	list = cc_list_new();
	for (int64_t i = skip; i < pipeline->count && i < skip + WORKFLOWS_PAGE; i++) {
		cc_put_workflow(cc_list_add(&list), pipeline, &pipeline->workflows[pipeline->count - 1 - i]);
	}
	if (skip + WORKFLOWS_PAGE < pipeline->count) {
		cc_token_write(token, skip + WORKFLOWS_PAGE, 0);
	}
	cc_list_reply(&list, token, reply);
	cc_free(&pipeline);
}

static void reply_jobs(const struct cc_pipeline *pipeline, const struct cc_workflow *workflow, int64_t skip,
		       struct sim_reply *reply)
{
	struct cc_list list = cc_list_new();
	char token[64] = "";

	for (int64_t i = skip; i < workflow->count && i < skip + JOBS_PAGE; i++) {
		cc_put_job(cc_list_add(&list), pipeline, workflow->jobs[i]);
	}
	if (skip + JOBS_PAGE < workflow->count) {
		cc_token_write(token, skip + JOBS_PAGE, 0);
	}
	cc_list_reply(&list, token, reply);
}

void circleci_jobs(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct build *build = build_like(sim, call->args[0], UUID_SIZE - 5, reply);
	int64_t skip = 0, unused = 0;
	struct cc_pipeline *pipeline;
	int i = 0;

	if (!build || !cc_token_read(call, &skip, &unused, reply)) {
		return;
	}
	pipeline = cc_look(build, call->now);
	while (i < pipeline->count && strcmp(pipeline->workflows[i].id, call->args[0]) != 0) {
		i++;
	}
	if (i < pipeline->count) {
		reply_jobs(pipeline, &pipeline->workflows[i], skip, reply);
	} else {
		reply_message(reply, 404, "Workflow not found");
	}
	cc_free(&pipeline);
}

int cc_job_of_call(struct sim *sim, const struct sim_call *call, struct cc_pipeline **pipeline,
		   struct sim_reply *reply)
{
	struct pipeline *project = project_of(sim, call, reply);
	long long number = strtoll(call->args[3], NULL, 10);
	struct build *build = project ? pipeline_build(project, number / 1000) : NULL;
	int j = (int)(number % 1000) - 1;

	if (!project) {
		return -1;
	}
	if (!build || j < 0 || j >= build->job_count || !job_shows(build, j, call->now)) {
		reply_message(reply, 404, "Job not found");
		return -1;
	}
	*pipeline = cc_look(build, call->now);
	return j;
}

void circleci_job(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct cc_pipeline *pipeline;
	int j = cc_job_of_call(sim, call, &pipeline, reply);
	yyjson_mut_doc *doc;
	struct put in;

	if (j < 0) {
		return;
	}
	doc = yyjson_mut_doc_new(NULL);
	in = put_new(doc);
	yyjson_mut_doc_set_root(doc, in.object);
	cc_put_details(in, pipeline, j);
	cc_free(&pipeline);
	reply_doc(reply, 200, doc);
}
