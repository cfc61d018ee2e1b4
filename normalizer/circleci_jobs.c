/* The workflows of a pipeline and their jobs. A re-run is a new workflow of the same name. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/circleci.h"

#include <stdlib.h>

/* 1970-01-01 is CircleCI's "never". */
static int64_t time_at(struct json *from, const char *key)
{
	int64_t ms = json_time(from, key);

	return ms == 0 ? INT_NULL : ms;
}

static void read_state(struct job *job, struct normal_notes *notes)
{
	const struct state_word *word = state_word_find(circleci_job_states, job->provider_state);

	if (word) {
		job->state = word->state;
		job->result = word->result;
	} else {
		notes->unknown_words += job->provider_state.at != NULL;
		job->state = state_of_times(job->started_at, job->finished_at);
		job->result = job->state == STATE_FINISHED ? RESULT_ERROR : RESULT_NULL;
	}
}

/* They know times to the millisecond, lists to the second. */
static void read_details(struct json *from, struct job *job)
{
	struct json details = json_object(from, "details"), executor;
	int64_t started_at, finished_at, parallelism;

	if (!details.value) {
		return;
	}
	job->url = json_text(&details, "web_url");
	started_at = time_at(&details, "started_at");
	executor = json_object(&details, "executor");
	job->runner.class = json_text(&executor, "resource_class");
	parallelism = json_int(&details, "parallelism");
	job->parallel.total = parallelism > 1 ? parallelism : INT_NULL;
	job->queued_at = time_at(&details, "queued_at");
	finished_at = time_at(&details, "stopped_at");
	job->started_at = started_at != INT_NULL ? started_at : job->started_at;
	job->finished_at = finished_at != INT_NULL ? finished_at : job->finished_at;
}

static void read_job(struct json *from, const struct circleci_workflow *workflow, struct job *job,
		     struct normal_notes *notes)
{
	struct text type;

	job_init(job);
	job->group = workflow->name;
	job->id = json_text(from, "id");
	job->started_at = time_at(from, "started_at");
	job->name = json_text(from, "name");
	job->provider_state = json_text(from, "status");
	type = json_text(from, "type");
	job->kind = word_find(circleci_job_types, type);
	notes->unknown_words += type.at && !job->kind;
	job->finished_at = time_at(from, "stopped_at");
	if (job->kind == KIND_APPROVAL) {
		job->started_at = INT_NULL; /* nothing runs */
	}
	read_details(from, job);
	read_state(job, notes);
	job->queue_ms = span_ms(job->queued_at, job->started_at);
	job->duration_ms = span_ms(job->started_at, job->finished_at);
	job->superseded = text_is(job->provider_state, "retried");
}

static void read_jobs(struct json *from, struct circleci_workflow *workflow, struct normal_notes *notes)
{
	struct json array = json_array(from, "jobs"), item;
	size_t size = array.value ? yyjson_arr_size(array.value) : 0;

	workflow->jobs = size ? arena_alloc(from->doc->arena, size * sizeof *workflow->jobs) : NULL;
	if (size && !workflow->jobs) {
		json_full(from);
		return;
	}
	while (workflow->count < size && json_next(&array, &item)) {
		read_job(&item, workflow, &workflow->jobs[workflow->count++], notes);
	}
}

static void read_workflow(struct json *from, struct circleci_workflow *workflow, struct normal_notes *notes)
{
	const struct state_word *word;

	workflow->id = json_text(from, "id");
	workflow->name = json_text(from, "name");
	workflow->status = json_text(from, "status");
	workflow->created_at = time_at(from, "created_at");
	workflow->stopped_at = time_at(from, "stopped_at");
	word = state_word_find(circleci_workflow_states, workflow->status);
	if (word) {
		workflow->state = word->state;
		workflow->result = word->result;
	} else {
		notes->unknown_words += workflow->status.at != NULL;
		workflow->state = workflow->stopped_at != INT_NULL ? STATE_FINISHED : STATE_RUNNING;
		workflow->result = workflow->state == STATE_FINISHED ? RESULT_ERROR : RESULT_NULL;
	}
	if (workflow->state == STATE_FINISHED && workflow->stopped_at == INT_NULL) {
		workflow->stopped_at = workflow->created_at; /* it never began */
	}
	read_jobs(from, workflow, notes);
}

/* The list comes newest first; ids decide between two of one second, so that the order is always the same. */
static int by_age(const void *a, const void *b)
{
	const struct circleci_workflow *x = a, *y = b;
	size_t size = x->id.size < y->id.size ? x->id.size : y->id.size;

	if (x->created_at != y->created_at) {
		return x->created_at < y->created_at ? -1 : 1;
	}
	return size ? memcmp(x->id.at, y->id.at, size) : 0;
}

void circleci_workflows_read(struct json *root, struct circleci_workflows *out, struct normal_notes *notes)
{
	struct json array = json_array(root, "workflows"), item;
	size_t size = array.value ? yyjson_arr_size(array.value) : 0;

	*out = (struct circleci_workflows){0};
	out->items = size ? arena_alloc(root->doc->arena, size * sizeof *out->items) : NULL;
	if (size && !out->items) {
		json_full(root);
		return;
	}
	while (out->count < size && json_next(&array, &item)) {
		read_workflow(&item, &out->items[out->count++], notes);
	}
	if (root->doc->status == OK && out->count > 0) {
		qsort(out->items, out->count, sizeof *out->items, by_age);
		if (!circleci_number(root->doc->arena, out)) {
			json_full(root);
		}
	}
}
