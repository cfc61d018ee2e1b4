/* A live walk whose past is read by others. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/walk.h"

#include "common/time.h"

#include <criterion/criterion.h>

#define NOW INT64_C(1577836800000)

static const struct config_since all = {0};

/* Visited an hour ago, and now begun again. */
static struct walk begun(void)
{
	struct walk walk;

	walk_init(&walk);
	walk.covered_to = walk.finished_to = NOW - HOUR_MS;
	walk_begin(&walk);
	return walk;
}

static void step(struct walk *walk, int slot, int64_t oldest, bool more)
{
	const int64_t created[] = {oldest + 1000, oldest}, number[] = {2, 1};
	const struct walk_page page = {
		.date = NOW, .count = 2, .created = created, .number = number, .more = more, .size = 2};
	struct err err;

	cr_assert_eq(walk_step(walk, slot, &page, &all, &err), OK, "%s", err.text);
}

Test(walk_live, that_begins_anew_reads_only_what_is_newest)
{
	struct walk walk = begun();

	walk_anew(&walk, WALK_CREATED, NOW);
	step(&walk, WALK_CREATED, NOW - SECOND_MS, true);
	cr_expect_eq(walk_query(&walk, WALK_CREATED, 2).created_from, NOW - WALK_OVERLAP_MS);
	step(&walk, WALK_CREATED, NOW - 2 * SECOND_MS, false);
	cr_expect_eq(walk.covered_to, NOW - WALK_OVERLAP_MS, "and goes on from there");
	cr_expect_eq(walk.finished_to, NOW - HOUR_MS, "each walk by itself");
}

Test(walk_live, that_begins_anew_reads_further_back_than_it_was_in_no_case)
{
	struct walk walk = begun();

	walk.legs[WALK_FINISHED].from = NOW - SECOND_MS;
	walk_anew(&walk, WALK_FINISHED, NOW);
	cr_expect_eq(walk_query(&walk, WALK_FINISHED, 2).finished_from, NOW - SECOND_MS);
}

Test(walk_live, is_not_cut_in_the_middle)
{
	struct walk walk = begun();

	step(&walk, WALK_CREATED, NOW - SECOND_MS, true);
	walk_anew(&walk, WALK_CREATED, NOW + DAY_MS);
	cr_expect_eq(walk_query(&walk, WALK_CREATED, 2).created_from, NOW - HOUR_MS);
}

Test(walk_live, of_an_api_without_date_is_never_cut)
{
	struct walk walk = begun();

	walk_anew(&walk, WALK_FINISHED, WALK_NONE);
	cr_expect_eq(walk_query(&walk, WALK_FINISHED, 2).finished_from, NOW - HOUR_MS);
}

Test(walk_live, the_time_of_the_last_look_is_in_the_cursor)
{
	struct walk walk = begun(), read;
	msgpack_sbuffer bytes;
	struct err err;

	walk.looked_at = NOW - 17;
	msgpack_sbuffer_init(&bytes);
	walk_pack(&walk, &bytes);
	cr_assert_eq(walk_unpack(&read, (struct text){bytes.data, bytes.size}, &err), OK);
	cr_expect_eq(read.looked_at, NOW - 17);
	msgpack_sbuffer_destroy(&bytes);
}
