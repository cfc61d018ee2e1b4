/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/builds.h"
#include "sinks/store/query/json.h"

#include <errno.h>
#include <stdlib.h>

enum {
	COUNT_MAX = 10000, /* of matches that are counted one by one */
	PAGE_MS = 400,     /* a page that takes longer is cut short */
	COUNT_MS = 150,    /* and so is counting what comes after it */
};

/* What a page came to. */
struct page {
	int64_t offset, total, matches; /* matches: passed over or shown so far */
	bool total_exact, counted, partial, more;
	struct walk_place end; /* of the page */
	yyjson_mut_val *builds;
};

void walk_place_format(struct walk_place place, char out[static 48])
{
	snprintf(out, 48, "%lld-%lld", (long long)place.at_ms, (long long)place.build);
}

bool walk_place_parse(const char *text, struct walk_place *place)
{
	char *end;
	long long at, build;

	errno = 0;
	at = strtoll(text, &end, 10);
	if (end == text || *end != '-') {
		return false;
	}
	text = end + 1;
	build = strtoll(text, &end, 10);
	*place = (struct walk_place){at, build};
	return end != text && *end == '\0' && errno == 0;
}

static bool from_newest(const struct builds_ask *ask)
{
	return ask->after.at_ms == INT64_MAX;
}

/* What the days know: how many there are, where to start. */
static enum status seek(struct reader *reader, struct builds_ask *ask, struct page *page,
			struct walk_place *start, int64_t *rest, struct err *err)
{
	enum status status = OK;

	*start = ask->after;
	*rest = ask->offset;
	if (filter_is_plain(&ask->filter) && from_newest(ask)) {
		status = count_plain(reader, &ask->filter, &page->total, err);
		page->counted = page->total_exact = true;
	}
	if (isfinite(ask->fraction)) {
		ask->offset = *rest = page->counted ? (int64_t)(ask->fraction * (double)page->total) : 0;
	}
	page->offset = ask->offset;
	return status == OK && page->counted && *rest > 0
		       ? count_seek(reader, &ask->filter, ask->offset, start, rest, err)
		       : status;
}

/* How many there are to show, at most. */
static int64_t limit_of(const struct builds_ask *ask, const struct page *page)
{
	int64_t left = page->total - page->offset;

	return page->counted && left < ask->limit ? left : ask->limit;
}

/* Passes over `rest` matches, then shows up to the limit. */
static void show(struct walk *walk, const struct builds_ask *ask, int64_t rest, struct page *page,
		 yyjson_mut_doc *doc, enum status *status, struct err *err)
{
	struct run run;
	int64_t shown = 0, limit = limit_of(ask, page);

	while (shown < limit && walk_next(walk, &run, status, err)) {
		page->matches++;
		if (rest > 0) {
			rest--;
			continue;
		}
		yyjson_mut_val *record = reader_light(walk->reader, run.place.build, doc, status, err);

		if (record) {
			yyjson_mut_arr_append(page->builds, record);
		}
		shown++;
	}
	page->end = walk->passed;
	page->partial = walk->reader->late;
	page->more = shown == ask->limit || page->partial;
}

/* Counts what follows the page, up to a bound. */
static void count_rest(struct walk *walk, struct page *page, enum status *status, struct err *err)
{
	struct run run;

	reader_limit(walk->reader, COUNT_MS);
	while (page->matches < COUNT_MAX && walk_next(walk, &run, status, err)) {
		page->matches++;
	}
	page->total = page->matches;
	page->total_exact = page->matches < COUNT_MAX && !walk->reader->late && !page->partial;
	page->counted = true;
}

static yyjson_mut_val *page_json(const struct page *page, yyjson_mut_doc *doc)
{
	yyjson_mut_val *out = yyjson_mut_obj(doc);
	char next[48];

	walk_place_format(page->end, next);
	yyjson_mut_obj_add_val(doc, out, "builds", page->builds);
	json_int(doc, out, "offset", page->offset);
	json_int(doc, out, "total", page->counted ? page->total : INT_NULL);
	yyjson_mut_obj_add_bool(doc, out, "total_exact", page->counted && page->total_exact);
	json_text(doc, out, "next", page->more ? text_of(next) : (struct text){0});
	yyjson_mut_obj_add_bool(doc, out, "partial", page->partial);
	return out;
}

yyjson_mut_val *builds_page(struct reader *reader, struct builds_ask *ask, yyjson_mut_doc *doc,
			    enum status *status, struct err *err)
{
	struct page page = {.builds = yyjson_mut_arr(doc)};
	struct walk_place start;
	struct walk walk = {0};
	int64_t rest = 0;

	*status = filter_words(&ask->filter, reader, ask->author, err);
	if (*status == OK) {
		*status = seek(reader, ask, &page, &start, &rest, err);
	}
	if (*status == OK) {
		*status = walk_open(&walk, reader, &ask->filter, start, err);
	}
	if (*status == OK) {
		reader_limit(reader, PAGE_MS);
		show(&walk, ask, rest, &page, doc, status, err);
	}
	if (*status == OK && !page.counted && from_newest(ask)) {
		count_rest(&walk, &page, status, err);
	}
	walk_close(&walk);
	return *status == OK ? page_json(&page, doc) : NULL;
}

yyjson_mut_val *builds_one(struct reader *reader, struct text id, yyjson_mut_doc *doc, enum status *status,
			   struct err *err)
{
	sqlite3_stmt *row = reader_statement(reader, reader->build_by_id, err);
	yyjson_mut_val *record = NULL;
	int column = 0;

	*status = row ? OK : err->status;
	if (row) {
		reader_bind(row, 1, id);
		if (reader_whole_row(reader, row, status, err)) {
			record = columns_json(doc, build_fields, row, &column);
		}
		sqlite3_reset(row);
	}
	return record;
}
