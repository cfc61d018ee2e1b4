/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/pipeline.h"
#include "common/time.h"
#include "sinks/store/query/jobs.h"
#include "sinks/store/query/json.h"

static yyjson_mut_val *results(yyjson_mut_doc *doc, const int64_t counts[static DAY_COUNTS])
{
	yyjson_mut_val *out = yyjson_mut_obj(doc);

	for (int i = 0; i < DAY_COUNTS; i++) {
		json_int(doc, out, day_count_names[i], counts[i]);
	}
	return out;
}

static yyjson_mut_val *percentiles(yyjson_mut_doc *doc, const struct figures *figures)
{
	yyjson_mut_val *out = yyjson_mut_arr(doc);

	for (int64_t i = 0; i <= figures->window.last - figures->window.first; i++) {
		const struct day_figures *day = &figures->days[i];
		yyjson_mut_val *row = yyjson_mut_obj(doc);

		json_day(doc, row, "day", figures->window.first + i);
		json_int(doc, row, "builds", counts_sum(day->counts));
		json_int(doc, row, "p50_ms", day->p50_ms);
		json_int(doc, row, "p90_ms", day->p90_ms);
		json_int(doc, row, "queue_p50_ms", day->queue_p50_ms);
		json_int(doc, row, "queue_p90_ms", day->queue_p90_ms);
		yyjson_mut_obj_add_val(doc, row, "results", results(doc, day->counts));
		yyjson_mut_arr_append(out, row);
	}
	return out;
}

static enum status add_jobs(struct reader *reader, const struct overview_ask *ask,
			    const struct pipeline *pipeline, yyjson_mut_doc *doc, yyjson_mut_val *out,
			    struct err *err)
{
	struct filter filter = {
		.scope = {pipeline->id, ask->side_max, ask->branch},
		.states = ~0u,
		.results = ~0u,
		.triggers = ~0u,
		.from_ms = window_of(ask->now_ms, ask->days).first * DAY_MS,
		.to_ms = INT64_MAX,
	};
	enum status status = filter_words(&filter, reader, (struct text){0}, err);

	return status == OK ? jobs_add(reader, &filter, doc, out, err) : status;
}

yyjson_mut_val *pipeline_details(struct reader *reader, const struct overview_ask *ask, yyjson_mut_doc *doc,
				 enum status *status, struct err *err)
{
	struct figures figures = {0};
	struct pipeline pipeline;
	yyjson_mut_val *out = NULL;

	if (pipeline_find(reader, ask->pipeline, &pipeline, status, err)) {
		reader_limit(reader, ask->limit_ms);
		out = overview_row(reader, ask, &pipeline, &figures, doc, status, err);
	}
	if (out) {
		json_int(doc, out, "queue_p90_ms", figures.queue_p90_ms);
		yyjson_mut_obj_add_val(doc, out, "results", results(doc, figures.counts));
		yyjson_mut_obj_add_val(doc, out, "percentiles", percentiles(doc, &figures));
		*status = add_jobs(reader, ask, &pipeline, doc, out, err);
	}
	figures_fini(&figures);
	return *status == OK ? out : NULL;
}
