/* SPDX-License-Identifier: MIT */
#include "sinks/slack/branch.h"

int fact_order(const struct fact *a, const struct fact *b)
{
	if (a->created_at != b->created_at) {
		return a->created_at < b->created_at ? -1 : 1;
	}
	return (a->number > b->number) - (a->number < b->number);
}

static enum turn end_outage(struct branch *branch, enum turn turn)
{
	branch->fails = 0;
	branch->passes = 0;
	branch->first_commit = 0;
	branch->mixed = false;
	return turn;
}

static enum turn fold_green(struct branch *branch, const struct fact *fact, bool again, int64_t clear_after)
{
	bool same_commit = fact->commit && fact->commit == branch->first_commit && !branch->mixed;

	if (branch->fails == 0) {
		return TURN_GREEN;
	}
	if (same_commit || (again && branch->fails == 1)) {
		return end_outage(branch, TURN_FLAKE);
	}
	return ++branch->passes >= clear_after ? end_outage(branch, TURN_FIXED) : TURN_PASSED;
}

static enum turn fold_red(struct branch *branch, const struct fact *fact)
{
	if (branch->fails == 0) {
		branch->first_commit = fact->commit;
	}
	branch->mixed |= !fact->commit || fact->commit != branch->first_commit;
	branch->fails++;
	branch->passes = 0;
	return TURN_FAILED;
}

enum turn branch_fold(struct branch *branch, const struct fact *fact, int64_t clear_after)
{
	bool again = fact->id == branch->newest.id;
	bool same = again && fact->color == branch->newest.color;

	if (fact->color == COLOR_NONE || (again && fact->version <= branch->newest.version) ||
	    (!again && fact_order(fact, &branch->newest) < 0)) {
		return TURN_NONE;
	}
	branch->newest = *fact;
	if (same) { /* only something else of it changed */
		return TURN_NONE;
	}
	return fact->color == COLOR_RED ? fold_red(branch, fact)
					: fold_green(branch, fact, again, clear_after);
}
