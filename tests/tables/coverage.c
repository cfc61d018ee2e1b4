/* What coverage-summary.json says: text in, share or nothing out. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/coverage.h"

#include "common/schema.h"
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct told {
	const char *text; /* of the artifact; ' stands for " */
	double share;     /* negative: none */
};

static const struct told tellings[] = {
	{"{'pct':0.6}", 0.6},
	{"{'pct':0}", 0},
	{"{'pct':1}", 1},
	{"{'pct':1.0}", 1},
	{"{'pct':0.0}", 0},
	{"{'pct':6e-1}", 0.6},
	{" {\n'pct' : 0.6 , 'other': [1]}\n", 0.6},
	{"\xef\xbb\xbf{'pct':0.6}", 0.6},
	{"{'total':{'pct':0.1},'pct':0.6}", 0.6},
	{"", -1},
	{"\xef\xbb\xbf", -1},
	{"{'pct':0.", -1},
	{"not found", -1},
	{"<html><pct>0.6</pct></html>", -1},
	{"0.6", -1},
	{"[0.6]", -1},
	{"null", -1},
	{"{}", -1},
	{"{'pct':null}", -1},
	{"{'pct':'x'}", -1},
	{"{'pct':'0.6'}", -1},
	{"{'pct':true}", -1},
	{"{'pct':{'pct':0.6}}", -1},
	{"{'pct':1.7}", -1},
	{"{'pct':1.0000001}", -1},
	{"{'pct':60}", -1},
	{"{'pct':-0.1}", -1},
	{"{'pct':1e999}", -1},
	{"{'pct':NaN}", -1},
	{"{'pct':0.6}{'pct':0.7}", -1},
	{"{'pct':0.6", -1},
	{"{'total':{'lines':{'total':100,'covered':85,'skipped':0,'pct':85}}}", -1}, /* Istanbul's own form */
};

static struct text details(const char *text)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct text json;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "coverage_summary", text);
	json.at = yyjson_mut_write(doc, 0, &json.size);
	yyjson_mut_doc_free(doc);
	return json;
}

static void run(const struct told *row)
{
	char *text = table_json(row->text);
	struct text json = details(text);
	struct arena arena;
	double share;
	bool sound;

	arena_init(&arena, 1 << 20);
	sound = coverage_read(&arena, json, &share);
	cr_expect_eq(sound, row->share >= 0, "%s", row->text);
	cr_expect(sound ? share == row->share : isnan(share), "%s: %g", row->text, share);
	arena_fini(&arena);
	free((char *)(uintptr_t)json.at);
	free(text);
}

Test(coverage, is_a_share_of_one_or_nothing)
{
	for (size_t i = 0; i < COUNT(tellings); i++) {
		run(&tellings[i]);
	}
}

Test(coverage, that_is_not_told_is_no_nonsense)
{
	struct arena arena;
	double share;

	arena_init(&arena, 1 << 20);
	cr_expect(coverage_read(&arena, TEXT("{}"), &share) && isnan(share));
	cr_expect(coverage_read(&arena, TEXT("{\"coverage_summary\":null}"), &share) && isnan(share));
	cr_expect_not(coverage_read(&arena, TEXT("{\"coverage_summary\":0.6}"), &share));
	cr_expect(isnan(share));
	arena_fini(&arena);
}
