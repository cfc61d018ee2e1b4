/* Pipelines, organisations, artifacts. Documented: rest_api/pipelines, rest_api/organizations,
 * rest_api/artifacts; the pipeline inside a build is longer in lists than in "Get a build". */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/payload.h"

#include <stdio.h>
#include <string.h>

static void put_identity(struct put in, const char *base, const struct pipeline *pipeline)
{
	put_text(in, "id", pipeline->uuid);
	put_graphql_id(in, "Pipeline", pipeline->uuid);
	put_format(in, "url", "%s/organizations/%s/pipelines/%s", base, pipeline->organization->slug,
		   pipeline->slug);
}

static void put_web_url(struct put in, const struct pipeline *pipeline)
{
	put_format(in, "web_url", "https://buildkite.com/%s/%s", pipeline->organization->slug,
		   pipeline->slug);
}

static void put_provider(struct put in, const struct pipeline *pipeline, bool settings)
{
	struct put provider = put_object(in, "provider");
	struct put s;

	put_text(provider, "id", "github");
	put_format(provider, "webhook_url", "https://webhook.buildkite.com/deliver/%.24s", pipeline->badge);
	if (!settings) {
		return;
	}
	s = put_object(provider, "settings");
	put_text(s, "trigger_mode", "code");
	put_bool(s, "build_pull_requests", true);
	put_bool(s, "pull_request_branch_filter_enabled", false);
	put_bool(s, "skip_pull_request_builds_for_existing_commits", true);
	put_bool(s, "build_pull_request_forks", false);
	put_bool(s, "prefix_pull_request_fork_branch_names", true);
	put_bool(s, "build_tags", true);
	put_bool(s, "publish_commit_status", true);
	put_bool(s, "publish_commit_status_per_step", false);
	put_bool(s, "publish_blocked_as_pending", false);
	put_format(s, "repository", "%s/%s", pipeline->organization->slug, pipeline->slug);
}

static void put_settings(struct put in, const char *base, const struct pipeline *pipeline)
{
	put_bool(in, "skip_queued_branch_builds", false);
	put_null(in, "skip_queued_branch_builds_filter");
	put_bool(in, "cancel_running_branch_builds", false);
	put_null(in, "cancel_running_branch_builds_filter");
	put_format(in, "builds_url", "%s/organizations/%s/pipelines/%s/builds", base,
		   pipeline->organization->slug, pipeline->slug);
	put_format(in, "badge_url", "https://badge.buildkite.com/%s.svg", pipeline->badge);
}

/* The counts are left at 0, as in the documented examples, so that a build's JSON depends on the build alone.
 */
static void put_counts(struct put in)
{
	put_int(in, "scheduled_builds_count", 0);
	put_int(in, "running_builds_count", 0);
	put_int(in, "scheduled_jobs_count", 0);
	put_int(in, "running_jobs_count", 0);
	put_int(in, "waiting_jobs_count", 0);
}

void payload_pipeline_of_build(struct put in, const char *base, const struct pipeline *pipeline,
			       unsigned form)
{
	bool single = form & FORM_SINGLE;

	put_identity(in, base, pipeline);
	if (!single) {
		put_web_url(in, pipeline);
	}
	put_text(in, "name", pipeline->name);
	put_text(in, "slug", pipeline->slug);
	put_text(in, "repository", pipeline->repository);
	if (!single) {
		put_null(in, "branch_configuration");
		put_text(in, "default_branch", pipeline->default_branch);
	}
	put_provider(in, pipeline, !single);
	put_settings(in, base, pipeline);
	if (single) {
		put_spaced_time(in, "created_at", pipeline->created);
	} else {
		put_time(in, "created_at", pipeline->created);
	}
	put_counts(in);
}

static void put_steps(struct put in, const struct pipeline *pipeline)
{
	static const char *const types[] = {"script", "waiter", "manual", "trigger"};
	yyjson_mut_val *steps = yyjson_mut_obj_add_arr(in.doc, in.object, "steps");

	for (int i = 0; i < pipeline->step_count; i++) {
		const struct step *step = &pipeline->steps[i];
		struct put out = put_new(in.doc);

		put_text(out, "type", types[step->type]);
		if (step->type == JOB_SCRIPT) {
			put_text(out, "name", step->name);
			put_text(out, "command", step->command);
			put_text(out, "artifact_paths", "");
			put_text(out, "branch_configuration",
				 step->default_branch_only ? pipeline->default_branch : NULL);
			put_object(out, "env");
			put_null(out, "timeout_in_minutes");
			put_list_of_one(out, "agent_query_rules", "queue=%s", step->queue);
		} else if (step->type != JOB_WAITER) {
			put_text(out, "label", step->name);
		}
		yyjson_mut_arr_append(steps, out.object);
	}
}

void payload_pipeline(struct put in, const char *base, const struct pipeline *pipeline)
{
	put_identity(in, base, pipeline);
	put_web_url(in, pipeline);
	put_text(in, "name", pipeline->name);
	put_text(in, "description", pipeline->description);
	put_text(in, "slug", pipeline->slug);
	put_text(in, "repository", pipeline->repository);
	put_null(in, "branch_configuration");
	put_text(in, "default_branch", pipeline->default_branch);
	put_provider(in, pipeline, true);
	put_settings(in, base, pipeline);
	payload_person(put_object(in, "created_by"), pipeline->created_by, true);
	put_spaced_time(in, "created_at", pipeline->created);
	put_time(in, "archived_at", pipeline->archived);
	put_counts(in);
	put_text(in, "visibility", "private");
	put_steps(in, pipeline);
	put_object(in, "env");
}

void payload_organization(struct put in, const char *base, const struct organization *organization)
{
	put_text(in, "id", organization->uuid);
	put_graphql_id(in, "Organization", organization->uuid);
	put_format(in, "url", "%s/organizations/%s", base, organization->slug);
	put_format(in, "web_url", "https://buildkite.com/%s", organization->slug);
	put_text(in, "name", organization->name);
	put_text(in, "slug", organization->slug);
	put_format(in, "pipelines_url", "%s/organizations/%s/pipelines", base, organization->slug);
	put_format(in, "agents_url", "%s/organizations/%s/agents", base, organization->slug);
	put_format(in, "emojis_url", "%s/organizations/%s/emojis", base, organization->slug);
	put_time(in, "created_at", organization->created);
}

static void put_path(struct put in, const char *path)
{
	const char *slash = strrchr(path, '/');

	put_text(in, "path", path);
	if (slash) {
		put_format(in, "dirname", "%.*s", (int)(slash - path), path);
	} else {
		put_text(in, "dirname", "");
	}
	put_text(in, "filename", slash ? slash + 1 : path);
}

void payload_artifact(struct put in, const char *base, const struct build *build,
		      const struct artifact *artifact)
{
	char url[512];

	snprintf(url, sizeof url, "%s/organizations/%s/pipelines/%s/builds/%lld/jobs/%s/artifacts/%s", base,
		 build->pipeline->organization->slug, build->pipeline->slug, (long long)build->number,
		 artifact->job_uuid, artifact->uuid);
	put_text(in, "id", artifact->uuid);
	put_text(in, "job_id", artifact->job_uuid);
	put_format(in, "url", "%s", url);
	put_format(in, "download_url", "%s/download", url);
	put_text(in, "state", artifact->state);
	put_path(in, artifact->path);
	put_text(in, "mime_type", artifact->mime_type);
	put_int(in, "file_size", artifact->size_bytes);
	put_null(in, "glob_path");
	put_null(in, "original_path");
	put_format(in, "sha1sum", "%.8s%.4s%.4s%.4s%.12s00000000", artifact->uuid, artifact->uuid + 9,
		   artifact->uuid + 14, artifact->uuid + 19, artifact->uuid + 24);
}
