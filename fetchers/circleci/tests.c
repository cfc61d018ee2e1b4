/* The test results of a finished build: how often each word is the result, over all its jobs. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/details.h"

static enum status on_tests(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			    struct err *err);

static enum status ask(struct ran *ran, struct err *err)
{
	struct path path;

	path_tests(&path, ran->job->project, ran->job->number, ran->token);
	return tree_get(&ran->owed->tree, path.text, on_tests, (intptr_t)ran, err);
}

/* A job that is not found has none. */
static enum status on_tests(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			    struct err *err)
{
	struct ran *ran = (struct ran *)tag;
	struct owed *owed = ran->owed;
	enum status status = OK;

	owed->unsummed |= answer->kind == ANSWER_TOO_LARGE;
	if (tree_take_part(&owed->tree, answer, err)) {
		status = results_read(&owed->results, visit_arena(visit), answer->body, ran->token, err);
		if (status == OK && ran->token[0]) {
			owed->unsummed |= ++ran->pages >= PAGES_MAX;
			status = owed->unsummed ? OK : ask(ran, err);
		}
	}
	return status == OK ? tree_answered(&owed->tree, answer, err) : status;
}

enum status tests_ask(struct owed *owed, struct err *err)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < owed->count; i++) {
		status = ask(&owed->jobs[i], err);
	}
	return status;
}
