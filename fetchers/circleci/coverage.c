/* The coverage of a finished build: the file coverage-summary.json of the job that stopped last. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/details.h"

#define FILE_SIZE_MAX (1 << 20)

static enum status on_file(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			   struct err *err)
{
	struct owed *owed = (struct owed *)tag;

	(void)visit;
	if (tree_take_part(&owed->tree, answer, err) && answer->body.size <= FILE_SIZE_MAX) {
		owed->coverage = strndup(answer->body.at, answer->body.size);
	}
	return tree_answered(&owed->tree, answer, err);
}

static enum status ask_file(struct owed *owed, struct err *err)
{
	return visit_may_get(owed->tree.visit, owed->file.url)
		       ? tree_get(&owed->tree, owed->file.url, on_file, (intptr_t)owed, err)
		       : OK;
}

/* Where there are more pages of a job that has the file, a better one may be on them. */
static enum status on_artifacts(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
				struct err *err)
{
	struct ran *ran = (struct ran *)tag;
	struct owed *owed = ran->owed;
	enum status status = OK;
	bool more = false;

	if (tree_take_part(&owed->tree, answer, err)) {
		status = artifacts_read(&owed->file, visit_arena(visit), answer->body, ran->token, err);
		more = status == OK && ran->token[0] && ++ran->pages < PAGES_MAX;
	}
	if (status == OK && answer->kind != ANSWER_REFUSED && owed->tree.failed == ANSWER_OK) {
		owed->looked += !more;
		status = owed->file.url[0] && !more ? ask_file(owed, err) : coverage_ask(owed, err);
	}
	return status == OK ? tree_answered(&owed->tree, answer, err) : status;
}

enum status coverage_ask(struct owed *owed, struct err *err)
{
	struct ran *ran = &owed->jobs[owed->looked];
	struct path path;

	if (owed->looked == owed->count) {
		return OK;
	}
	path_artifacts(&path, ran->job->project, ran->job->number, ran->token);
	return tree_get(&owed->tree, path.text, on_artifacts, (intptr_t)ran, err);
}
