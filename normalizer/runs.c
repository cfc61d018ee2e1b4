/* SPDX-License-Identifier: MIT */
#include "normalizer/runs.h"
#include "common/metrics.h"
#include "common/record.h"

#include <stdlib.h>

#define PIPELINES_MAX 200 /* further ones share a name: each series is kept for ever */
#define OTHER         "_OTHER"

enum { PENDING, EXECUTING, STATES };
static const char *const state_names[STATES] = {"pending", "executing"};

#define RESULTS (RESULT_SKIP + 1)

struct pipeline {
	char *name, *provider;
	struct metrics_histogram *durations[STATES][RESULTS];
	int64_t *errors[RESULTS];
	int64_t active[STATES];
};

static struct {
	struct pipeline list[PIPELINES_MAX + 1]; /* sorted by name; one is OTHER */
	size_t count;
} pipelines;

/* `<provider>/<slug>/<number>`: the two. */
static bool split_id(struct text id, struct text *provider, struct text *slug)
{
	const char *first = memchr(id.at, '/', id.size), *last = memrchr(id.at, '/', id.size);

	if (!first || last <= first) {
		return false;
	}
	*provider = (struct text){id.at, (size_t)(first - id.at)};
	*slug = (struct text){first + 1, (size_t)(last - first - 1)};
	return true;
}

/* Where name is or belongs. */
static size_t place_of(struct text name, bool *found)
{
	size_t low = 0, high = pipelines.count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *other = pipelines.list[middle].name;
		int order = strncmp(name.at, other, name.size);

		order = order == 0 && other[name.size] ? -1 : order;
		if (order == 0) {
			*found = true;
			return middle;
		}
		order < 0 ? (high = middle) : (low = middle + 1);
	}
	return low;
}

/* NULL: no memory. Two providers may have a pipeline of one name: the first that came lends its label. */
static struct pipeline *pipeline_of(struct text provider, struct text name)
{
	struct pipeline added;
	bool found;
	size_t place = place_of(name, &found);

	if (found) {
		return &pipelines.list[place];
	}
	if (pipelines.count >= PIPELINES_MAX && !text_is(name, OTHER)) {
		return pipeline_of(TEXT(OTHER), TEXT(OTHER));
	}
	added = (struct pipeline){.name = strndup(name.at, name.size),
				  .provider = strndup(provider.at, provider.size)};
	if (!added.name || !added.provider) {
		free(added.name);
		free(added.provider);
		return NULL;
	}
	memmove(&pipelines.list[place + 1], &pipelines.list[place],
		(pipelines.count++ - place) * sizeof *pipelines.list);
	pipelines.list[place] = added;
	return &pipelines.list[place];
}

static void observe(struct pipeline *pipeline, int state, int result, int64_t ms)
{
	struct metrics_histogram **histogram = &pipeline->durations[state][result];

	if (ms == INT_NULL) {
		return;
	}
	if (!*histogram) {
		*histogram = metrics_histogram(
			"cicd_pipeline_run_duration_seconds",
			"How long finished builds waited for an agent (pending) and ran (executing).",
			LABELS("cicd_pipeline_name", pipeline->name, "cicd_pipeline_run_state",
			       state_names[state], "cicd_pipeline_result", result_words[result], "provider",
			       pipeline->provider));
	}
	metrics_observe_ms(*histogram, ms);
}

static void count_error(struct pipeline *pipeline, int result)
{
	if (result != RESULT_FAILURE && result != RESULT_ERROR && result != RESULT_TIMEOUT) {
		return;
	}
	if (!pipeline->errors[result]) {
		pipeline->errors[result] =
			metrics_counter("cicd_pipeline_run_errors_total", "Builds that failed, by how.",
					LABELS("cicd_pipeline_name", pipeline->name, "error_type",
					       result_words[result], "provider", pipeline->provider));
	}
	++*pipeline->errors[result];
}

void runs_finished(const struct build *build)
{
	struct text provider, name;
	struct pipeline *pipeline;

	if (build->origin != ORIGIN_LIVE || build->result == RESULT_NULL ||
	    !split_id(build->id, &provider, &name) || !(pipeline = pipeline_of(provider, name))) {
		return;
	}
	observe(pipeline, PENDING, build->result, build->queue_ms);
	observe(pipeline, EXECUTING, build->result, build->duration_ms);
	count_error(pipeline, build->result);
}

static void add_open(struct text id, int64_t state)
{
	struct text provider, name;
	struct pipeline *pipeline;

	if (split_id(id, &provider, &name) && (pipeline = pipeline_of(provider, name))) {
		pipeline->active[state == STATE_QUEUED ? PENDING : EXECUTING]++;
	}
}

static void show_active(struct pipeline *pipeline)
{
	for (int state = 0; state < STATES; state++) {
		if (pipeline->active[state] > 0) {
			*metrics_gauge("cicd_pipeline_run_active", "Builds that are queued or run.",
				       LABELS("cicd_pipeline_name", pipeline->name, "cicd_pipeline_run_state",
					      state_names[state], "provider", pipeline->provider)) =
				pipeline->active[state];
		}
		pipeline->active[state] = 0;
	}
}

void runs_collect(struct hub *hub)
{
	sqlite3_stmt *row;
	struct err err;
	enum status status = db_query(&hub->db, SQL_READ_OPEN_IDS, &row, &err, "");

	while (status == OK && row) {
		add_open(db_text(row, 0), sqlite3_column_int64(row, 1));
		status = db_next(&hub->db, &row, &err);
	}
	db_done(&hub->db, SQL_READ_OPEN_IDS);
	metrics_drop("cicd_pipeline_run_active");
	for (size_t i = 0; i < pipelines.count; i++) {
		show_active(&pipelines.list[i]);
	}
}
