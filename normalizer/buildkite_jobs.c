/* SPDX-License-Identifier: MIT */
#include "normalizer/buildkite_jobs.h"

#include "normalizer/buildkite_words.h"

static struct text first_line(struct text text)
{
	const char *end = text.at ? memchr(text.at, '\n', text.size) : NULL;

	return end ? (struct text){text.at, (size_t)(end - text.at)} : text;
}

static bool contains(struct text text, struct text part)
{
	return text.size && memmem(text.at, text.size, part.at, part.size);
}

/* "Test" and linux to "Test (linux)", "Test (linux)" and 3.2 to "Test (linux, 3.2)". */
static struct text add_value(const struct json *job, struct text name, struct text value, bool first)
{
	struct arena *arena = job->doc->arena;

	if (!name.at) {
		return value;
	}
	if (!first) {
		name.size--;
	}
	name = arena_join(arena, name, text_of(first ? " (" : ", "), value);
	name = name.at ? arena_join(arena, name, TEXT(")"), (struct text){0}) : name;
	if (!name.at) {
		json_full(job);
	}
	return name;
}

/* The jobs of a matrix share a name unless it is written with {{matrix}}: the values that it lacks are added.
 */
static struct text name_with_matrix(struct json *job, struct text name)
{
	yyjson_val *matrix = json_member(job, "matrix"), *key;
	yyjson_obj_iter members;
	bool first = true;

	if (!yyjson_obj_iter_init(matrix, &members)) {
		struct text text = json_scalar(job, matrix);
		return text.size && !contains(name, text) ? add_value(job, name, text, true) : name;
	}
	while ((key = yyjson_obj_iter_next(&members))) {
		struct text text = json_scalar(job, yyjson_obj_iter_get_val(key));
		if (text.size && !contains(name, text)) {
			bool unnamed = !name.at;
			name = add_value(job, name, text, first);
			first = unnamed;
		}
	}
	return name;
}

static struct text job_name(struct json *job)
{
	static const char *const keys[] = {"name", "label", "step_key"};
	struct text name = {0};

	for (size_t i = 0; i < 3 && !name.at; i++) {
		name = json_text(job, keys[i]);
	}
	if (!name.at) {
		name = first_line(json_text(job, "command"));
	}
	return name;
}

/* The value of "queue=…" among agent tags or query rules. */
static struct text queue_of(yyjson_val *tags)
{
	static const char start[] = "queue=";
	yyjson_arr_iter iter;
	yyjson_val *tag;

	if (!yyjson_arr_iter_init(tags, &iter)) {
		return (struct text){0};
	}
	while ((tag = yyjson_arr_iter_next(&iter))) {
		size_t skip = sizeof start - 1;
		if (yyjson_get_len(tag) > skip && yyjson_is_str(tag) &&
		    memcmp(yyjson_get_str(tag), start, skip) == 0) {
			return (struct text){yyjson_get_str(tag) + skip, yyjson_get_len(tag) - skip};
		}
	}
	return (struct text){0};
}

/* Of rules, [{"exit_status": 1}, {"exit_status": "*"}] as a step has them, the one that allows this exit. */
static bool allows(yyjson_val *rules, int64_t exit_status)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(rules);
	yyjson_val *rule, *allowed;

	while ((rule = yyjson_arr_iter_next(&iter))) {
		allowed = yyjson_obj_get(rule, "exit_status");
		if (yyjson_equals_str(allowed, "*") ||
		    (yyjson_is_int(allowed) && yyjson_get_sint(allowed) == exit_status)) {
			return true;
		}
	}
	return false;
}

/* In the order of the answer: json_member is quick only then. */
static void read_exit(struct json *from, struct job *job)
{
	yyjson_val *soft = json_member(from, "soft_failed");

	job->exit_status = json_int(from, "exit_status");
	if (yyjson_is_arr(soft)) {
		job->soft_failed = text_is(job->provider_state, "failed") && allows(soft, job->exit_status);
	} else if (soft && !yyjson_is_bool(soft)) {
		json_fail(from, "soft_failed", "neither true nor false");
	} else {
		job->soft_failed = yyjson_is_true(soft);
	}
}

static void read_identity(struct json *from, struct job *job, struct normal_notes *notes)
{
	struct text type;

	job->id = json_text(from, "id");
	type = json_text(from, "type");
	job->kind = word_find(buildkite_job_types, type);
	notes->unknown_words += type.at && !job->kind;
	job->name = job_name(from);
	job->group = json_text(from, "group_key");
	if (!job->group.at) {
		job->group = json_text(from, "group_label");
	}
	job->runner.queue = queue_of(json_member(from, "agent_query_rules"));
	job->provider_state = json_text(from, "state");
	job->url = json_text(from, "web_url");
	read_exit(from, job);
}

/* What the agent says wins over what the step asked for. */
static void read_runner(struct json *from, struct job *job)
{
	struct json agent = json_object(from, "agent");
	struct text queue;

	job->runner.name = json_text(&agent, "name");
	if (!job->runner.name.at) {
		job->runner.name = json_text(&agent, "hostname");
	}
	queue = queue_of(json_member(&agent, "meta_data"));
	if (queue.at) {
		job->runner.queue = queue;
	}
}

static void read_times(struct json *from, struct buildkite_job *item)
{
	struct job *job = item->job;
	int64_t scheduled_at;

	item->created_at = json_time(from, "created_at");
	scheduled_at = json_time(from, "scheduled_at");
	item->runnable_at = job->queued_at = json_time(from, "runnable_at");
	job->started_at = json_time(from, "started_at");
	job->finished_at = json_time(from, "finished_at");
	/* A job that was added later inherits its build's scheduled_at, from before it was there. */
	if (job->queued_at == INT_NULL && scheduled_at != INT_NULL && scheduled_at >= item->created_at) {
		job->queued_at = scheduled_at;
	}
	job->queue_ms = span_ms(job->queued_at, job->started_at);
	job->duration_ms = span_ms(job->started_at, job->finished_at);
}

static void read_retry(struct json *from, struct buildkite_job *item)
{
	struct json source;

	item->job->superseded = json_bool(from, "retried");
	item->retried_in = json_text(from, "retried_in_job_id");
	item->retries = json_int(from, "retries_count");
	source = json_object(from, "retry_source");
	item->retry_of = json_text(&source, "job_id");
	item->is_retry_by_rule = text_is(json_text(&source, "retry_type"), "automatic");
	item->retried_by_rule = text_is(json_text(from, "retry_type"), "automatic");
	item->job->superseded |= item->retried_in.at != NULL;
}

/* `finished` says nothing about how. A step that runs nothing was passed, whatever it says of that. */
static bool finished_badly(struct json *from, const struct job *job)
{
	yyjson_val *passed = json_member(from, "passed");

	if (job->kind == KIND_APPROVAL || job->kind == KIND_WAIT) {
		return false;
	}
	return passed ? !yyjson_is_true(passed) : job->exit_status != 0 && job->exit_status != INT_NULL;
}

/* `failed` doesn't say who ended it: -1 is an agent that was lost. */
static int refine_result(struct json *from, const struct job *job, int result, struct normal_notes *notes)
{
	struct text reason = json_text(from, "signal_reason");
	int by_signal = word_find(buildkite_signals, reason);

	notes->unknown_words += reason.at && !by_signal;
	if (text_is(job->provider_state, "finished")) {
		result = finished_badly(from, job) ? RESULT_FAILURE : RESULT_SUCCESS;
	}
	if (result != RESULT_FAILURE) {
		return result;
	}
	return by_signal ? by_signal : job->exit_status == -1 ? RESULT_ERROR : result;
}

static void read_state(struct json *from, struct job *job, struct normal_notes *notes)
{
	const struct state_word *word = state_word_find(buildkite_job_states, job->provider_state);

	if (word) {
		job->state = word->state;
		job->result = refine_result(from, job, word->result, notes);
		return;
	}
	notes->unknown_words += job->provider_state.at != NULL;
	/* Waiters may come without state and times: nothing is known then. */
	if (job->provider_state.at || job->started_at != INT_NULL || job->finished_at != INT_NULL) {
		job->state = state_of_times(job->started_at, job->finished_at);
		job->result = job->state == STATE_FINISHED ? RESULT_ERROR : RESULT_NULL;
	}
}

static void read_job(struct json *from, struct buildkite_job *item, struct normal_notes *notes)
{
	struct job *job = item->job;

	job_init(job);
	item->next = item->previous = JOB_NONE;
	read_identity(from, job, notes);
	read_runner(from, job);
	read_times(from, item);
	read_retry(from, item);
	job->parallel.index = json_int(from, "parallel_group_index");
	job->parallel.total = json_int(from, "parallel_group_total");
	job->name = name_with_matrix(from, job->name);
	read_state(from, job, notes);
}

void buildkite_jobs_read(struct json *build, struct buildkite_jobs *out, struct normal_notes *notes)
{
	struct json array = json_array(build, "jobs"), item;
	size_t count = array.value ? yyjson_arr_size(array.value) : 0;

	*out = (struct buildkite_jobs){0};
	if (count == 0) {
		return;
	}
	out->jobs = arena_alloc(build->doc->arena, count * sizeof *out->jobs);
	out->items = arena_alloc(build->doc->arena, count * sizeof *out->items);
	if (!out->jobs || !out->items) {
		json_full(&array);
		return;
	}
	while (json_next(&array, &item)) {
		out->items[out->count].job = &out->jobs[out->count];
		read_job(&item, &out->items[out->count++], notes);
	}
}
