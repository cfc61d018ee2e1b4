/* CircleCI's objects, as its specification of 2022-04 and recorded answers have them. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/circleci.h"
#include "tests/sim/when.h"

#include <string.h>

/* Lists have whole seconds: "2020-12-24T12:59:23Z". */
static void put_second(struct put in, const char *key, int64_t ms, bool known)
{
	char text[WHEN_MAX];

	if (known) {
		when_rest(ms - ms % SECOND_MS, text);
		put_format(in, key, "%.19sZ", text);
	} else {
		put_null(in, key);
	}
}

static void put_slug(struct put in, const char *key, const struct build *build)
{
	char slug[2 * CC_SLUG];

	cc_project_slug(build->pipeline, slug);
	put_format(in, key, "%s", slug);
}

static void put_trigger(struct put in, const struct build *build)
{
	static const char *const types[][2] = {
		{"webhook", "webhook"}, {"ui", "explicit"}, {"schedule", "scheduled_pipeline"}};
	struct put trigger = put_object(in, "trigger"), actor;
	const char *type = "api";

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		type = strcmp(build->source, types[i][0]) == 0 ? types[i][1] : type;
	}
	put_time(trigger, "received_at", build->created);
	put_text(trigger, "type", type);
	actor = put_object(trigger, "actor");
	put_format(actor, "login", "%.*s", build->creator ? (int)strcspn(build->creator->email, "@") : 0,
		   build->creator ? build->creator->email : "");
	put_null(actor, "avatar_url");
}

static void put_commit(struct put vcs, const char *message)
{
	struct put commit = put_object(vcs, "commit");
	const char *cut = strstr(message, "\n\n");

	if (cut && cut > message && cut[2]) {
		yyjson_mut_obj_add_strncpy(vcs.doc, commit.object, "subject", message,
					   (size_t)(cut - message));
		put_text(commit, "body", cut + 2);
	} else {
		put_text(commit, "subject", message);
		put_text(commit, "body", "");
	}
}

static void put_place(struct put in, const struct build *build)
{
	if (build->tag) {
		put_text(in, "tag", build->tag);
	} else {
		put_text(in, "branch", build->branch);
	}
}

static void put_vcs(struct put in, const struct build *build)
{
	struct put vcs = put_object(in, "vcs");
	const struct organization *organization = build->pipeline->organization;
	bool bitbucket = strcmp(organization->vcs, "bb") == 0;
	const char *host = bitbucket ? "bitbucket.org" : "github.com", *slug = build->pipeline->slug;

	put_text(vcs, "provider_name", bitbucket ? "Bitbucket" : "GitHub");
	put_format(vcs, "origin_repository_url", "https://%s/%s/%s", host, organization->slug, slug);
	put_format(vcs, "target_repository_url", "https://%s/%s/%s", host, organization->slug, slug);
	put_text(vcs, "revision", build->commit);
	put_commit(vcs, build->message ? build->message : "");
	put_place(vcs, build);
	if (build->pull_request) {
		put_format(vcs, "review_id", "%lld", (long long)build->pull_request);
	}
}

/* What came by CircleCI's GitHub App has this instead of `vcs`. */
static void put_trigger_parameters(struct put in, const struct build *build)
{
	struct put parameters = put_object(in, "trigger_parameters"), part = put_object(parameters, "git");

	put_text(part, "checkout_sha", build->commit);
	put_format(part, "repo_url", "https://github.com/%s/%s", build->pipeline->organization->slug,
		   build->pipeline->slug);
	put_place(part, build);
	part = put_object(parameters, "github_app");
	put_text(part, "commit_sha", build->commit);
	put_text(part, "commit_message", build->message ? build->message : "");
	if (build->creator) {
		put_text(part, "commit_author_name", build->creator->name);
	}
}

void cc_put_pipeline(struct put in, const struct cc_pipeline *pipeline)
{
	const struct build *build = pipeline->build;
	yyjson_mut_val *errors;
	struct put error;

	put_text(in, "id", build->uuid);
	errors = yyjson_mut_obj_add_arr(in.doc, in.object, "errors");
	if (pipeline->error) {
		error = put_new(in.doc);
		put_text(error, "type", "config");
		put_text(error, "message", pipeline->error);
		yyjson_mut_arr_append(errors, error.object);
	}
	put_slug(in, "project_slug", build);
	put_time(in, "updated_at", build->created);
	put_int(in, "number", build->number);
	put_text(in, "state", pipeline->state);
	put_time(in, "created_at", build->created);
	put_trigger(in, build);
	if (cc_is_opaque(build->pipeline->organization)) {
		put_trigger_parameters(in, build);
	} else {
		put_vcs(in, build);
	}
}

void cc_put_workflow(struct put in, const struct cc_pipeline *pipeline, const struct cc_workflow *workflow)
{
	put_text(in, "pipeline_id", pipeline->build->uuid);
	put_format(in, "id", "%s", workflow->id);
	put_text(in, "name", workflow->name);
	put_slug(in, "project_slug", pipeline->build);
	put_text(in, "status", workflow->status);
	put_text(in, "started_by", pipeline->build->pipeline->created_by->uuid);
	put_int(in, "pipeline_number", pipeline->build->number);
	put_second(in, "created_at", workflow->created, true);
	put_second(in, "stopped_at", workflow->stopped, workflow->stopped > 0);
}

void cc_put_name(struct put in, const struct build *build, int j)
{
	char name[256];

	cc_job_name(build, j, name, sizeof name);
	put_format(in, "name", "%s", name);
}

void cc_put_job(struct put in, const struct cc_pipeline *pipeline, int j)
{
	const struct job *job = &pipeline->build->jobs[j];
	bool approval = cc_is_approval(pipeline->build, j);
	int64_t started = approval ? job->runnable : job->started;

	yyjson_mut_obj_add_arr(in.doc, in.object, "dependencies");
	if (!approval) {
		put_int(in, "job_number", cc_job_number(pipeline->build, j));
	}
	put_format(in, "id", "%s", job->uuid);
	put_second(in, "started_at", started, started <= pipeline->now);
	cc_put_name(in, pipeline->build, j);
	put_slug(in, "project_slug", pipeline->build);
	put_text(in, "status", cc_job_status(pipeline, j));
	put_text(in, "type", approval ? "approval" : "build");
	put_second(in, "stopped_at", job->done, job->done <= pipeline->now);
}

static void put_executor(struct put in)
{
	struct put executor = put_object(in, "executor");

	put_text(executor, "resource_class", "medium");
	put_text(executor, "type", "docker");
}

void cc_put_details(struct put in, const struct cc_pipeline *pipeline, int j)
{
	const struct build *build = pipeline->build;
	const struct job *job = &build->jobs[j];
	bool over = job->done <= pipeline->now, started = job->started <= pipeline->now;
	struct put part;

	put_format(in, "web_url", "https://circleci.com/gh/%s/%s/%lld", build->pipeline->organization->slug,
		   build->pipeline->slug, (long long)cc_job_number(build, j));
	part = put_object(in, "project");
	put_text(part, "id", build->pipeline->uuid);
	put_slug(part, "slug", build);
	put_text(part, "name", build->pipeline->slug);
	put_format(part, "external_url", "https://github.com/%s/%s", build->pipeline->organization->slug,
		   build->pipeline->slug);
	yyjson_mut_obj_add_arr(in.doc, in.object, "parallel_runs");
	put_time(in, "started_at", started ? job->started : 0);
	part = put_object(in, "latest_workflow");
	put_text(part, "name", "build");
	put_text(part, "id", build->uuid);
	cc_put_name(in, build, j);
	put_executor(in);
	put_int(in, "parallelism", 1);
	put_text(in, "status", cc_job_status(pipeline, j));
	put_int(in, "number", cc_job_number(build, j));
	put_text(put_object(in, "pipeline"), "id", build->uuid);
	if (over && started) {
		put_int(in, "duration", job->done - job->started);
	} else {
		put_null(in, "duration");
	}
	put_time(in, "created_at", job->created);
	yyjson_mut_obj_add_arr(in.doc, in.object, "messages");
	yyjson_mut_obj_add_arr(in.doc, in.object, "contexts");
	put_text(put_object(in, "organization"), "name", build->pipeline->organization->slug);
	put_time(in, "queued_at", job->runnable <= pipeline->now ? job->runnable : 0);
	put_time(in, "stopped_at", over ? job->done : 0);
}
