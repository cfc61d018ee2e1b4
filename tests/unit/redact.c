/* What must not leave a fetcher: rows of JSON in and out. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/redact.h"
#include "fetchers/redact_path.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *in, *out;
} rows[] = {
	{"{\"a\":1,\"b\":[true,null,1.5,\"x\"]}", "{\"a\":1,\"b\":[true,null,1.5,\"x\"]}"},
	{"{\"env\":{\"TOKEN\":\"t\"},\"a\":1}", "{\"a\":1}"},
	{"{\"jobs\":[{\"env\":{\"A\":\"b\"},\"id\":\"x\"}]}", "{\"jobs\":[{\"id\":\"x\"}]}"},
	{"{\"provider\":{\"id\":\"github\",\"webhook_url\":\"https://w/"
	 "k\",\"settings\":{\"repository\":\"a\"}}}",
	 "{\"provider\":{\"id\":\"github\"}}"},
	{"{\"settings\":{\"kept\":1}}", "{\"settings\":{\"kept\":1}}"},
	{"{\"url\":\"https://h/p?api_key=s\"}", "{\"url\":\"https://h/p\"}"},
	{"{\"url\":\"https://h/p#f\"}", "{\"url\":\"https://h/p\"}"},
	{"{\"url\":\"https://h/p?a=1#f?b\"}", "{\"url\":\"https://h/p\"}"},
	{"{\"url\":\"http://user:pw@h:8080/p?x\"}", "{\"url\":\"http://h:8080/p\"}"},
	{"{\"url\":\"https://user@h\"}", "{\"url\":\"https://h\"}"},
	{"{\"url\":\"https://h/p@2/x\"}", "{\"url\":\"https://h/p@2/x\"}"},
	{"{\"urls\":[\"https://h/?q\"]}", "{\"urls\":[\"https://h/\"]}"},
	{"{\"message\":\"https://h/?q\"}", "{\"message\":\"https://h/?q\"}"},
	{"{\"text\":\"see https://h/?q\"}", "{\"text\":\"see https://h/?q\"}"},
	{"{\"text\":\"https://h/?q and more\"}", "{\"text\":\"https://h/?q and more\"}"},
	{"{\"repository\":\"git@github.com:a/b.git\"}", "{\"repository\":\"git@github.com:a/b.git\"}"},
	{"{\"n\":18446744073709551615,\"m\":123456789012345678901234567890}",
	 "{\"n\":18446744073709551615,\"m\":123456789012345678901234567890}"},
	{"{\"m\":\"\\u0000 \\\" \\u00e9\"}", "{\"m\":\"\\u0000 \\\" \xc3\xa9\"}"},
	{"{\"e\":{},\"f\":[],\"g\":\"\"}", "{\"e\":{},\"f\":[],\"g\":\"\"}"},
};

static char *redacted(const char *json, const struct config_list *paths)
{
	yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)json, strlen(json), YYJSON_READ_BIGNUM_AS_RAW,
					   NULL, NULL);
	yyjson_mut_doc *copy = yyjson_mut_doc_new(NULL);
	char *out;

	yyjson_mut_doc_set_root(copy, redact_copy(copy, yyjson_doc_get_root(doc), paths));
	out = yyjson_mut_write(copy, 0, NULL);
	yyjson_mut_doc_free(copy);
	yyjson_doc_free(doc);
	return out;
}

Test(redact, keeps_everything_but_secrets)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *out = redacted(rows[i].in, NULL);

		cr_expect_str_eq(out, rows[i].out);
		free(out);
	}
}

Test(redact, drops_what_is_nested_too_deep)
{
	char json[1000] = "", *out;

	for (int i = 0; i < 200; i++) {
		json[i] = '[';
		json[399 - i] = ']';
	}
	out = redacted(json, NULL);
	cr_expect(strlen(out) < 200 && strstr(out, "null"));
	free(out);
}

#define BUILD                                                                                                \
	"{\"meta_data\":{\"secret-a\":1,\"secret-b\":2,\"open\":3},"                                         \
	"\"jobs\":[{\"agent\":{\"meta_data\":[\"x\"],\"ip\":\"y\"}},[{\"meta_data\":4}]]}"

/* paths: separated by spaces. */
static const struct {
	const char *paths, *out;
} path_rows[] = {
	{"", BUILD},
	{"meta_dat", BUILD},
	{"agent",
	 "{\"meta_data\":{\"secret-a\":1,\"secret-b\":2,\"open\":3},\"jobs\":[{},[{\"meta_data\":4}]]}"},
	{"meta_data", "{\"jobs\":[{\"agent\":{\"ip\":\"y\"}},[{}]]}"},
	{"$.meta_data", "{\"jobs\":[{\"agent\":{\"meta_data\":[\"x\"],\"ip\":\"y\"}},[{\"meta_data\":4}]]}"},
	{"$.agent", BUILD},
	{"jobs[].agent.ip", "{\"meta_data\":{\"secret-a\":1,\"secret-b\":2,\"open\":3},\"jobs\":[{\"agent\":{"
			    "\"meta_data\":[\"x\"]}},["
			    "{\"meta_data\":4}]]}"},
	{"jobs.ip", BUILD},
	{"jobs[].meta_data $.meta_data",
	 "{\"jobs\":[{\"agent\":{\"meta_data\":[\"x\"],\"ip\":\"y\"}},[{}]]}"},
	{"meta_data.secret* jobs", "{\"meta_data\":{\"open\":3}}"},
	{"meta_data.*e* jobs", "{\"meta_data\":{}}"},
	{"meta_data.s*-b jobs", "{\"meta_data\":{\"secret-a\":1,\"open\":3}}"},
	{"agent.* $.meta_data", "{\"jobs\":[{\"agent\":{}},[{\"meta_data\":4}]]}"},
};

static struct config_list list_of(char *text)
{
	static char *items[8];
	struct config_list list = {items, 0};

	for (char *item, *rest = text; (item = strtok_r(rest, " ", &rest));) {
		items[list.count++] = item;
	}
	return list;
}

Test(redact, drops_what_paths_name)
{
	for (size_t i = 0; i < sizeof path_rows / sizeof path_rows[0]; i++) {
		char *paths = strdup(path_rows[i].paths), *out;
		struct config_list list = list_of(paths);

		out = redacted(BUILD, &list);
		cr_expect_str_eq(out, path_rows[i].out, "%s: %s", path_rows[i].paths, out);
		free(out);
		free(paths);
	}
}

static const struct {
	const char *path, *word; /* NULL: fine */
} check_rows[] = {
	{"env", NULL},
	{"jobs[].agent.meta_data", NULL},
	{"$.meta_data.secret*", NULL},
	{"meta_data.buildkite:git:*", NULL},
	{"jobs.id", NULL},
	{"$.jobs[].id", NULL},
	{"a*b*c", NULL},
	{"", "no path"},
	{"$", "no path"},
	{"a..b", "no path"},
	{".a", "no path"},
	{"a.", "no path"},
	{"a.$", "no path"},
	{"[]", "no path"},
	{"jobs[0].env", "jobs[0].env"},
	{"a[].b[", "no path"},
	{"a\tb", "no path"},
	{"number", "takes number"},
	{"$.id", "takes id"},
	{"*", "takes id"},
	{"*_at", "takes created_at"},
};

Test(redact, refuses_what_is_no_path_or_takes_too_much)
{
	static const char *const needed[] = {"id", "number", "created_at", NULL};

	for (size_t i = 0; i < sizeof check_rows / sizeof check_rows[0]; i++) {
		struct err err = {0};
		bool ok = redact_path_check(check_rows[i].path, needed, &err) == OK;

		cr_expect_eq(ok, !check_rows[i].word, "%s: %s", check_rows[i].path, err.text);
		cr_expect(ok || strstr(err.text, check_rows[i].word), "%s", err.text);
	}
}

Test(redact, refuses_a_path_without_end)
{
	char path[400];
	struct err err;

	memset(path, 'a', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	cr_expect(redact_path_check(path, (const char *const[]){NULL}, &err) == ERR_CONFIG);
}
