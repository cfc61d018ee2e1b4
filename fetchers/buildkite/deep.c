/* Where Buildkite answers 400, "Listing builds this deep is not supported": one millisecond has more builds
 * than a list goes down, and no filter divides it. Its other builds are asked for by number. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include "common/log.h"
#include "common/time.h"

#include <stdio.h>

static int64_t moment(const struct walk *walk, int slot)
{
	return walk->legs[slot].to - 1;
}

static void write_number(const struct walk *walk, int slot, char out[static 24])
{
	snprintf(out, 24, "%lld", (long long)walk_sweeps(walk, slot));
}

static void tell(struct visit *visit, int slot)
{
	const struct buildkite_visit *state = visit_state(visit);
	const struct walk_leg *leg = &state->walk.legs[slot];
	char created[32];

	time_format(moment(&state->walk, slot), created);
	log_warn("fetch.deep", STR("target", visit_slug(visit)), STR("created_at", created),
		 NUM("listed", leg->seen), NUM("lowest", leg->low), NUM("highest", leg->high));
}

bool deep_begins(struct visit *visit, int slot)
{
	struct buildkite_visit *state = visit_state(visit);

	if (slot == SLOT_OPEN) { /* what it leaves out is known, and asked for by key */
		return walk_skip_deep(&state->open, slot_of_walk(slot));
	}
	/* The numbers of a whole organization are in no order: each pipeline is visited by itself then. */
	if ((state->live && slot == WALK_CREATED) || !walk_too_deep(&state->walk, slot)) {
		return false;
	}
	if (walk_sweeps(&state->walk, slot) > 0) {
		tell(visit, slot);
	}
	return true;
}

/* One that can't be read must not hold up the others. */
static enum status skip(struct visit *visit, int slot, const struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	char number[24];

	if (err->status == ERR_REMOTE) {
		return err->status;
	}
	write_number(&state->walk, slot, number);
	log_warn("fetch.skipped", STR("target", visit_slug(visit)), STR("build", number),
		 STR("why", err->text));
	return OK;
}

/* The build, if it is of that millisecond. */
static enum status read_build(struct visit *visit, int slot, const struct visit_answer *answer,
			      struct element *element, size_t *count, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	enum status status = OK;
	char number[24];

	*count = 0;
	if (answer->kind == ANSWER_OK) {
		status = page_read_one(visit_arena(visit), answer->body, element, err);
		*count = status == OK && element->created_at == moment(&state->walk, slot);
	} else if (answer->kind == ANSWER_TOO_LARGE) {
		write_number(&state->walk, slot, number);
		state->bare[slot] = true;
		*element = (struct element){.key = arena_text(visit_arena(visit), number, strlen(number)),
					    .created_at = moment(&state->walk, slot),
					    .number = walk_sweeps(&state->walk, slot)};
		*count = element->key != NULL;
	}
	return status;
}

static enum status on_one(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
			  struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	int slot = (int)tag;
	struct element element = {0};
	size_t count = 0;
	enum status status = answer->kind == ANSWER_UNUSABLE
				     ? skip(visit, slot, err)
				     : read_build(visit, slot, answer, &element, &count, err);

	if (status == OK) {
		status = pages_take(visit, slot, &element, count, answer, err);
	}
	if (status != OK) {
		return status;
	}
	state->bare[slot] = false;
	state->asked[slot] = 0;
	state->back_pages += slot >= WALK_BACK;
	return visit_advance(visit, err);
}

enum status deep_ask(struct visit *visit, int slot, struct err *err)
{
	struct buildkite_visit *state = visit_state(visit);
	struct path path;
	char number[24];

	state->asked[slot] = 1;
	write_number(&state->walk, slot, number);
	path_build(&path, state, number);
	return visit_get(visit, path.text, slot >= WALK_BACK ? VISIT_BACKFILL : VISIT_LIVE, on_one, slot,
			 err);
}
