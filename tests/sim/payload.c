/* Builds. Documented: rest_api/builds, "List builds for a pipeline" and "Get a build". */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/payload.h"
#include "tests/sim/when.h"

#include <stdlib.h>
#include <string.h>

void payload_person(struct put in, const struct person *person, bool graphql)
{
	put_text(in, "id", person->uuid);
	if (graphql) {
		put_graphql_id(in, "User", person->uuid);
	}
	put_text(in, "name", person->name);
	put_text(in, "email", person->email);
	put_format(in, "avatar_url", "https://www.gravatar.com/avatar/%.8s%.4s", person->uuid,
		   person->uuid + 9);
	put_text(in, "created_at", "2015-05-22T12:36:45.309Z");
}

static void put_urls(struct put in, const char *base, const struct build *build)
{
	const char *organization = build->pipeline->organization->slug;
	const char *pipeline = build->pipeline->slug;
	long long number = build->number;

	put_format(in, "url", "%s/organizations/%s/pipelines/%s/builds/%lld", base, organization, pipeline,
		   number);
	put_format(in, "web_url", "https://buildkite.com/%s/%s/builds/%lld", organization, pipeline, number);
}

static void put_state(struct put in, const struct build *build, int64_t now)
{
	bool canceled = build->cancel_at && build->cancel_at <= now;

	put_int(in, "number", build->number);
	put_text(in, "state", build_state_word(build->view.state));
	put_text(in, "cancel_reason", canceled ? build->cancel_reason : NULL);
	put_bool(in, "blocked", build->view.blocked);
}

static void put_origin(struct put in, const struct build *build)
{
	put_text(in, "message", build->message);
	put_text(in, "commit", build->commit);
	put_text(in, "branch", build->branch);
	if (build->tag) {
		put_text(in, "tag", build->tag);
	}
	put_object(in, "env");
	put_text(in, "source", build->source);
	if (build->creator) {
		payload_person(put_object(in, "creator"), build->creator, false);
	} else {
		put_null(in, "creator");
	}
}

static void put_jobs(struct put in, const char *base, const struct build *build, unsigned form, int64_t now)
{
	yyjson_mut_val *jobs = yyjson_mut_obj_add_arr(in.doc, in.object, "jobs");

	for (int i = 0; i < build->job_count; i++) {
		struct put job;

		if (!job_shows(build, i, now) ||
		    (!(form & FORM_RETRIED_JOBS) && job_superseded(build, i, now))) {
			continue;
		}
		job = put_new(in.doc);
		payload_job(job, base, build, i, form, now);
		yyjson_mut_arr_append(jobs, job.object);
	}
}

/* Over the newest attempt of each job. */
static void put_job_state_counts(struct put in, const struct build *build, int64_t now)
{
	struct put counts = put_object(in, "job_state_counts");
	struct put states;
	int total = 0;

	for (int i = 0; i < build->job_count; i++) {
		total += job_shows(build, i, now) && !job_superseded(build, i, now);
	}
	put_int(counts, "total", total);
	states = put_object(counts, "states");
	for (int i = 0; i < build->job_count; i++) {
		if (job_shows(build, i, now) && !job_superseded(build, i, now)) {
			const char *word = job_state_word(build, i, now);
			yyjson_mut_val *old = yyjson_mut_obj_get(states.object, word);

			if (old) {
				yyjson_mut_set_int(old, yyjson_mut_get_int(old) + 1);
			} else {
				put_int(states, word, 1);
			}
		}
	}
}

static void put_times(struct put in, const struct build *build)
{
	put_time(in, "created_at", build->created);
	put_time(in, "scheduled_at", build->created + build->creating_ms);
	put_time(in, "started_at", build->view.started);
	put_time(in, "failing_at", build->view.failing);
	put_time(in, "finished_at", build->view.finished);
}

static void put_pull_request(struct put in, const struct build *build)
{
	struct put request;

	if (!build->pull_request) {
		/* null in answers, {} in the documentation: half of each */
		if (build->number % 2) {
			put_null(in, "pull_request");
		} else {
			put_object(in, "pull_request");
		}
		return;
	}
	request = put_object(in, "pull_request");
	put_format(request, "id", "%lld", (long long)build->pull_request);
	put_text(request, "base", build->pipeline->default_branch);
	put_text(request, "repository", build->pipeline->repository);
}

static void put_relations(struct put in, const char *base, const struct build *build)
{
	if (build->rebuilt_from) {
		struct put from = put_object(in, "rebuilt_from");

		put_text(from, "id", build->rebuilt_from->uuid);
		put_int(from, "number", build->rebuilt_from->number);
		put_format(from, "url", "%s/organizations/%s/pipelines/%s/builds/%lld", base,
			   build->pipeline->organization->slug, build->pipeline->slug,
			   (long long)build->rebuilt_from->number);
	} else {
		put_null(in, "rebuilt_from");
	}
	if (build->triggered_from) {
		struct put from = put_object(in, "triggered_from");

		put_text(from, "build_id", build->triggered_from->uuid);
		put_int(from, "build_number", build->triggered_from->number);
		put_text(from, "build_pipeline_slug", build->triggered_from->pipeline->slug);
	}
}

void payload_build(struct put in, const char *base, const struct build *build, unsigned form, int64_t now)
{
	put_text(in, "id", build->uuid);
	put_graphql_id(in, "Build", build->uuid);
	put_urls(in, base, build);
	put_state(in, build, now);
	put_origin(in, build);
	if (!(form & FORM_WITHOUT_JOBS)) {
		put_jobs(in, base, build, form, now);
	}
	if (form & FORM_SINGLE) {
		put_job_state_counts(in, build, now);
	}
	put_times(in, build);
	put_object(in, "meta_data");
	put_pull_request(in, build);
	put_null(in, "merge_queue");
	put_relations(in, base, build);
	if (!(form & FORM_WITHOUT_PIPELINE)) {
		payload_pipeline_of_build(put_object(in, "pipeline"), base, build->pipeline, form);
	}
}
