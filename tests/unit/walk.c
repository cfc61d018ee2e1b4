/* The walk against a world of builds: what the project's walk sees in every case is lost by a cursor that is
 * the last number, and by the same walk with page numbers (both are here, to prove that the tests can fail).
 */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/walk_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* The same two watermarks and open builds by key, but pages by number. */
struct by_page {
	int64_t mark, page;
};

static bool read_by_page(struct world *world, struct by_page *cursor, bool finished)
{
	int64_t first_date = WALK_NONE;
	struct answer answer;

	do {
		struct walk_query query = {
			finished ? WALK_NONE : cursor->mark,
			WALK_NONE,
			finished ? cursor->mark : WALK_NONE,
			++cursor->page,
		};

		list(world, &query, PAGE, &answer);
		first_date = first_date == WALK_NONE ? answer.page.date : first_date;
		for (size_t i = 0; i < answer.page.count; i++) {
			store(world, answer.index[i]);
		}
		if (killed(world)) {
			return false;
		}
	} while (answer.page.more);
	*cursor = (struct by_page){first_date - WALK_OVERLAP_MS, 0};
	return true;
}

static void visit_by_page_number(struct world *world)
{
	struct by_page *cursor = (struct by_page *)world->cursor;

	world->answers = world->finished_pages = 0;
	if (!cursor) {
		cursor = calloc(2, sizeof *cursor);
		cursor[0].mark = cursor[1].mark = START - 30 * DAY_MS;
		world->cursor = (char *)cursor;
	}
	if (read_by_page(world, &cursor[0], false) && read_by_page(world, &cursor[1], true)) {
		read_open(world);
	}
}

/* What earlier tools do: finished builds newer than the last number. */
static void visit_last_number(struct world *world)
{
	int64_t last = world->cursor_size ? strtoll(world->cursor, NULL, 10) : -1, newest = last;
	struct walk_query query = {WALK_NONE, WALK_NONE, WALK_NONE, 0};
	struct answer answer;
	bool more = true;

	world->answers = world->finished_pages = 0;
	while (more) {
		query.page++;
		list(world, &query, PAGE, &answer);
		more = answer.page.more;
		for (size_t i = 0; i < answer.page.count; i++) {
			int index = answer.index[i];

			more &= index > last;
			if (index > last && world->builds[index].finished != WALK_NONE) {
				store(world, index);
				newest = index > newest ? index : newest;
			}
		}
		free(world->cursor);
		world->cursor = malloc(32);
		world->cursor_size = (size_t)snprintf(world->cursor, 32, "%lld", (long long)newest);
		if (killed(world)) {
			return;
		}
	}
}

/* A month of builds that were seen, then all of them retried by hand: their second ends fill pages of the
 * finished walk, and while those are read builds of its first page are retried once more and leave the list.
 */
#define MASS 350

static void mass(struct world *world)
{
	for (int i = 0; i < MASS; i++) {
		add_finished(world, START - 20 * DAY_MS + i * MINUTE_MS, START - 19 * DAY_MS + i * MINUTE_MS);
	}
}

static void retry_mass(struct world *world)
{
	for (int i = 0; i < MASS; i++) {
		world->builds[i].attempt = 1;
		world->builds[i].finished = world->now;
	}
	world->now += 10 * MINUTE_MS; /* beyond the overlap, which would hide what a walk missed */
}

static void leave_the_list(struct world *world, int answer)
{
	(void)answer;
	if (world->finished_pages > 0) {
		retry(world, world->top);
	}
}

/* Lets everything come to its end, then looks. */
static void settle(struct world *world, void (*visit_one)(struct world *))
{
	world->between = NULL;
	for (int i = 0; i < world->count; i++) {
		if (world->builds[i].finished == WALK_NONE) {
			finish(world, i);
		}
	}
	for (int i = 0; i < 3; i++) {
		world->now += 10 * MINUTE_MS;
		visit_one(world);
	}
}

typedef void visit_function(struct world *world);

static void out_of_order_finish(struct world *world, visit_function *visit_one)
{
	int slow = add(world, world->now), quick = add(world, world->now + 10);

	world->now += 5 * MINUTE_MS;
	finish(world, quick);
	visit_one(world);
	world->now += HOUR_MS;
	finish(world, slow);
	retry_mass(world);
	world->between = leave_the_list;
	visit_one(world);
}

static void parallel_builds(struct world *world, visit_function *visit_one)
{
	int first = world->count;

	for (int i = 0; i < 40; i++) {
		add(world, world->now + i);
	}
	for (int i = 0; i < 40; i++) {
		world->now += MINUTE_MS;
		finish(world, first + (i * 7) % 40);
		if (i == 20) {
			retry_mass(world);
			world->between = leave_the_list;
		}
		visit_one(world);
	}
}

static void blocked_for_a_day(struct world *world, visit_function *visit_one)
{
	int blocked = add(world, world->now);

	for (int i = 0; i < 24; i++) {
		world->now += HOUR_MS;
		add_finished(world, world->now - MINUTE_MS, world->now);
		visit_one(world);
	}
	finish(world, blocked);
	retry_mass(world);
	world->between = leave_the_list;
	visit_one(world);
}

static void retried_after_finish(struct world *world, visit_function *visit_one)
{
	int build = add_finished(world, world->now, world->now + MINUTE_MS);

	world->now += HOUR_MS;
	visit_one(world);
	world->now += 5 * DAY_MS;
	retry(world, build);
	visit_one(world);
	world->now += HOUR_MS;
	finish(world, build);
	retry_mass(world);
	world->between = leave_the_list;
	visit_one(world);
}

static void appear(struct world *world, int answer)
{
	leave_the_list(world, answer);
	if (answer >= 2 && answer <= 6) {
		add(world, world->now - 30);
		add_finished(world, world->now - 110 * SECOND_MS,
			     world->now - 109 * SECOND_MS); /* visible late */
		add_finished(world, world->now - 20, world->now - 10);
	}
}

static void appear_while_a_page_is_read(struct world *world, visit_function *visit_one)
{
	world->now += HOUR_MS;
	for (int i = 0; i < 300; i++) {
		add_finished(world, world->now - HOUR_MS + i, world->now - HOUR_MS + MINUTE_MS);
	}
	retry_mass(world);
	world->between = appear;
	world->answer_ms = 50 * SECOND_MS; /* the whole walk takes longer than the overlap */
	visit_one(world);
	world->answer_ms = 50;
}

static void killed_after_page_2_of_5(struct world *world, visit_function *visit_one)
{
	world->now += DAY_MS;
	for (int i = 0; i < 480; i++) {
		add_finished(world, world->now - DAY_MS + i * MINUTE_MS,
			     world->now - DAY_MS + i * MINUTE_MS + 5);
	}
	retry_mass(world);
	world->killed_at = 2;
	visit_one(world);
	world->killed_at = 0;
	world->between = leave_the_list;
	world->now += MINUTE_MS;
	add_finished(world, world->now - 3, world->now);
	visit_one(world);
}

static const struct {
	const char *name;
	void (*run)(struct world *, visit_function *);
} cases[] = {
	{"out of order", out_of_order_finish},
	{"parallel", parallel_builds},
	{"blocked for a day", blocked_for_a_day},
	{"retried after finish", retried_after_finish},
	{"appear while a page is read", appear_while_a_page_is_read},
	{"killed after page 2 of 5", killed_after_page_2_of_5},
};
#define CASES (sizeof cases / sizeof cases[0])

static int lost_in(size_t which, visit_function *visit_one)
{
	struct world *world = world_new();
	int count;

	mass(world);
	visit_one(world);
	cases[which].run(world, visit_one);
	settle(world, visit_one);
	count = lost(world, START - 30 * DAY_MS);
	world_free(world);
	return count;
}

Test(walk, loses_no_build_in_any_case)
{
	for (size_t i = 0; i < CASES; i++) {
		int count = lost_in(i, visit);

		cr_expect(count == 0, "%s: %d lost", cases[i].name, count);
	}
}

Test(walk, each_case_is_lost_by_the_last_number)
{
	for (size_t i = 0; i < CASES; i++) {
		cr_expect(lost_in(i, visit_last_number) > 0, "%s", cases[i].name);
	}
}

Test(walk, each_case_is_lost_by_page_numbers)
{
	for (size_t i = 0; i < CASES; i++) {
		cr_expect(lost_in(i, visit_by_page_number) > 0, "%s", cases[i].name);
	}
}
