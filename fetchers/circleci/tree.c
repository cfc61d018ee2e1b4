/* The workflows of a pipeline and their jobs: lists of several pages, asked for side by side. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/schema.h"

#include <stdlib.h>

void tree_init(struct tree *tree, struct visit *visit, enum tree_way way, tree_callback *whole)
{
	*tree = (struct tree){.visit = visit, .way = way, .whole = whole, .observed_at = INT_NULL};
}

void tree_fini(struct tree *tree)
{
	for (size_t i = 0; tree->flows && i < tree->workflows.count; i++) {
		struct flow *flow = &tree->flows[i];

		for (size_t j = 0; flow->details && j < flow->jobs.count; j++) {
			item_fini(&flow->details[j].item);
		}
		free(flow->details);
		items_fini(&flow->jobs);
	}
	free(tree->flows);
	items_fini(&tree->workflows);
}

enum status tree_get(struct tree *tree, const char *path, visit_callback *callback, intptr_t tag,
		     struct err *err)
{
	static const enum visit_priority priorities[] = {
		[TREE_LIVE] = VISIT_LIVE, [TREE_BACKFILL] = VISIT_BACKFILL};
	enum status status =
		tree->way == TREE_DETAIL
			? visit_get_detail(tree->visit, path, callback, tag, err)
			: visit_get(tree->visit, path, priorities[tree->way], callback, tag, err);

	tree->waiting += status == OK;
	return status;
}

static void see(struct tree *tree, const struct visit_answer *answer)
{
	int64_t date = visit_date(tree->visit, answer);

	if (tree->observed_at == INT_NULL || date < tree->observed_at) {
		tree->observed_at = date;
	}
}

bool tree_take(struct tree *tree, const struct visit_answer *answer, const struct err *err)
{
	see(tree, answer);
	if (answer->kind != ANSWER_OK) {
		tree->failed = answer->kind;
		tree->why = answer->kind == ANSWER_UNUSABLE ? *err : (struct err){.status = ERR_REMOTE};
	}
	return answer->kind == ANSWER_OK;
}

bool tree_take_part(struct tree *tree, const struct visit_answer *answer, const struct err *err)
{
	if (answer->kind == ANSWER_UNUSABLE) {
		return tree_take(tree, answer, err);
	}
	see(tree, answer);
	return answer->kind == ANSWER_OK;
}

enum status tree_answered(struct tree *tree, const struct visit_answer *answer, struct err *err)
{
	if (answer->kind == ANSWER_REFUSED) { /* only of a detail */
		visit_details_refused(tree->visit, answer);
		return OK;
	}
	return --tree->waiting > 0 ? OK : tree->whole(tree, err);
}

/* The page that begins with token has come: true, it was the last one. */
static enum status take_page(struct tree *tree, const struct visit_answer *answer, struct items *items,
			     char token[static TOKEN_BYTES], bool *last, struct err *err)
{
	enum status status = OK;

	*last = true;
	if (tree_take(tree, answer, err)) {
		status = answer_read_list(visit_arena(tree->visit), answer->body, items, token, err);
		*last = !token[0];
	}
	return status;
}

static enum status on_jobs(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			   struct err *err)
{
	struct flow *flow = (struct flow *)tag;
	enum status status;
	struct path path;
	bool last;

	(void)visit;
	status = take_page(flow->tree, answer, &flow->jobs, flow->token, &last, err);
	if (status == OK && !last) {
		path_jobs(&path, flow->item->id, flow->token);
		status = tree_get(flow->tree, path.text, on_jobs, tag, err);
	}
	return status == OK ? tree_answered(flow->tree, answer, err) : status;
}

enum status tree_ask_jobs(struct tree *tree, struct err *err)
{
	enum status status = OK;
	struct path path;

	tree->flows = calloc(tree->workflows.count + 1, sizeof *tree->flows);
	if (!tree->flows) {
		return err_set(err, ERR_SYS, "out of memory for workflows");
	}
	for (size_t i = 0; status == OK && i < tree->workflows.count; i++) {
		struct flow *flow = &tree->flows[i];

		*flow = (struct flow){.tree = tree, .item = &tree->workflows.at[i]};
		path_jobs(&path, flow->item->id, "");
		status = tree_get(tree, path.text, on_jobs, (intptr_t)flow, err);
	}
	return status;
}

static enum status on_workflows(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
				struct err *err)
{
	struct tree *tree = (struct tree *)tag;
	enum status status;
	struct path path;
	bool last;

	(void)visit;
	status = take_page(tree, answer, &tree->workflows, tree->token, &last, err);
	if (status == OK && !last) {
		path_workflows(&path, tree->pipeline, tree->token);
		status = tree_get(tree, path.text, on_workflows, tag, err);
	}
	return status == OK ? tree_answered(tree, answer, err) : status;
}

enum status tree_ask_workflows(struct tree *tree, const char *pipeline, struct err *err)
{
	struct path path;

	memcpy(tree->pipeline, pipeline, strnlen(pipeline, ID_BYTES - 1));
	path_workflows(&path, pipeline, "");
	return tree_get(tree, path.text, on_workflows, (intptr_t)tree, err);
}
