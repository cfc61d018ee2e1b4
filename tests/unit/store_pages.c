/* Pages of builds and the rows of the overview against the slow way, over random pasts. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/store_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct world world;
static const struct fact *expected[WORLD_BUILDS];
static int expected_count;

/* What a question asks for, as its brute force sees it. */
struct wish {
	int pipeline; /* -1: all */
	const char *branch, *author, *search;
	unsigned states, results;
};

static bool wanted(const struct wish *wish, const struct fact *fact)
{
	const struct build *build = &fact->build;

	return fact_in(fact, wish->pipeline, wish->branch) && (wish->states >> build->state & 1) &&
	       (wish->results >> build->result & 1) &&
	       (!wish->author || text_is(build->author.login, wish->author)) &&
	       (!wish->search || strstr(build->message.at, wish->search));
}

static void expect_of(const struct wish *wish)
{
	expected_count = 0;
	for (int i = 0; i < world.count; i++) {
		if (wanted(wish, &world.facts[i])) {
			expected[expected_count++] = &world.facts[i];
		}
	}
	qsort(expected, (size_t)expected_count, sizeof *expected, compare_facts);
}

static void ask_of(const struct wish *wish, struct builds_ask *ask, struct err *err)
{
	struct pipeline pipeline = {.id = WALK_ALL};
	enum status status;
	bool side = strcmp(wish->branch, "all") == 0 || strcmp(wish->branch, "default") == 0;

	if (wish->pipeline >= 0) {
		cr_assert(pipeline_find(&world.reader, text_of(world_key(wish->pipeline)), &pipeline, &status,
					err));
	}
	*ask = (struct builds_ask){
		.filter = {.scope = {pipeline.id,
				     strcmp(wish->branch, "all") == 0 ? SIDE_OTHER : SIDE_DEFAULT,
				     side ? (struct text){0} : text_of(wish->branch)},
			   .states = wish->states,
			   .results = wish->results,
			   .triggers = ~0u,
			   .to_ms = INT64_MAX,
			   .search = text_of(wish->search)},
		.author = text_of(wish->author),
		.limit = 17,
		.fraction = REAL_NULL,
		.after = WALK_START,
	};
}

/* The page must be expected[from…]; *next: where the following one goes on, NULL: nowhere. */
static void expect_page(struct builds_ask *ask, int from, char next[static 48], bool *more)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	enum status status;
	struct err err = {0};
	yyjson_mut_val *page, *row, *list;
	size_t i, max;
	int place = from;

	cr_assert(reader_begin(&world.reader, &err) == OK);
	page = builds_page(&world.reader, ask, doc, &status, &err);
	cr_assert(status == OK, "%s", err.text);
	list = yyjson_mut_obj_get(page, "builds");
	yyjson_mut_arr_foreach(list, i, max, row)
	{
		cr_assert(place < expected_count);
		cr_expect_str_eq(yyjson_mut_get_str(yyjson_mut_obj_get(row, "id")), expected[place]->id);
		cr_expect(!yyjson_mut_obj_get(row, "jobs"));
		place++;
	}
	cr_expect(place == (expected_count < from + 17 ? (from < expected_count ? expected_count : from)
						       : from + 17),
		  "%d of %d from %d", place, expected_count, from);
	if (ask->after.at_ms == INT64_MAX) {
		cr_expect(yyjson_mut_get_sint(yyjson_mut_obj_get(page, "total")) == expected_count);
		cr_expect(yyjson_mut_is_true(yyjson_mut_obj_get(page, "total_exact")));
	}
	*more = yyjson_mut_is_str(yyjson_mut_obj_get(page, "next"));
	snprintf(next, 48, "%s", *more ? yyjson_mut_get_str(yyjson_mut_obj_get(page, "next")) : "");
	yyjson_mut_doc_free(doc);
	reader_end(&world.reader);
}

static void expect_pages(const struct wish *wish)
{
	struct builds_ask ask;
	struct err err;
	char next[48];
	bool more = true;

	expect_of(wish);
	ask_of(wish, &ask, &err);
	for (int from = 0; more; from += 17) { /* one after the other */
		expect_page(&ask, from, next, &more);
		cr_assert(!more || walk_place_parse(next, &ask.after));
	}
	for (int i = 0; i < 6; i++) { /* anywhere */
		ask_of(wish, &ask, &err);
		ask.offset = world_dice(&world, expected_count + 5);
		expect_page(&ask, (int)ask.offset, next, &more);
	}
}

Test(store_pages, hold_what_the_filter_lets_through)
{
	static const char *const branches[] = {"default", "all", "feature", "no such branch"};

	for (unsigned seed = 21; seed < 24; seed++) {
		world_init(&world, seed);
		for (int i = 0; i < 60; i++) {
			struct wish wish = {.pipeline = world_dice(&world, 4) - 1,
					    .branch = branches[world_dice(&world, 4)],
					    .author = world_dice(&world, 3) ? NULL : "ada",
					    .search = world_dice(&world, 3) ? NULL : "Frobni",
					    .states = world_dice(&world, 2) ? ~0u : 1u << STATE_FINISHED,
					    .results = world_dice(&world, 2) ? ~0u : 0x1d};
			expect_pages(&wish);
		}
		world_fini(&world);
	}
}

/* The newest first, of one pipeline. */
static const struct fact *newest(const struct wish *wish, int place)
{
	expect_of(wish);
	return place < expected_count ? expected[place] : NULL;
}

static bool is_verdict(const struct fact *fact)
{
	return day_count_is_verdict(day_count_of(fact->build.state, fact->build.result));
}

static void expect_red(yyjson_mut_val *red)
{
	const struct fact *first = NULL, *green = NULL;

	for (int i = 0; i < expected_count && !green; i++) {
		if (is_verdict(expected[i]) && expected[i]->build.result == RESULT_SUCCESS) {
			green = expected[i];
		} else if (is_verdict(expected[i])) {
			first = expected[i];
		}
	}
	cr_expect(yyjson_mut_is_obj(red) == (first != NULL));
	if (first) {
		cr_expect(yyjson_mut_get_sint(yyjson_mut_obj_get(red, "since")) == first->build.created_at);
		cr_expect_str_eq(yyjson_mut_get_str(yyjson_mut_ptr_get(red, "/first/id")), first->id);
		cr_expect(green ? yyjson_mut_get_sint(yyjson_mut_obj_get(red, "last_green_at")) ==
					  green->build.created_at
				: yyjson_mut_is_null(yyjson_mut_obj_get(red, "last_green_at")));
	}
}

static void expect_row(const struct wish *wish, yyjson_mut_val *row)
{
	const struct fact *last = newest(wish, 0);
	yyjson_mut_val *bars = yyjson_mut_obj_get(row, "bars");
	size_t count = yyjson_mut_arr_size(bars);

	cr_assert_not_null(last);
	cr_expect_str_eq(yyjson_mut_get_str(yyjson_mut_ptr_get(row, "/last/id")), last->id);
	cr_expect(count == (size_t)(expected_count < 30 ? expected_count : 30));
	for (size_t i = 0; i < count; i++) {
		yyjson_mut_val *bar = yyjson_mut_arr_get(bars, count - 1 - i);

		cr_expect_str_eq(yyjson_mut_get_str(yyjson_mut_obj_get(bar, "id")), expected[i]->id);
	}
	expect_red(yyjson_mut_obj_get(row, "red"));
}

/* The overview as JSON text, heap. */
static char *overview_text(const struct overview_ask *ask)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	enum status status;
	struct err err = {0};
	yyjson_mut_val *out;
	char *text;

	cr_assert(reader_begin(&world.reader, &err) == OK);
	out = overview(&world.reader, ask, doc, &status, &err);
	cr_assert(status == OK, "%s", err.text);
	text = yyjson_mut_val_write(out, 0, NULL);
	yyjson_mut_doc_free(doc);
	reader_end(&world.reader);
	return text;
}

static void expect_text(const struct wish *wish, const char *text)
{
	yyjson_doc *read = yyjson_read(text, strlen(text), 0);
	yyjson_mut_doc *doc = yyjson_doc_mut_copy(read, NULL);

	expect_row(wish, yyjson_mut_ptr_get(yyjson_mut_doc_get_root(doc), "/pipelines/0"));
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(read);
}

/* Asked, asked again, and once more after something was stored. */
static void expect_overview(struct rows *rows, int pipeline, int scope, int64_t *n)
{
	static const char *const branches[] = {"default", "all", "feature"};
	struct wish wish = {pipeline, branches[scope], NULL, NULL, ~0u, ~0u};
	struct overview_ask ask = {.now_ms = world.now_ms,
				   .days = 30,
				   .side_max = scope == 1,
				   .branch = scope == 2 ? TEXT("feature") : (struct text){0},
				   .pipeline = text_of(world_key(pipeline)),
				   .rows = rows,
				   .n = *n};
	char *first = overview_text(&ask), *again = overview_text(&ask), *later;
	struct fact *fact = &world.facts[world_dice(&world, world.count)];

	expect_text(&wish, first);
	cr_expect_str_eq(first, again);
	world_change(&world, fact);
	world_commit(&world);
	rows_changed(rows, text_of(world_key(fact->pipeline)), (*n)++);
	ask.n = *n;
	later = overview_text(&ask);
	expect_text(&wish, later);
	free(first), free(again), free(later);
}

Test(store_pages, of_the_overview_show_the_newest_builds_and_since_when_it_is_red)
{
	for (unsigned seed = 31; seed < 36; seed++) {
		struct rows rows = {0};
		int64_t n = 0;

		rows_init(&rows);
		world_init(&world, seed);
		for (int i = 0; i < 3 * WORLD_PIPELINES; i++) {
			expect_overview(&rows, i / 3, i % 3, &n);
		}
		world_fini(&world);
		rows_fini(&rows);
	}
}

Test(store_pages, of_the_overview_are_kept_until_something_of_their_pipeline_is_stored)
{
	struct rows rows = {0};
	struct row_text text;
	const struct rows_variant variant = {30, 1, 0}, other = {7, 1, 0};
	const struct row_text made = {TEXT("{}"), TEXT("{1}"), 5};

	rows_init(&rows);
	rows_keep(&rows, &variant, TEXT("a/b/c"), 3, &made);
	cr_assert(rows_find(&rows, &variant, TEXT("a/b/c"), &text));
	cr_expect(text_is(text.row, "{}") && text_is(text.red, "{1}") && text.since_ms == 5);
	row_text_free(&text);
	cr_expect(!rows_find(&rows, &other, TEXT("a/b/c"), &text));
	cr_expect(!rows_find(&rows, &variant, TEXT("a/b/d"), &text));
	rows_changed(&rows, TEXT("a/b/d"), 3);
	cr_expect(rows_find(&rows, &variant, TEXT("a/b/c"), &text));
	row_text_free(&text);
	rows_changed(&rows, TEXT("a/b/c"), 3);
	cr_expect(!rows_find(&rows, &variant, TEXT("a/b/c"), &text));
	rows_fini(&rows);
}
