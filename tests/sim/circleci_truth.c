/* The oracle of the same world as CircleCI shows it: written without the project's normalizer, with tables of
 * words of its own. README.md of this folder has the keys. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/artifacts.h"
#include "tests/sim/circleci.h"
#include "tests/sim/query.h"
#include "tests/sim/when.h"

#include <string.h>

static const char *result_of(const char *status)
{
	static const char *const words[][2] = {
		{"success", "success"},  {"failed", "failure"},
		{"timedout", "timeout"}, {"infrastructure_fail", "error"},
		{"retried", "error"},    {"canceled", "cancellation"},
		{"not_run", "skip"},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(status, words[i][0]) == 0) {
			return words[i][1];
		}
	}
	return NULL;
}

static int64_t second(int64_t ms)
{
	return ms - ms % SECOND_MS;
}

/* What shows of it as a whole, or of its workflows of one name. */
struct whole {
	const char *name; /* NULL: all */
	const struct cc_workflow *deciding;
	const char *state;
	int attempt;
	int64_t started, finished; /* 0: null */
	bool over;
};

static int attempt_of(const struct cc_pipeline *pipeline, int index)
{
	int attempt = 0;

	for (int i = 0; i <= index; i++) {
		attempt += strcmp(pipeline->workflows[i].name, pipeline->workflows[index].name) == 0;
	}
	return attempt;
}

static bool is_newest(const struct cc_pipeline *pipeline, int index)
{
	for (int i = index + 1; i < pipeline->count; i++) {
		if (strcmp(pipeline->workflows[i].name, pipeline->workflows[index].name) == 0) {
			return false;
		}
	}
	return true;
}

/* What decides comes first. */
static int urgency(const char *status)
{
	static const char *const order[] = {"", "failed", "canceled", "success"};

	if (strcmp(status, "failing") == 0 || strcmp(status, "running") == 0) {
		return 0;
	}
	if (strcmp(status, "on_hold") == 0) {
		return 1;
	}
	for (int i = 1; i < 4; i++) {
		if (strcmp(order[i], status) == 0) {
			return i + 1;
		}
	}
	return 9;
}

static int64_t first_start(const struct cc_pipeline *pipeline, const struct cc_workflow *workflow)
{
	int64_t first = 0;

	for (int i = workflow->carried; i < workflow->count; i++) {
		const struct job *job = &pipeline->build->jobs[workflow->jobs[i]];

		if (!cc_is_approval(pipeline->build, workflow->jobs[i]) && job->started <= pipeline->now &&
		    (!first || job->started < first)) {
			first = job->started;
		}
	}
	return first;
}

static bool is_in(const struct whole *whole, const struct cc_workflow *workflow)
{
	return !whole->name || strcmp(whole->name, workflow->name) == 0;
}

static void add_workflow(const struct cc_pipeline *pipeline, int index, struct whole *whole)
{
	const struct cc_workflow *workflow = &pipeline->workflows[index];
	int64_t first = first_start(pipeline, workflow);

	if (!is_newest(pipeline, index) || !is_in(whole, workflow)) {
		return;
	}
	if (!whole->deciding || urgency(workflow->status) < urgency(whole->deciding->status)) {
		whole->deciding = workflow;
	}
	whole->over &= cc_is_over(workflow->status);
	if (second(workflow->stopped) > whole->finished) {
		whole->finished = second(workflow->stopped);
	}
	if (attempt_of(pipeline, index) == whole->attempt && first &&
	    (!whole->started || first < whole->started)) {
		whole->started = first;
	}
}

static const char *state_of(const struct cc_pipeline *pipeline, const struct whole *whole)
{
	if (pipeline->error || whole->over) {
		return "finished";
	}
	if (!whole->deciding) {
		return "queued";
	}
	return urgency(whole->deciding->status) == 1 ? "blocked" : "running";
}

static struct whole look(const struct cc_pipeline *pipeline, const char *name)
{
	struct whole whole = {.name = name, .attempt = 1, .over = pipeline->count > 0};

	for (int i = 0; i < pipeline->count; i++) {
		int attempt = attempt_of(pipeline, i);

		if (is_in(&whole, &pipeline->workflows[i]) && attempt > whole.attempt) {
			whole.attempt = attempt;
		}
	}
	for (int i = 0; i < pipeline->count; i++) {
		add_workflow(pipeline, i, &whole);
	}
	whole.over &= name || !pipeline->coming;
	whole.state = state_of(pipeline, &whole);
	whole.finished = pipeline->error ? pipeline->build->created : whole.over ? whole.finished : 0;
	return whole;
}

static void put_identity(struct put in, const struct build *build, const struct cc_workflow *workflow)
{
	char organization[CC_SLUG], project[CC_SLUG];
	struct text part = {0};

	if (workflow) {
		percent_encode(&part, workflow->name);
		text_add(&part, "/", 1);
	}
	cc_organization_slug(build->pipeline->organization, organization);
	cc_project_name(build->pipeline, project);
	put_format(in, "id", "circleci/%s/%s/%.*s%lld", organization, project, (int)part.size,
		   part.size ? part.data : "", (long long)build->number);
	text_fini(&part);
	put_text(in, "uid", build->uuid);
	put_text(in, "provider", "circleci");
	put_format(in, "organization", "%s", organization);
	put_format(in, "pipeline", "%s", project);
	put_text(in, "workflow", workflow ? workflow->name : NULL);
	put_int(in, "number", build->number);
	put_int(in, "created_at", workflow ? second(workflow->created) : build->created);
}

/* 0: none is told. */
static int64_t review_of(const struct build *build)
{
	return cc_is_opaque(build->pipeline->organization) ? 0 : build->pull_request;
}

static const char *trigger_word(const struct build *build)
{
	static const char *const words[][2] = {
		{"webhook", "push"}, {"ui", "manual"}, {"schedule", "schedule"}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(build->source, words[i][0]) == 0) {
			return i == 0 && review_of(build) ? "pull_request" : words[i][1];
		}
	}
	return "api";
}

static void put_origin(struct put in, const struct build *build, const char *error)
{
	const char *message = error ? error : build->message;

	put_text(in, "branch", build->tag ? NULL : build->branch);
	put_text(in, "tag", build->tag);
	put_text(in, "commit", build->commit);
	put_text(in, "message", message && message[0] ? message : NULL);
	put_text(in, "trigger", trigger_word(build));
	put_known(in, "pull_request", review_of(build), review_of(build));
	put_format(in, "repository", "https://%s/%s/%s",
		   strcmp(build->pipeline->organization->vcs, "bb") == 0 ? "bitbucket.org" : "github.com",
		   build->pipeline->organization->slug, build->pipeline->slug);
}

/* Who has seen all of it over before it was run again knows more than who has not: nothing is said of that.
 */
static bool is_run_again(const struct cc_pipeline *pipeline, bool over)
{
	return !over && pipeline->count > 0 && pipeline->workflows[pipeline->count - 1].wave > 0;
}

static void put_state(struct put in, const struct cc_pipeline *pipeline, const struct whole *whole, bool over)
{
	bool finished = strcmp(whole->state, "finished") == 0;

	put_int(in, "attempt", whole->attempt);
	put_text(in, "state", whole->state);
	put_text(in, "result",
		 pipeline->error ? "error"
		 : finished      ? result_of(whole->deciding->status)
				 : NULL);
	put_text(in, "provider_state", whole->deciding ? whole->deciding->status : pipeline->state);
	put_known(in, "finished_at", whole->finished, whole->finished);
	if (is_run_again(pipeline, over)) {
		return;
	}
	put_known(in, "started_at", whole->started, whole->started);
	put_known(in, "duration_ms", whole->finished - whole->started, whole->finished && whole->started);
}

/* Details, with milliseconds and the queue, are there of what ran, once all is over. */
static void put_job_times(struct put in, const struct cc_pipeline *pipeline, int j, bool over)
{
	const struct job *job = &pipeline->build->jobs[j];
	bool runs = !cc_is_approval(pipeline->build, j);
	bool started = runs && job->started <= pipeline->now, done = job->done <= pipeline->now;
	bool exact = over && started;
	int64_t start = exact ? job->started : second(job->started);
	int64_t end = exact ? job->done : second(job->done);

	if (is_run_again(pipeline, over)) {
		return;
	}
	put_known(in, "queued_at", job->runnable, exact);
	put_known(in, "started_at", start, started);
	put_known(in, "finished_at", end, done);
	put_known(in, "queue_ms", job->started - job->runnable, exact);
	put_known(in, "duration_ms", end - start, started && done);
}

static struct put job_truth(yyjson_mut_doc *doc, const struct cc_pipeline *pipeline,
			    const struct cc_workflow *workflow, int j, bool over)
{
	const struct build *build = pipeline->build;
	const char *status = cc_job_status(pipeline, j);
	struct put in = put_new(doc);

	put_format(in, "id", "%s", build->jobs[j].uuid);
	cc_put_name(in, build, j);
	put_text(in, "kind", cc_is_approval(build, j) ? "approval" : "script");
	put_format(in, "group", "%s", workflow->name);
	put_int(in, "attempt", build->jobs[j].attempt);
	put_bool(in, "superseded", job_superseded(build, j, pipeline->now));
	put_text(in, "result", result_of(status));
	put_text(in, "provider_state", status);
	put_bool(in, "soft_failed", false);
	put_null(in, "exit_status");
	put_job_times(in, pipeline, j, over);
	return in;
}

/* Those of the newest runs; what was carried over stays where it ran. */
static void put_jobs(struct put in, const struct cc_pipeline *pipeline, const struct whole *whole, bool over)
{
	yyjson_mut_val *jobs = yyjson_mut_obj_add_arr(in.doc, in.object, "jobs");
	int count = 0;

	for (int i = 0; i < pipeline->count; i++) {
		const struct cc_workflow *workflow = &pipeline->workflows[i];

		for (int j = workflow->carried; is_in(whole, workflow) && j < workflow->count; j++, count++) {
			yyjson_mut_arr_append(
				jobs, job_truth(in.doc, pipeline, workflow, workflow->jobs[j], over).object);
		}
	}
	put_int(in, "job_count", count);
}

/* Sums over the jobs that have no later attempt, once all is over. */
struct sums {
	int64_t total, passed, failed, skipped;
	double coverage; /* negative: none */
};

static void add_results(const struct world *world, const struct cc_pipeline *pipeline, int j,
			struct sums *sums)
{
	for (int i = 0; i < cc_test_count(world, pipeline, j); i++) {
		const char *result = cc_test_result(pipeline, j, i);

		sums->total++;
		sums->passed += strcmp(result, "success") == 0;
		sums->failed += strcmp(result, "failure") == 0 || strcmp(result, "error") == 0;
		sums->skipped += strcmp(result, "skipped") == 0;
	}
}

static void put_sums(struct put in, const struct world *world, const struct cc_pipeline *pipeline,
		     const struct whole *whole)
{
	struct sums sums = {.coverage = whole->over ? artifact_coverage(pipeline->build, pipeline->now) : -1};

	for (int i = 0; whole->over && i < pipeline->count; i++) {
		const struct cc_workflow *workflow = &pipeline->workflows[i];

		for (int j = workflow->carried; is_in(whole, workflow) && j < workflow->count; j++) {
			if (!job_superseded(pipeline->build, workflow->jobs[j], pipeline->now)) {
				add_results(world, pipeline, workflow->jobs[j], &sums);
			}
		}
	}
	put_known(in, "tests_total", sums.total, sums.total);
	put_known(in, "tests_passed", sums.passed, sums.total);
	put_known(in, "tests_failed", sums.failed, sums.total);
	put_known(in, "tests_skipped", sums.skipped, sums.total);
	if (sums.coverage >= 0) {
		put_real(in, "coverage", sums.coverage);
	} else {
		put_null(in, "coverage");
	}
}

/* name: of the workflows that are meant; NULL: all. */
static void add_line(struct text *out, const struct world *world, const struct cc_pipeline *pipeline,
		     const struct cc_workflow *named)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);
	struct whole all = look(pipeline, NULL), whole = look(pipeline, named ? named->name : NULL);

	yyjson_mut_doc_set_root(doc, in.object);
	put_identity(in, pipeline->build, named);
	put_origin(in, pipeline->build, pipeline->error);
	whole.started = all.over ? whole.started : second(whole.started);
	if (whole.finished && whole.started - whole.finished > 0 &&
	    whole.started - whole.finished < SECOND_MS) {
		whole.finished = whole.started; /* cut to the second, it would be before the start */
	}
	put_state(in, pipeline, &whole, all.over);
	put_jobs(in, pipeline, &whole, all.over);
	put_sums(in, world, pipeline, &whole);
	payload_add_doc(out, doc);
	text_add(out, "\n", 1);
}

/* A line for each name; of a pipeline without workflows only where it will have none. */
static void add_each(struct text *out, const struct world *world, const struct cc_pipeline *pipeline)
{
	if (pipeline->error) {
		add_line(out, world, pipeline, NULL);
	}
	for (int i = 0; i < pipeline->count; i++) {
		if (attempt_of(pipeline, i) == 1) {
			add_line(out, world, pipeline, &pipeline->workflows[i]);
		}
	}
}

void cc_truth_add(struct text *out, struct world *world, const struct organization *organization,
		  const struct pipeline *pipeline, bool per_workflow)
{
	const struct build_list *list = pipeline       ? &pipeline->builds
					: organization ? &organization->builds
						       : &world->builds;

	for (size_t i = 0; i < list->count; i++) {
		struct cc_pipeline *one = cc_look(list->items[i], world->now);

		if (per_workflow) {
			add_each(out, world, one);
		} else {
			add_line(out, world, one, NULL);
		}
		cc_free(&one);
	}
}
