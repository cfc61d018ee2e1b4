/* The pipelines that a visit reads, each from the moment it is added to that when it leaves. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/schema.h"

#include <stdlib.h>

#define COMMIT_MS 250

static void work_free(struct work *work)
{
	tree_fini(&work->tree);
	item_fini(&work->pipeline);
	free(work);
}

void work_free_all(struct work **works)
{
	while (*works) {
		struct work *work = *works;

		*works = work->next;
		work_free(work);
	}
}

bool work_has(const struct visit *visit, const char *id)
{
	const struct circleci_visit *state = visit_state((struct visit *)(uintptr_t)visit);

	for (const struct work *work = state->works; work; work = work->next) {
		if (strcmp(work->id, id) == 0) {
			return true;
		}
	}
	return false;
}

static struct work *add(struct visit *visit, enum build_origin origin, struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct work *work = calloc(1, sizeof *work), **end = &state->works;

	if (!work) {
		(void)err_set(err, ERR_SYS, "out of memory for a pipeline");
		return NULL;
	}
	tree_init(&work->tree, visit, origin == ORIGIN_BACKFILL ? TREE_BACKFILL : TREE_LIVE, NULL);
	work->origin = origin;
	while (*end) {
		end = &(*end)->next;
	}
	*end = work;
	return work;
}

enum status work_add_item(struct visit *visit, struct item *item, enum build_origin origin, bool if_later,
			  struct err *err)
{
	struct circleci_visit *state = visit_state(visit);
	struct work *work = add(visit, origin, err);

	if (!work) {
		return err->status;
	}
	memcpy(work->id, item->id, ID_BYTES);
	work->pipeline = *item;
	item->json = NULL;
	work->tree.observed_at = state->date;
	work->if_later = if_later;
	return OK;
}

static bool is_number(const char *key)
{
	return key[strspn(key, "0123456789")] == '\0';
}

enum status work_add_key(struct visit *visit, const char *key, bool due, struct err *err)
{
	struct work *work = add(visit, ORIGIN_LIVE, err);

	if (!work) {
		return err->status;
	}
	memcpy(is_number(key) ? work->number : work->id, key, strnlen(key, ID_BYTES - 1));
	work->due = due;
	return OK;
}

static void leave(struct work *work)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	struct work **at = &state->works;

	while (*at != work) {
		at = &(*at)->next;
	}
	*at = work->next;
	work_free(work);
}

void work_follow(const struct work *work, bool ended, uint64_t print, int64_t detailed)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	const struct follow *known = cursor_follow(&state->cursor, work->id);
	struct follow follow = {
		.created_at = work->pipeline.json ? work->pipeline.created_at
			      : known             ? known->created_at
						  : work->tree.observed_at,
		.checked_at = work->tree.observed_at,
		.print = print,
		.detailed = detailed,
		.ended = ended,
		.fresh = true,
	};

	follow.created_at = follow.created_at == INT_NULL ? work->tree.observed_at : follow.created_at;
	memcpy(follow.id, work->id, ID_BYTES);
	cursor_put(&state->cursor, &follow);
}

enum status work_done(struct work *work, struct err *err)
{
	struct visit *visit = work->tree.visit;
	struct circleci_visit *state = visit_state(visit);
	int64_t now = visit_age_ms(visit);
	enum status status = OK;

	leave(work);
	if (state->works ? now - state->committed_ms >= COMMIT_MS : state->phase == PHASE_DUE) {
		state->committed_ms = now;
		status = visit_commit(visit, err);
	}
	if (status != OK) {
		return status;
	}
	return state->works ? work_start(visit, err) : visit_advance(visit, err);
}

/* What the hub asks for though it has ended, it does not have. */
int64_t work_detailed(const struct work *work)
{
	struct circleci_visit *state = visit_state(work->tree.visit);
	const struct follow *known = cursor_follow(&state->cursor, work->id);

	return !known || (work->due && known->ended) ? 0 : known->detailed;
}
