/* Pages and the Link header. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PER_PAGE = 30, PER_PAGE_MAX = 100 };

static enum status read_number(const struct query *query, const char *name, int64_t fallback, int64_t *out,
			       struct err *err)
{
	const char *text = query_get(query, name);
	char *end;

	*out = fallback;
	if (!text) {
		return OK;
	}
	*out = strtoll(text, &end, 10);
	if (end == text || *end || *out < 1 || *out > 1000000000) {
		return err_set(err, ERR_DATA, "%s is not a positive number: '%.20s'", name, text);
	}
	return OK;
}

enum status page_parse(struct page *page, const struct query *query, struct err *err)
{
	if (read_number(query, "page", 1, &page->number, err) ||
	    read_number(query, "per_page", PER_PAGE, &page->size, err)) {
		return ERR_DATA;
	}
	page->size = page->size > PER_PAGE_MAX ? PER_PAGE_MAX : page->size;
	return OK;
}

static void add_link(struct text *out, const char *url, const struct query *query, int64_t number,
		     int64_t size, const char *rel)
{
	char tail[96];

	text_add(out, out->size ? ", <" : "<", out->size ? 3 : 1);
	text_add(out, url, strlen(url));
	text_add(out, "?", 1);
	for (int i = 0; i < query->count; i++) {
		if (strcmp(query->items[i].name, "page") != 0 &&
		    strcmp(query->items[i].name, "per_page") != 0) {
			percent_encode(out, query->items[i].name);
			text_add(out, "=", 1);
			percent_encode(out, query->items[i].value);
			text_add(out, "&", 1);
		}
	}
	snprintf(tail, sizeof tail, "page=%lld&per_page=%lld>; rel=\"%s\"", (long long)number,
		 (long long)size, rel);
	text_add(out, tail, strlen(tail));
}

void page_links(struct text *out, const char *url, const struct query *query, const struct page *page,
		int64_t total)
{
	int64_t last = (total + page->size - 1) / page->size;

	if (page->number > 1) {
		add_link(out, url, query, 1, page->size, "first");
		add_link(out, url, query, page->number - 1, page->size, "prev");
	}
	if (page->number < last) {
		add_link(out, url, query, page->number + 1, page->size, "next");
		add_link(out, url, query, last, page->size, "last");
	}
}
