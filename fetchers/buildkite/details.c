/* The coverage of finished builds: the artifact coverage-summary.json, asked for when the builds themselves
 * are published. A few builds at a time; each goes its way through list, choice and download. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/artifacts.h"
#include "fetchers/buildkite/buildkite.h"

#include <stdlib.h>

#define PAGES_MAX 20 /* of a list: nobody finds one file among more than 2,000 by its name alone */

/* Of one due key. */
struct details {
	struct path build;
	struct artifacts artifacts;
	int page;
	int64_t observed_at; /* Date of the first answer */
};

static struct details *detail_of(struct visit *visit, intptr_t index)
{
	struct buildkite_visit *state = visit_state(visit);

	return &state->details[index];
}

static enum status hand_over(struct visit *visit, intptr_t index, enum detail_result result, struct text json,
			     struct err *err)
{
	struct details *detail = detail_of(visit, index);
	const struct visit_detail over = {
		.index = (size_t)index,
		.observed_at = detail->observed_at,
		.result = result,
		.json = json,
	};

	artifacts_fini(&detail->artifacts);
	return visit_detail(visit, &over, err);
}

static enum status hand_over_none(struct visit *visit, intptr_t index, enum answer_kind kind, struct err *err)
{
	return hand_over(visit, index, visit_detail_result(kind), (struct text){0}, err);
}

/* What is no answer to read. True: the build is done with, or the visit. */
static bool is_end(struct visit *visit, intptr_t index, const struct visit_answer *answer,
		   enum status *status, struct err *err)
{
	struct details *detail = detail_of(visit, index);

	detail->observed_at = detail->observed_at == INT_NULL ? answer->date_ms : detail->observed_at;
	if (answer->kind == ANSWER_OK) {
		return false;
	}
	if (answer->kind == ANSWER_REFUSED) {
		visit_details_refused(visit, answer);
		*status = OK;
	} else {
		*status = hand_over_none(visit, index, answer->kind, err);
	}
	return true;
}

static struct text summary_json(struct arena *arena, struct text summary)
{
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct text json = {0};

	yyjson_mut_obj_add_strn(doc, root, "coverage_summary", summary.at, summary.size);
	json.at = yyjson_mut_val_write_opts(root, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &json.size, NULL);
	return json;
}

static enum status on_file(struct visit *visit, intptr_t index, const struct visit_answer *answer,
			   struct err *err)
{
	enum status status;
	struct text json;

	if (is_end(visit, index, answer, &status, err)) {
		return status;
	}
	json = summary_json(visit_arena(visit), answer->body);
	return hand_over(visit, index, json.at ? DETAIL_FOUND : DETAIL_TOO_LARGE, json, err);
}

static enum status ask_file(struct visit *visit, intptr_t index, const struct artifact *artifact,
			    struct err *err)
{
	return visit_get_detail(visit, artifact->path, on_file, index, err);
}

static enum status on_jobs(struct visit *visit, intptr_t index, const struct visit_answer *answer,
			   struct err *err)
{
	struct details *detail = detail_of(visit, index);
	const struct artifact *chosen;
	enum status status;

	if (is_end(visit, index, answer, &status, err)) {
		return status;
	}
	status = artifacts_choose(&detail->artifacts, visit_arena(visit), answer->body, &chosen, err);
	return status == OK ? ask_file(visit, index, chosen, err) : status;
}

/* Only jobs have times, so several that have the file need the build once more. */
static enum status choose(struct visit *visit, intptr_t index, struct err *err)
{
	struct details *detail = detail_of(visit, index);
	struct path path;

	if (detail->artifacts.count == 0) {
		return hand_over_none(visit, index, ANSWER_NOT_FOUND, err);
	}
	if (detail->artifacts.count == 1) {
		return ask_file(visit, index, &detail->artifacts.items[0], err);
	}
	path_of_build(&path, &detail->build);
	return visit_get_detail(visit, path.text, on_jobs, index, err);
}

static enum status ask_list(struct visit *visit, intptr_t index, struct err *err);

static enum status on_list(struct visit *visit, intptr_t index, const struct visit_answer *answer,
			   struct err *err)
{
	const struct buildkite_config *config = visit_config(visit);
	struct details *detail = detail_of(visit, index);
	enum status status;
	size_t listed;

	if (is_end(visit, index, answer, &status, err)) {
		return status;
	}
	status = artifacts_read(&detail->artifacts, config->api_url, visit_arena(visit), answer->body,
				&listed, err);
	if (status != OK) {
		return status;
	}
	if ((answer->next_page || listed >= PER_PAGE) && detail->page < PAGES_MAX) {
		return ask_list(visit, index, err);
	}
	return choose(visit, index, err);
}

static enum status ask_list(struct visit *visit, intptr_t index, struct err *err)
{
	struct details *detail = detail_of(visit, index);
	struct path path;

	path_artifacts(&path, &detail->build, ++detail->page);
	return visit_get_detail(visit, path.text, on_list, index, err);
}

static enum status begin(struct visit *visit, size_t index, struct err *err)
{
	const struct buildkite_config *config = visit_config(visit);
	struct details *detail = detail_of(visit, (intptr_t)index);

	detail->observed_at = INT_NULL;
	return path_below(&detail->build, config->api_url, visit_due_key(visit, index))
		       ? ask_list(visit, (intptr_t)index, err)
		       : hand_over_none(visit, (intptr_t)index, ANSWER_NOT_FOUND, err);
}

enum status details_start(struct visit *visit, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);

	state->details = calloc(visit_due_count(visit) + 1, sizeof *state->details);
	if (!state->details) {
		return err_set(err, ERR_SYS, "out of memory for details");
	}
	return visit_begin_details(visit, begin, err);
}

void details_free(struct visit *visit)
{
	struct buildkite_visit *state = visit_state(visit);

	for (size_t i = 0; state->details && i < visit_due_count(visit); i++) {
		artifacts_fini(&state->details[i].artifacts);
	}
	free(state->details);
	state->details = NULL;
}
