/* A request's query string, and the filters and the page that the API reads from it. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "tests/sim/build.h"
#include "tests/sim/payload.h"

enum { QUERY_PARAMS = 64 };

struct query {
	struct query_param {
		const char *name, *value; /* decoded */
	} items[QUERY_PARAMS];
	int count;
	char *copy; /* owns the texts */
};

/* Decodes text in place ("%2B" to "+"; "+" to a space where plus_is_space). False on a broken escape. */
bool percent_decode(char *text, bool plus_is_space);
/* Appends text with everything but [A-Za-z0-9_.~:-] escaped. */
void percent_encode(struct text *out, const char *in);

/* raw: what follows the "?", or NULL. Repeated names are kept. ERR_DATA: a broken escape, too many
 * parameters. */
enum status query_parse(struct query *query, const char *raw, struct err *err) MUST_CHECK;
void query_fini(struct query *query);
/* The last value of a name, NULL when there is none. */
const char *query_get(const struct query *query, const char *name);
/* "true", "1" */
bool query_flag(const struct query *query, const char *name);

struct filter {
	int64_t created_from, created_to; /* >=, <; 0: unbounded */
	int64_t finished_from;            /* >=; 0: unbounded */
	unsigned states;                  /* bits 1 << enum build_state; 0: any */
	const struct query *query; /* branch, branch[], commit, commit[], creator are matched from here */
	bool texts;                /* there are any of these */
};

/* ERR_DATA with the sentence of a 400. The query must outlive the filter. */
enum status filter_parse(struct filter *filter, const struct query *query, struct err *err) MUST_CHECK;
/* Everything but created_from and created_to, which are the list's order. */
bool filter_matches(const struct filter *filter, struct build *build, int64_t now);
/* Only created_from and created_to are set. */
bool filter_is_range(const struct filter *filter);

struct page {
	int64_t number, size;
};

enum status page_parse(struct page *page, const struct query *query, struct err *err) MUST_CHECK;
/* The value of the Link header (RFC 5988: next, prev, first, last), empty when there is one page. url:
 * without query. */
void page_links(struct text *out, const char *url, const struct query *query, const struct page *page,
		int64_t total);
