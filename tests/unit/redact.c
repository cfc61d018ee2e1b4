/* What must not leave a fetcher: rows of JSON in and out. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/redact.h"

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

static char *redacted(const char *json)
{
	yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)json, strlen(json), YYJSON_READ_BIGNUM_AS_RAW,
					   NULL, NULL);
	yyjson_mut_doc *copy = yyjson_mut_doc_new(NULL);
	char *out;

	yyjson_mut_doc_set_root(copy, redact_copy(copy, yyjson_doc_get_root(doc)));
	out = yyjson_mut_write(copy, 0, NULL);
	yyjson_mut_doc_free(copy);
	yyjson_doc_free(doc);
	return out;
}

Test(redact, keeps_everything_but_secrets)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *out = redacted(rows[i].in);

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
	out = redacted(json);
	cr_expect(strlen(out) < 200 && strstr(out, "null"));
	free(out);
}
