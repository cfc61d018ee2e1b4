/* The controls under /_sim/ that change the world. Specified in README.md of this folder. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/act.h"
#include "tests/sim/api.h"
#include "tests/sim/artifacts.h"
#include "tests/sim/body.h"
#include "tests/sim/generate.h"
#include "tests/sim/when.h"

#include <stdlib.h>
#include <string.h>

#define ROW(type, key, body_type)                                                                            \
	{                                                                                                    \
#key, body_type, offsetof(struct type, key)                                                  \
	}
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static bool read_body(const struct sim_call *call, const struct body_row *rows, size_t count, void *target,
		      yyjson_doc **doc, struct sim_reply *reply)
{
	struct err err;

	if (body_read(call->request->body, call->request->body_size, rows, count, target, doc, &err)) {
		reply_message(reply, 400, "%s", err.text);
		return false;
	}
	return true;
}

static void reply_clock(struct sim *sim, struct sim_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);

	yyjson_mut_doc_set_root(doc, in.object);
	put_int(in, "now_ms", sim->world.now);
	put_time(in, "now", sim->world.now);
	put_int(in, "builds", (int64_t)sim->world.builds.count);
	reply_doc(reply, 200, doc);
}

void control_clock(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	(void)call;
	reply_clock(sim, reply);
}

void control_advance(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct advance {
		int64_t ms, to;
	} in = {0};
	static const struct body_row rows[] = {ROW(advance, ms, BODY_INT), ROW(advance, to, BODY_TIME)};
	yyjson_doc *doc;

	if (!read_body(call, rows, COUNT(rows), &in, &doc, reply)) {
		/* answered */
	} else if (sim->options.clock == CLOCK_REAL) {
		reply_message(reply, 409, "The clock is real: start with --clock manual to drive it");
	} else if (in.ms < 0 || in.ms > 100 * 365 * DAY_MS || (in.to && in.to < sim->world.now)) {
		reply_message(reply, 400, "Time goes forward only, a century at most");
	} else {
		world_advance(&sim->world, in.to ? in.to : sim->world.now + in.ms);
		reply_clock(sim, reply);
	}
	yyjson_doc_free(doc);
}

/* "acme/web", or "web" in the first organisation. */
static struct pipeline *named_pipeline(struct sim *sim, const char *name, struct sim_reply *reply)
{
	char slug[128] = "";
	const char *slash = name ? strchr(name, '/') : NULL;
	struct organization *organization = &sim->world.organizations[0];
	struct pipeline *pipeline = NULL;

	if (slash && (size_t)(slash - name) < sizeof slash) {
		memcpy(slug, name, (size_t)(slash - name));
		organization = world_organization(&sim->world, slug);
		name = slash + 1;
	}
	if (organization && name) {
		pipeline = world_pipeline(&sim->world, organization, name);
	}
	if (!pipeline) {
		reply_message(reply, 404, "No pipeline '%.100s'", name ? name : "(pipeline is missing)");
	}
	return pipeline;
}

static void reply_build(struct sim *sim, struct build *build, int status, struct sim_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);
	yyjson_mut_val *jobs;

	build_look(build, sim->world.now);
	yyjson_mut_doc_set_root(doc, in.object);
	put_text(in, "id", build->uuid);
	put_text(in, "organization", build->pipeline->organization->slug);
	put_text(in, "pipeline", build->pipeline->slug);
	put_int(in, "number", build->number);
	put_text(in, "state", build_state_word(build->view.state));
	put_bool(in, "blocked", build->view.blocked);
	put_int(in, "created_at", build->created);
	jobs = yyjson_mut_obj_add_arr(doc, in.object, "jobs");
	for (int i = 0; i < build->job_count; i++) {
		yyjson_mut_arr_add_str(doc, jobs, build->jobs[i].uuid);
	}
	reply_doc(reply, status, doc);
}

struct build_body {
	const char *pipeline, *result, *branch, *message, *commit, *tag, *source, *blocked_state;
	int64_t created_at, created_ago_ms, queue_ms, duration_ms, jobs, workflows, pull_request, rebuild_of;
	bool block, random, setup;
};

static bool scenario_of(struct sim *sim, const struct build_body *in, struct pipeline *pipeline,
			struct scenario *scenario, struct sim_reply *reply)
{
	const char *blocked = in->blocked_state ? in->blocked_state : "passed";

	*scenario = (struct scenario){.created = in->created_at,
				      .jobs = (int)in->jobs,
				      .workflows = (int)in->workflows,
				      .block = in->block,
				      .random = in->random,
				      .setup = in->setup,
				      .queue_ms = in->queue_ms,
				      .duration_ms = in->duration_ms,
				      .result = in->result,
				      .branch = in->branch,
				      .message = in->message,
				      .commit = in->commit,
				      .tag = in->tag,
				      .source = in->source,
				      .pull_request = in->pull_request};
	scenario->created = in->created_ago_ms ? sim->world.now - in->created_ago_ms : scenario->created;
	scenario->blocked_state = strcmp(blocked, "failed") == 0    ? BUILD_FAILED
				  : strcmp(blocked, "running") == 0 ? BUILD_RUNNING
								    : BUILD_PASSED;
	if (in->jobs < 1 || in->jobs > 1000 || in->workflows < 0 || in->workflows > 50 ||
	    scenario->created > sim->world.now) {
		reply_message(reply, 400, "A build has 1 to 1000 jobs and is not created in the future");
		return false;
	}
	if (in->rebuild_of) {
		scenario->rebuilt_from = pipeline_build(pipeline, in->rebuild_of);
	}
	return true;
}

void control_build(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	static const struct body_row rows[] = {
		ROW(build_body, pipeline, BODY_TEXT),   ROW(build_body, result, BODY_TEXT),
		ROW(build_body, branch, BODY_TEXT),     ROW(build_body, message, BODY_TEXT),
		ROW(build_body, commit, BODY_TEXT),     ROW(build_body, tag, BODY_TEXT),
		ROW(build_body, source, BODY_TEXT),     ROW(build_body, blocked_state, BODY_TEXT),
		ROW(build_body, created_at, BODY_TIME), ROW(build_body, created_ago_ms, BODY_INT),
		ROW(build_body, queue_ms, BODY_MS),     ROW(build_body, duration_ms, BODY_MS),
		ROW(build_body, jobs, BODY_INT),        ROW(build_body, pull_request, BODY_INT),
		ROW(build_body, rebuild_of, BODY_INT),  ROW(build_body, block, BODY_BOOL),
		ROW(build_body, random, BODY_BOOL),     ROW(build_body, setup, BODY_BOOL),
		ROW(build_body, workflows, BODY_INT),
	};
	struct build_body in = {.jobs = 1, .duration_ms = MINUTE_MS};
	struct pipeline *pipeline;
	struct scenario scenario;
	struct build *build;
	yyjson_doc *doc;
	struct err err;

	if (read_body(call, rows, COUNT(rows), &in, &doc, reply) &&
	    (pipeline = named_pipeline(sim, in.pipeline, reply)) &&
	    scenario_of(sim, &in, pipeline, &scenario, reply)) {
		if (act_new_build(&sim->world, pipeline, &scenario, &build, &err)) {
			reply_message(reply, 400, "%s", err.text);
		} else {
			reply_build(sim, build, 201, reply);
		}
	}
	yyjson_doc_free(doc);
}

struct act_body {
	const char *pipeline, *action, *job, *result, *reason;
	int64_t number, queue_ms, duration_ms, grace_ms, exit_status, after_pages, count, age_ms;
};

static void add_ambush(struct sim *sim, struct pipeline *pipeline, const struct act_body *in,
		       struct sim_reply *reply)
{
	for (int i = 0; i < SIM_AMBUSHES_MAX; i++) {
		if (!sim->ambushes[i].pipeline) {
			sim->ambushes[i] =
				(struct sim_ambush){pipeline, in->after_pages, in->count, in->age_ms};
			reply_clock(sim, reply);
			return;
		}
	}
	reply_message(reply, 409, "appear: %d wait already", SIM_AMBUSHES_MAX);
}

static void spring(struct sim *sim, struct sim_ambush *ambush)
{
	const struct scenario scenario = {.created = sim->world.now - ambush->age_ms,
					  .jobs = 1,
					  .duration_ms = MINUTE_MS,
					  .blocked_state = BUILD_PASSED};
	struct build *build;

	for (int64_t i = 0; i < ambush->count; i++) {
		if (act_new_build(&sim->world, ambush->pipeline, &scenario, &build, NULL)) {
			break;
		}
	}
	ambush->pipeline = NULL;
}

void sim_spring_ambushes(struct sim *sim, const struct pipeline *pipeline)
{
	for (int i = 0; i < SIM_AMBUSHES_MAX; i++) {
		struct sim_ambush *ambush = &sim->ambushes[i];

		if (ambush->pipeline && (!pipeline || ambush->pipeline == pipeline) &&
		    --ambush->after_pages <= 0) {
			spring(sim, ambush);
		}
	}
}

static void act_on(struct sim *sim, struct pipeline *pipeline, const struct act_body *in,
		   struct sim_reply *reply)
{
	struct build *build = pipeline_build(pipeline, in->number);
	const struct act act = {.action = in->action,
				.job = in->job,
				.result = in->result,
				.queue_ms = in->queue_ms,
				.duration_ms = in->duration_ms,
				.grace_ms = in->grace_ms,
				.exit_status = (int)in->exit_status,
				.reason = pool_copy(&sim->world.pool, in->reason)};
	struct err err;

	if (!build) {
		reply_message(reply, 404, "No build found");
	} else if (act_on_build(&sim->world, build, &act, &err)) {
		reply_message(reply, 409, "%s", err.text);
	} else {
		reply_build(sim, build, 200, reply);
	}
}

void control_act(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	static const struct body_row rows[] = {
		ROW(act_body, pipeline, BODY_TEXT),   ROW(act_body, action, BODY_TEXT),
		ROW(act_body, job, BODY_TEXT),        ROW(act_body, result, BODY_TEXT),
		ROW(act_body, reason, BODY_TEXT),     ROW(act_body, number, BODY_INT),
		ROW(act_body, queue_ms, BODY_MS),     ROW(act_body, duration_ms, BODY_MS),
		ROW(act_body, grace_ms, BODY_MS),     ROW(act_body, exit_status, BODY_INT),
		ROW(act_body, after_pages, BODY_INT), ROW(act_body, count, BODY_INT),
		ROW(act_body, age_ms, BODY_INT),
	};
	struct act_body in = {.duration_ms = MINUTE_MS, .after_pages = 1, .count = 1};
	struct pipeline *pipeline;
	yyjson_doc *doc;

	if (!read_body(call, rows, COUNT(rows), &in, &doc, reply)) {
		/* answered */
	} else if (!in.action) {
		reply_message(reply, 400, "'action' is missing");
	} else if ((pipeline = named_pipeline(sim, in.pipeline, reply))) {
		if (strcmp(in.action, "appear") == 0) {
			add_ambush(sim, pipeline, &in, reply);
		} else {
			act_on(sim, pipeline, &in, reply);
		}
	}
	yyjson_doc_free(doc);
}

struct artifact_body {
	const char *pipeline, *path, *mime_type, *state, *body, *redirect;
	int64_t number, size_bytes, job, count;
};

static void add_artifacts(struct sim *sim, struct build *build, const struct artifact_body *in,
			  struct sim_reply *reply)
{
	const struct artifact values = {.path = in->path,
					.mime_type = in->mime_type,
					.state = in->state,
					.body = in->body,
					.redirect = in->redirect,
					.size_bytes = in->size_bytes};

	if (!in->path || in->job < 0 || in->job >= build->job_count || in->count > 10000) {
		reply_message(reply, 400, in->path ? "No such job, or too many" : "'path' is missing");
		return;
	}
	for (int64_t i = 0; i < in->count; i++) {
		artifact_add(&sim->world, build, (int)in->job, &values);
	}
	reply_build(sim, build, 201, reply);
}

void control_artifact(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	static const struct body_row rows[] = {
		ROW(artifact_body, pipeline, BODY_TEXT),  ROW(artifact_body, path, BODY_TEXT),
		ROW(artifact_body, mime_type, BODY_TEXT), ROW(artifact_body, number, BODY_INT),
		ROW(artifact_body, size_bytes, BODY_INT), ROW(artifact_body, state, BODY_TEXT),
		ROW(artifact_body, body, BODY_TEXT),      ROW(artifact_body, redirect, BODY_TEXT),
		ROW(artifact_body, job, BODY_INT),        ROW(artifact_body, count, BODY_INT),
	};
	struct artifact_body in = {.mime_type = "application/octet-stream",
				   .size_bytes = 1,
				   .state = "finished",
				   .redirect = "outside",
				   .count = 1};
	struct pipeline *pipeline;
	yyjson_doc *doc;

	if (!read_body(call, rows, COUNT(rows), &in, &doc, reply)) {
		/* answered */
	} else if ((pipeline = named_pipeline(sim, in.pipeline, reply))) {
		struct build *build = pipeline_build(pipeline, in.number);

		if (build) {
			add_artifacts(sim, build, &in, reply);
		} else {
			reply_message(reply, 404, "No build found");
		}
	}
	yyjson_doc_free(doc);
}
