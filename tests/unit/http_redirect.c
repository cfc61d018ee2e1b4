/* A redirect is followed only to where the token may go. */
/* SPDX-License-Identifier: MIT */
#include "common/http/redirect.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define FROM "https://api.example/v2/pipelines/web/builds?page=2&per_page=100"

static const struct {
	const char *location, *to; /* NULL: nowhere */
} rows[] = {
	{"https://api.example/v2/pipelines/shop/builds?page=2",
	 "https://api.example/v2/pipelines/shop/builds?page=2"},
	{"https://api.example/v2/pipelines/shop/builds",
	 "https://api.example/v2/pipelines/shop/builds?page=2&per_page=100"},
	{"/v2/pipelines/shop/builds", "https://api.example/v2/pipelines/shop/builds?page=2&per_page=100"},
	{"//api.example/v2/x", "https://api.example/v2/x?page=2&per_page=100"},
	{"../shop/builds?a=b", "https://api.example/v2/pipelines/shop/builds?a=b"},
	{"HTTPS://API.EXAMPLE:443/v2/x?a", "https://API.EXAMPLE:443/v2/x?a"},
	{"/v2/x?a#b", "https://api.example/v2/x?a"},
	{"http://api.example/v2/x", NULL},
	{"https://api.example:8443/v2/x", NULL},
	{"https://evil.example/v2/x", NULL},
	{"//evil.example/v2/x", NULL},
	{"https://api.example@evil.example/v2/x", NULL},
	{"https://user@api.example/v2/x", NULL},
	{"https://api.example.evil.example/v2/x", NULL},
	{"\\\\evil.example\\x", "?"},
	{"file:///etc/passwd", NULL},
	{"https://", NULL},
};

Test(http_redirect, stays_where_the_token_may_go)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *to = http_redirect_within(FROM, rows[i].location);

		if (!rows[i].to) {
			cr_expect_null(to, "%s: %s", rows[i].location, to);
		} else if (*rows[i].to == '?') {
			cr_expect(!to || strncmp(to, "https://api.example/", 20) == 0, "%s", to);
		} else {
			cr_expect(to && strcmp(to, rows[i].to) == 0, "%s: %s", rows[i].location, to);
		}
		free(to);
	}
}
