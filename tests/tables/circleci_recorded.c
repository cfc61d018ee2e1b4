/* Answers that CircleCI gave to another collector, whole, cut and spoilt at every byte. */
/* SPDX-License-Identifier: MIT */
#include "tests/tables/circleci_records.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define OBSERVED_AT INT64_C(1700000000000)

static int with_jobs, decoupled;

static void need(bool recorded)
{
	if (!recorded) {
		cr_skip_test("no samples of CircleCI beside the project or in $BUILDBUS_SAMPLES");
	}
}

static void is_read(const char *body)
{
	struct normal_notes notes = {0};
	struct err err = {0};
	char *json = circleci_records(text_of(body), OBSERVED_AT, &notes, &err);

	cr_expect_eq(err.status, OK, "%s in %s", err.text, body);
	cr_expect_eq(notes.unknown_words, 0, "%s", body);
	cr_expect(strstr(json, "\"state\":\"finished\""), "%s", json);
	cr_expect(strstr(json, "\"organization\":\"gh/coldgust\""), "%s", json);
	with_jobs += strstr(json, "\"group\":") != NULL;
	if (strstr(body, "Decoupled")) { /* without vcs, received in 1970 */
		cr_expect(strstr(json, "\"result\":\"error\"") && strstr(json, "Failed to fetch"), "%s",
			  json);
		cr_expect(strstr(json, "\"commit\":\"6ba0cdaf7e7791c5bc5aa89a13b9cd184f8ad296\""), "%s",
			  json);
		decoupled++;
	}
	free(json);
}

Test(circleci_recorded, each_becomes_a_record)
{
	need(circleci_each_recorded(is_read));
	cr_expect_gt(with_jobs, 0);
	cr_expect_gt(decoupled, 0);
}

static void is_no_json(const char *body, size_t size, const char *what, size_t at)
{
	struct normal_notes notes = {0};
	struct err err = {0};
	char *json = circleci_records((struct text){body, size}, OBSERVED_AT, &notes, &err);

	cr_assert_eq(err.status, ERR_DATA, "%s at byte %zu: %s", what, at, json);
	cr_assert(strncmp(err.text, "$: not JSON: ", 13) == 0, "%s at byte %zu: %s", what, at, err.text);
	free(json);
}

static void cut_everywhere(const char *body)
{
	for (size_t i = 0; body[i]; i++) {
		is_no_json(body, i, "cut", i);
	}
}

/* No byte of UTF-8 is 0xff. */
static void spoil_everywhere(const char *body)
{
	char *copy = strdup(body);

	for (size_t i = 0; body[i]; i++) {
		copy[i] = (char)0xff;
		is_no_json(copy, strlen(body), "spoilt", i);
		copy[i] = body[i];
	}
	free(copy);
}

Test(circleci_recorded, cut_or_spoilt_at_any_byte_it_is_no_record)
{
	need(circleci_each_recorded(cut_everywhere) && circleci_each_recorded(spoil_everywhere));
}

/* Another letter in its place: a record, or the place of what is wrong, but never an end. */
static void change_everywhere(const char *body)
{
	static const char others[] = "0\"{}[],:-ex";
	char *copy = strdup(body);

	for (size_t i = 0; body[i]; i++) {
		struct normal_notes notes = {0};
		struct err err = {0};

		copy[i] = others[i % (sizeof others - 1)];
		free(circleci_records(text_of(copy), OBSERVED_AT, &notes, &err));
		cr_assert(err.status == OK || (err.status == ERR_DATA && err.text[0] == '$'), "%s", err.text);
		copy[i] = body[i];
	}
	free(copy);
}

Test(circleci_recorded, another_letter_anywhere_is_a_record_or_a_reason)
{
	need(circleci_each_recorded(change_everywhere));
}
