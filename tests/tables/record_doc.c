/* docs/record.md says what the code does. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/buildkite_words.h"
#include "normalizer/circleci.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define CELLS 4

/* One table of the page: the rows under a heading, up to the next one. */
struct page {
	char *line;
	size_t size;
	FILE *file;
	char cells[CELLS][512];
};

static void page_open(struct page *page, const char *heading)
{
	*page = (struct page){.file = fopen(SOURCE_DIR "/docs/record.md", "r")};
	cr_assert(page->file, "no docs/record.md");
	while (getline(&page->line, &page->size, page->file) > 0) {
		page->line[strcspn(page->line, "\n")] = '\0';
		if (strcmp(page->line, heading) == 0) {
			return;
		}
	}
	cr_assert(false, "docs/record.md has no \"%s\"", heading);
}

/* "| `a` | b |" to cells a and b: without backticks where a cell is one word in them. */
static void split(struct page *page)
{
	const char *at = page->line + 1;

	memset(page->cells, 0, sizeof page->cells);
	for (int i = 0; i < CELLS && *at; i++) {
		size_t size;
		char *cell = page->cells[i];

		at += strspn(at, " ");
		size = strcspn(at, "|");
		snprintf(cell, sizeof page->cells[i], "%.*s", (int)size, at);
		while (*cell && cell[strlen(cell) - 1] == ' ') {
			cell[strlen(cell) - 1] = '\0';
		}
		at += size + (at[size] == '|');
	}
}

static void unquote(char *cell)
{
	size_t size = strlen(cell);

	cr_assert(size > 2 && cell[0] == '`' && cell[size - 1] == '`', "not one word in backticks: %s", cell);
	memmove(cell, cell + 1, size - 2);
	cell[size - 2] = '\0';
}

/* The next row whose first cell is in backticks; false at the next heading. */
static bool page_row(struct page *page)
{
	while (getline(&page->line, &page->size, page->file) > 0) {
		page->line[strcspn(page->line, "\n")] = '\0';
		if (page->line[0] == '#') {
			return false;
		}
		if (strncmp(page->line, "| `", 3) == 0 && strncmp(page->line, "| `signal_reason`", 17) != 0) {
			split(page);
			unquote(page->cells[0]);
			return true;
		}
	}
	return false;
}

static void page_close(struct page *page)
{
	free(page->line);
	fclose(page->file);
}

static void expect_words(const struct page *page, const struct field *field)
{
	char quoted[64];

	for (int i = 1; field->words[i]; i++) {
		snprintf(quoted, sizeof quoted, "`%s`", field->words[i]);
		cr_expect(strstr(page->cells[2], quoted), "%s: %s is missing", field->key, quoted);
	}
}

static void expect_fields(struct page *page, const struct field *fields, const char *prefix)
{
	static const char *const types[] = {
		[FIELD_TEXT] = "text", [FIELD_INT] = "integer", [FIELD_REAL] = "number",
		[FIELD_BOOL] = "bool", [FIELD_WORD] = "word",   [FIELD_LIST] = "list"};
	char key[128];

	for (const struct field *field = fields; field->key; field++) {
		snprintf(key, sizeof key, "%s%s", prefix, field->key);
		if (field->type == FIELD_GROUP) {
			cr_assert(strlen(key) + 2 < sizeof key);
			stpcpy(key + strlen(key), ".");
			expect_fields(page, field->members, key);
			continue;
		}
		cr_assert(page_row(page), "no row for %s", key);
		cr_assert_str_eq(page->cells[0], key);
		cr_expect_str_eq(page->cells[1], types[field->type], "%s", key);
		if (field->type == FIELD_WORD) {
			expect_words(page, field);
		}
	}
}

static void expect_table(const char *heading, const struct field *fields)
{
	struct page page;

	page_open(&page, heading);
	expect_fields(&page, fields, "");
	cr_expect(!page_row(&page), "%s: the code has no %s", heading, page.cells[0]);
	page_close(&page);
}

Test(record_doc, has_every_key_in_order)
{
	expect_table("## Build", build_fields);
	expect_table("## Attempt", attempt_fields);
	expect_table("## Job", job_fields);
}

static const char *word_or_empty(const char *const *words, int index)
{
	return words[index] ? words[index] : "";
}

static void expect_states(const char *heading, const struct state_word *words)
{
	struct page page;

	page_open(&page, heading);
	for (; words->theirs; words++) {
		cr_assert(page_row(&page), "%s: no row for %s", heading, words->theirs);
		cr_assert_str_eq(page.cells[0], words->theirs);
		cr_expect_str_eq(page.cells[1], word_or_empty(state_words, words->state), "%s",
				 words->theirs);
		cr_expect_str_eq(page.cells[2], word_or_empty(result_words, words->result), "%s",
				 words->theirs);
		cr_expect(*page.cells[3], "%s: no source", words->theirs);
	}
	page_close(&page);
}

Test(record_doc, has_every_state_of_buildkite)
{
	struct page page;
	const struct state_word *words = buildkite_build_states;

	expect_states("### States of a build", buildkite_build_states);
	expect_states("### States of a job", buildkite_job_states);
	page_open(&page, "### States of a build");
	for (; page_row(&page); words++) {
		cr_expect((strstr(page.cells[3], "for good") != NULL) == words->for_good, "%s",
			  words->theirs);
	}
	page_close(&page);
}

static void expect_rows(struct page *page, const struct word *words, const char *const *ours)
{
	for (; words->theirs; words++) {
		cr_assert(page_row(page), "no row for %s", words->theirs);
		cr_assert_str_eq(page->cells[0], words->theirs);
		cr_expect_str_eq(page->cells[1], ours[words->ours], "%s", words->theirs);
		cr_expect(*page->cells[2], "%s: no source", words->theirs);
	}
	cr_expect(!page_row(page), "the code has no %s", page->cells[0]);
}

static size_t length(const struct state_word *words)
{
	size_t count = 0;

	while (words[count].theirs) {
		count++;
	}
	return count;
}

Test(record_doc, has_every_other_word_of_buildkite)
{
	struct page page;

	page_open(&page, "### States of a job");
	for (size_t i = 0; i < length(buildkite_job_states); i++) {
		cr_assert(page_row(&page));
	}
	expect_rows(&page, buildkite_signals, result_words);
	page_close(&page);
	page_open(&page, "### Types of a job");
	expect_rows(&page, buildkite_job_types, kind_words);
	page_close(&page);
	page_open(&page, "### Sources of a build");
	expect_rows(&page, buildkite_sources, trigger_words);
	page_close(&page);
}

Test(record_doc, has_every_word_of_circleci)
{
	struct page page;

	expect_states("### CircleCI: states of a pipeline", circleci_pipeline_states);
	expect_states("### CircleCI: states of a workflow", circleci_workflow_states);
	expect_states("### CircleCI: states of a job", circleci_job_states);
	page_open(&page, "### CircleCI: types of a job");
	expect_rows(&page, circleci_job_types, kind_words);
	page_close(&page);
	page_open(&page, "### CircleCI: triggers");
	expect_rows(&page, circleci_triggers, trigger_words);
	page_close(&page);
}
