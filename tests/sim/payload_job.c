/* Jobs. Documented: rest_api/builds (script, trigger), rest_api/jobs "Unblock a job" (manual). */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/payload.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <string.h>

static int64_t past(int64_t at, int64_t now)
{
	return at <= now ? at : 0;
}

void payload_job_name(const struct job *job, char *out, size_t room)
{
	size_t used = 0;

	*out = '\0';
	for (const char *at = job->step->name ? job->step->name : ""; *at && used + 1 < room; at++) {
		const char *end = room > used ? out + room : out;
		char *to = out + used;

		if (strncmp(at, "{{matrix}}", 10) == 0) {
			used += (size_t)snprintf(to, (size_t)(end - to), "%s",
						 job->matrix ? job->matrix : "");
			at += 9;
		} else if (at[0] == '%' && (at[1] == 'n' || at[1] == 't')) {
			used += (size_t)snprintf(to, (size_t)(end - to), "%d",
						 at[1] == 'n' ? job->parallel_index + 1
							      : job->step->parallel);
			at++;
		} else {
			out[used++] = *at;
			out[used] = '\0';
		}
	}
}

static void put_name(struct put in, const struct job *job)
{
	char name[256];

	if (!job->step->name) {
		put_null(in, "name");
		return;
	}
	payload_job_name(job, name, sizeof name);
	put_format(in, "name", "%s", name);
}

/* FNV-1a: ids that follow from names. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; text && *text; text++) {
		h = (h ^ (unsigned char)*text) * 0x100000001b3u;
	}
	return h;
}

/* The id is the step's own: the same for each of its jobs in a build, another one in the next build. */
static void put_step(struct put in, const struct build *build, const struct job *job)
{
	struct put step = put_object(in, "step");

	put_format(step, "id", "018c0f56-%.4s-47e9-95ee-%012llx", build->uuid,
		   (unsigned long long)(hash(job->step->command) & 0xffffffffffffu));
	put_null(step, "signature");
}

static void put_agent_details(struct put in, const struct job *job, const char *id)
{
	put_graphql_id(in, "Agent", id);
	put_format(in, "web_url", "https://buildkite.com/organizations/agents/%s", id);
	put_text(in, "connection_state", "connected");
	put_format(in, "hostname", "ip-10-0-%d-%d.internal", job->stage, job->attempt);
	put_text(in, "ip_address", "192.0.2.17");
	put_text(in, "user_agent", "buildkite-agent/3.87.0 (linux; amd64)");
	put_null(in, "creator");
	put_text(in, "created_at", "2015-05-09T21:05:59.874Z");
}

static void put_agent(struct put in, const char *base, const struct build *build, const struct job *job,
		      unsigned form, int64_t now)
{
	char id[UUID_SIZE];
	struct put agent;

	if (!job->agent || job->started > now) {
		put_null(in, "agent");
		return;
	}
	snprintf(id, sizeof id, "0b461f65-e7be-4c80-888a-%012llx",
		 (unsigned long long)(hash(job->agent) & 0xffffffffffffu));
	agent = put_object(in, "agent");
	yyjson_mut_obj_add_strcpy(agent.doc, agent.object, "id", id);
	put_format(agent, "url", "%s/organizations/%s/agents/%s", base, build->pipeline->organization->slug,
		   id);
	put_text(agent, "name", job->agent);
	put_list_of_one(agent, "meta_data", "queue=%s", job->step->queue);
	if (form & FORM_SINGLE) {
		put_agent_details(agent, job, id);
	}
}

static void put_log_urls(struct put in, const char *base, const struct build *build, const struct job *job)
{
	const char *organization = build->pipeline->organization->slug;
	const char *pipeline = build->pipeline->slug;
	long long number = build->number;

	put_format(in, "web_url", "https://buildkite.com/%s/%s/builds/%lld#%s", organization, pipeline,
		   number, job->uuid);
	if (job->step->type != JOB_SCRIPT) {
		return;
	}
	put_format(in, "log_url", "%s/organizations/%s/pipelines/%s/builds/%lld/jobs/%s/log", base,
		   organization, pipeline, number, job->uuid);
	put_format(in, "raw_log_url", "%s/organizations/%s/pipelines/%s/builds/%lld/jobs/%s/log.txt", base,
		   organization, pipeline, number, job->uuid);
}

static void put_exit(struct put in, const struct job *job, int64_t now)
{
	bool ran = job->done <= now && job->started != NEVER;

	put_bool(in, "soft_failed", ran && job->soft_failed && job->ends == OUTCOME_FAILED);
	if (ran) {
		put_int(in, "exit_status",
			job->ends == OUTCOME_CANCELED || job->ends == OUTCOME_TIMED_OUT ? -1
			: job->ends == OUTCOME_FAILED                                   ? job->exit_status
											: 0);
	} else {
		put_null(in, "exit_status");
	}
	put_text(in, "signal",
		 !ran                                                         ? NULL
		 : job->ends == OUTCOME_CANCELED                              ? "SIGTERM"
		 : job->ends == OUTCOME_FAILED && job->exit_status == 128 + 9 ? "SIGKILL"
									      : NULL);
	put_text(in, "signal_reason",
		 !ran                            ? NULL
		 : job->ends == OUTCOME_CANCELED ? "cancel"
		 : job->ends == OUTCOME_FAILED   ? job->signal_reason
						 : NULL);
}

static void put_times(struct put in, const struct job *job, int64_t now)
{
	put_time(in, "created_at", job->created);
	put_time(in, "scheduled_at", job->created - job->stage); /* may precede created_at */
	put_time(in, "runnable_at", past(job->runnable, now));
	put_time(in, "started_at", past(job->started, now));
	put_time(in, "finished_at", past(job->finished, now));
	put_null(in, "expired_at");
}

static const char *retry_word(const struct build *build, const struct job *job)
{
	return build->jobs[job->next].retry == RETRY_MANUAL ? "manual" : "automatic";
}

/* retried and retry_type of the old attempt say what became of it; retries_count and retry_source of the new
 * one, where it comes from. */
static void put_retries(struct put in, const struct build *build, int j, int64_t now)
{
	const struct job *job = &build->jobs[j];
	bool superseded = job_superseded(build, j, now);

	put_bool(in, "retried", superseded);
	put_text(in, "retried_in_job_id", superseded ? build->jobs[job->next].uuid : NULL);
	if (job->attempt > 1) {
		struct put source;

		put_int(in, "retries_count", job->attempt - 1);
		source = put_object(in, "retry_source");
		put_text(source, "job_id", build->jobs[job->previous].uuid);
		put_text(source, "retry_type", job->retry == RETRY_MANUAL ? "manual" : "automatic");
	} else {
		put_null(in, "retries_count");
		put_null(in, "retry_source");
	}
	put_text(in, "retry_type", superseded ? retry_word(build, job) : NULL);
}

/* "linux/x86_64" is a value in each of two dimensions. */
static void put_matrix(struct put in, const struct job *job)
{
	const char *slash = job->matrix ? strchr(job->matrix, '/') : NULL;
	struct put matrix;

	if (!slash) {
		put_text(in, "matrix", job->matrix);
		return;
	}
	matrix = put_object(in, "matrix");
	put_format(matrix, "os", "%.*s", (int)(slash - job->matrix), job->matrix);
	put_text(matrix, "arch", slash + 1);
}

static void put_parallel(struct put in, const struct job *job)
{
	if (job->step->parallel && !job->matrix) {
		put_int(in, "parallel_group_index", job->parallel_index);
		put_int(in, "parallel_group_total", job->step->parallel);
	} else {
		put_null(in, "parallel_group_index");
		put_null(in, "parallel_group_total");
	}
	put_matrix(in, job);
	put_null(in, "cluster_id");
	put_null(in, "cluster_url");
	put_null(in, "cluster_queue_id");
	put_null(in, "cluster_queue_url");
}

static void put_script(struct put in, const char *base, const struct build *build, int j, unsigned form,
		       int64_t now)
{
	const struct job *job = &build->jobs[j];

	put_name(in, job);
	put_text(in, "step_key", job->step->key);
	put_text(in, "group_key", job->step->group);
	put_step(in, build, job);
	put_list_of_one(in, "agent_query_rules", "queue=%s", job->step->queue);
	put_text(in, "state", job_state_word(build, j, now));
	put_log_urls(in, base, build, job);
	put_text(in, "command", job->step->command);
	put_exit(in, job, now);
	put_text(in, "artifact_paths", "");
	put_agent(in, base, build, job, form, now);
	put_times(in, job, now);
	put_retries(in, build, j, now);
	put_parallel(in, job);
}

static void put_triggered(struct put in, const char *base, const struct build *build)
{
	struct put triggered = put_object(in, "triggered_build");
	const char *organization = build->pipeline->organization->slug;
	const char *pipeline = build->pipeline->slug;
	long long number = build->number;

	put_text(triggered, "id", build->uuid);
	put_int(triggered, "number", number);
	put_format(triggered, "url", "%s/organizations/%s/pipelines/%s/builds/%lld", base, organization,
		   pipeline, number);
	put_format(triggered, "web_url", "https://buildkite.com/%s/%s/builds/%lld", organization, pipeline,
		   number);
}

static void put_trigger(struct put in, const char *base, const struct build *build, int j, int64_t now)
{
	const struct job *job = &build->jobs[j];

	put_name(in, job);
	put_text(in, "step_key", job->step->key);
	put_text(in, "state", job_state_word(build, j, now));
	put_bool(in, "async", job->step->async);
	put_log_urls(in, base, build, job);
	put_times(in, job, now);
	if (job->triggered && job->started <= now) {
		put_triggered(in, base, job->triggered);
	} else {
		put_null(in, "triggered_build");
	}
}

static void put_manual(struct put in, const struct build *build, int j, int64_t now)
{
	const struct job *job = &build->jobs[j];
	bool unblocked = job->done <= now && job->ends == OUTCOME_PASSED;
	const char *state = job_state_word(build, j, now);

	put_text(in, "label", job->step->name);
	put_text(in, "step_key", job->step->key);
	put_text(in, "state", state);
	put_null(in, "web_url");
	if (unblocked && job->unblocked_by) {
		payload_person(put_object(in, "unblocked_by"), job->unblocked_by, true);
	} else {
		put_null(in, "unblocked_by");
	}
	put_time(in, "unblocked_at", unblocked ? job->done : 0);
	put_bool(in, "unblockable", strcmp(state, "blocked") == 0);
	put_format(in, "unblock_url", "https://buildkite.com/%s/%s/builds/%lld#%s",
		   build->pipeline->organization->slug, build->pipeline->slug, (long long)build->number,
		   job->uuid);
}

void payload_job(struct put in, const char *base, const struct build *build, int j, unsigned form,
		 int64_t now)
{
	static const char *const types[] = {"script", "waiter", "manual", "trigger"};
	const struct job *job = &build->jobs[j];

	put_text(in, "id", job->uuid);
	put_graphql_id(in, "Job", job->uuid);
	put_text(in, "type", types[job->step->type]);
	switch (job->step->type) {
	case JOB_SCRIPT:
		put_script(in, base, build, j, form, now);
		break;
	case JOB_TRIGGER:
		put_trigger(in, base, build, j, now);
		break;
	case JOB_MANUAL:
		put_manual(in, build, j, now);
		break;
	case JOB_WAITER:
		put_text(in, "state", job_state_word(build, j, now));
		put_null(in, "web_url");
		break;
	}
}
