/* What CircleCI keeps of a job beside the job: its test results, and its artifacts, which lie on another
 * host. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/api.h"
#include "tests/sim/artifacts.h"
#include "tests/sim/circleci.h"
#include "tests/sim/circleci_list.h"

#include <stdlib.h>
#include <string.h>

/* Small, so that every list of a test has several pages. */
enum { RESULTS_PAGE = 10, TESTS_MOST = 35 };

static struct rng stream_of(const struct job *job, uint64_t what)
{
	return rng_stream(strtoull(job->uuid, NULL, 16), strtoull(job->uuid + 24, NULL, 16), what);
}

int cc_test_count(const struct world *world, const struct cc_pipeline *pipeline, int j)
{
	const struct job *job = &pipeline->build->jobs[j];
	struct rng rng = stream_of(job, 1);

	if (job->step->type != JOB_SCRIPT || job->started > pipeline->now || job->done > pipeline->now ||
	    !rng_chance(&rng, world->options.tests)) {
		return 0;
	}
	return (int)rng_between(&rng, 1, TESTS_MOST);
}

const char *cc_test_result(const struct cc_pipeline *pipeline, int j, int index)
{
	static const char *const words[] = {"success", "success", "success", "success", "success",
					    "success", "skipped", "failure", "error"};
	struct rng rng = stream_of(&pipeline->build->jobs[j], 2 + (uint64_t)index);

	return words[rng_below(&rng, sizeof words / sizeof *words)];
}

static void put_test(struct put in, const struct cc_pipeline *pipeline, int j, int index)
{
	const char *result = cc_test_result(pipeline, j, index);

	put_text(in, "message", strcmp(result, "failure") == 0 ? "expected 4, got 5" : "");
	put_text(in, "source", "unknown");
	put_real(in, "run_time", 0.25 * index);
	put_format(in, "file", "test/case_%d.rb", index);
	put_text(in, "result", result);
	put_format(in, "name", "case %d", index);
	put_text(in, "classname", "Cases");
}

void circleci_tests(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct cc_pipeline *pipeline;
	struct cc_list list;
	int64_t from = 0;
	int j = cc_job_of_call(sim, call, &pipeline, reply), count;

	if (j < 0) {
		return;
	}
	count = cc_test_count(&sim->world, pipeline, j);
	if (cc_list_begin(&list, call, &from, reply)) {
		for (int64_t i = from; i < count && i < from + RESULTS_PAGE; i++) {
			put_test(cc_list_add(&list), pipeline, j, (int)i);
		}
		cc_list_end(&list, from + RESULTS_PAGE, count, reply);
	}
	cc_free(&pipeline);
}

/* The address of the file: on another host, which wants no token, unless `redirect` says otherwise. */
static void put_artifact(struct put in, const struct sim *sim, const struct artifact *artifact)
{
	bool here = strcmp(artifact->redirect, "here") == 0 || !*sim->outside;

	put_text(in, "path", artifact->path);
	put_int(in, "node_index", 0);
	if (strchr(artifact->redirect, ':')) {
		put_text(in, "url", artifact->redirect);
	} else {
		put_format(in, "url", "%.*s/output/job/%s/artifacts/0/%s",
			   here ? (int)(strlen(sim->base) - 3) : (int)strlen(sim->outside),
			   here ? sim->base : sim->outside, artifact->job_uuid, artifact->path);
	}
}

void circleci_artifacts(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct cc_pipeline *pipeline;
	struct cc_list list;
	int64_t from = 0, nth = 0;
	int j = cc_job_of_call(sim, call, &pipeline, reply);

	if (j < 0) {
		return;
	}
	if (cc_list_begin(&list, call, &from, reply)) {
		for (const struct artifact *at = pipeline->build->artifacts; at; at = at->next) {
			if (strcmp(at->job_uuid, pipeline->build->jobs[j].uuid) != 0 ||
			    strcmp(at->state, "finished") != 0) {
				continue;
			}
			if (nth >= from && nth < from + RESULTS_PAGE) {
				put_artifact(cc_list_add(&list), sim, at);
			}
			nth++;
		}
		cc_list_end(&list, from + RESULTS_PAGE, nth, reply);
	}
	cc_free(&pipeline);
}

static const struct artifact *find(const struct world *world, const char *job, const char *path)
{
	for (size_t i = 0; i < world->builds.count; i++) {
		for (const struct artifact *at = world->builds.items[i]->artifacts; at; at = at->next) {
			if (strcmp(at->job_uuid, job) == 0 && strcmp(at->path, path) == 0) {
				return at;
			}
		}
	}
	return NULL;
}

/* The file itself. */
void circleci_output(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	const struct artifact *artifact = find(&sim->world, call->args[0], call->args[2]);

	if (!artifact) {
		reply_message(reply, 404, "Not found");
	} else if (strcmp(artifact->redirect, "private") == 0 && !call->request->circle_token) {
		reply_message(reply, 403, "You must log in first.");
	} else if (strcmp(artifact->redirect, "loop") == 0) {
		reply_message(reply, 302, "Found");
		reply_header(reply, "Location", "%s%s", sim->outside, call->request->path);
	} else {
		artifact_serve(artifact, reply);
	}
}
