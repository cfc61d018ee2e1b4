/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/stored.h"
#include "common/time.h"

#include <stdio.h>
#include <string.h>

struct query {
	yyjson_mut_doc *doc;
	yyjson_mut_val *body, *filters;
};

static yyjson_mut_val *add_field(yyjson_mut_doc *doc, yyjson_mut_val *to, const char *path)
{
	yyjson_mut_val *field = yyjson_mut_obj_add_obj(doc, to, "field");

	yyjson_mut_obj_add_strcpy(doc, field, "fieldPath", path);
	return field;
}

static void add_equal(struct query *query, const char *path, const char *type, const char *value)
{
	yyjson_mut_val *entry = yyjson_mut_arr_add_obj(query->doc, query->filters);
	yyjson_mut_val *filter = yyjson_mut_obj_add_obj(query->doc, entry, "fieldFilter"), *typed;

	add_field(query->doc, filter, path);
	yyjson_mut_obj_add_str(query->doc, filter, "op", "EQUAL");
	typed = yyjson_mut_obj_add_obj(query->doc, filter, "value");
	yyjson_mut_obj_add_strcpy(query->doc, typed, type, value);
}

static struct query query_of(const char *project, int64_t limit)
{
	struct query query = {.doc = yyjson_mut_doc_new(NULL)};
	yyjson_mut_doc *doc = query.doc;
	yyjson_mut_val *root = yyjson_mut_obj(doc), *from, *where, *all;

	yyjson_mut_doc_set_root(doc, root);
	query.body = yyjson_mut_obj_add_obj(doc, root, "structuredQuery");
	from = yyjson_mut_obj_add_arr(doc, query.body, "from");
	yyjson_mut_obj_add_str(doc, yyjson_mut_arr_add_obj(doc, from), "collectionId", "build");
	where = yyjson_mut_obj_add_obj(doc, query.body, "where");
	all = yyjson_mut_obj_add_obj(doc, where, "compositeFilter");
	yyjson_mut_obj_add_str(doc, all, "op", "AND");
	query.filters = yyjson_mut_obj_add_arr(doc, all, "filters");
	yyjson_mut_obj_add_int(doc, query.body, "limit", limit);
	add_equal(&query, "projectId", "stringValue", project);
	return query;
}

static yyjson_mut_val *add_order(struct query *query)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(query->doc, query->body, "orderBy");
	static const char *const paths[] = {"startedAt", "__name__"};

	for (size_t i = 0; i < 2; i++) {
		yyjson_mut_val *order = yyjson_mut_arr_add_obj(query->doc, list);

		add_field(query->doc, order, paths[i]);
		yyjson_mut_obj_add_str(query->doc, order, "direction", "DESCENDING");
	}
	return list;
}

static void start_after(struct query *query, yyjson_val *document)
{
	yyjson_val *started = yyjson_obj_get(yyjson_obj_get(document, "fields"), "startedAt");
	yyjson_mut_val *cursor = yyjson_mut_obj_add_obj(query->doc, query->body, "startAt");
	yyjson_mut_val *values = yyjson_mut_obj_add_arr(query->doc, cursor, "values");

	yyjson_mut_arr_append(values, yyjson_val_mut_copy(query->doc, started));
	yyjson_mut_obj_add_strcpy(query->doc, yyjson_mut_arr_add_obj(query->doc, values), "referenceValue",
				  yyjson_get_str(yyjson_obj_get(document, "name")));
	yyjson_mut_obj_add_bool(query->doc, cursor, "before", false);
}

yyjson_mut_doc *stored_newest(const char *project, int64_t limit)
{
	struct query query = query_of(project, limit);

	add_order(&query);
	return query.doc;
}

yyjson_mut_doc *stored_running(const char *project, int64_t limit, yyjson_val *after)
{
	struct query query = query_of(project, limit);

	add_equal(&query, "buildStatus", "stringValue", document_word(BUILD_IN_PROGRESS));
	add_order(&query);
	if (after) {
		start_after(&query, after);
	}
	return query.doc;
}

yyjson_mut_doc *stored_timed_out(const char *project, int64_t timeout_ms, int64_t limit)
{
	struct query query = query_of(project, limit);
	char digits[24];

	snprintf(digits, sizeof digits, "%lld", (long long)timeout_ms);
	add_equal(&query, "buildStatus", "stringValue", document_word(BUILD_UNKNOWN));
	add_equal(&query, "duration", "integerValue", digits);
	return query.doc;
}

yyjson_val *stored_next(yyjson_val *answer, size_t *index)
{
	while (*index < yyjson_arr_size(answer)) {
		yyjson_val *document = yyjson_obj_get(yyjson_arr_get(answer, (*index)++), "document");

		if (yyjson_is_str(yyjson_obj_get(document, "name")) &&
		    yyjson_is_obj(yyjson_obj_get(document, "fields"))) {
			return document;
		}
	}
	return NULL;
}

int64_t stored_read_at(yyjson_val *answer)
{
	yyjson_val *time = yyjson_obj_get(yyjson_arr_get_first(answer), "readTime");
	int64_t ms;

	return yyjson_is_str(time) && time_parse(yyjson_get_str(time), yyjson_get_len(time), &ms) == OK
		       ? ms
		       : INT_NULL;
}

static void add_value(yyjson_mut_doc *doc, yyjson_mut_val *fields, const char *key, const char *type,
		      const char *value)
{
	yyjson_mut_obj_add_strcpy(doc, yyjson_mut_obj_add_obj(doc, fields, key), type, value);
}

static void add_write(yyjson_mut_doc *doc, yyjson_mut_val *writes, yyjson_val *document, int64_t timeout_ms)
{
	yyjson_mut_val *write = yyjson_mut_arr_add_obj(doc, writes);
	yyjson_mut_val *update = yyjson_mut_obj_add_obj(doc, write, "update"), *fields, *mask, *current;
	char digits[24];

	snprintf(digits, sizeof digits, "%lld", (long long)timeout_ms);
	yyjson_mut_obj_add_strcpy(doc, update, "name", yyjson_get_str(yyjson_obj_get(document, "name")));
	fields = yyjson_mut_obj_add_obj(doc, update, "fields");
	add_value(doc, fields, "buildStatus", "stringValue", document_word(BUILD_UNKNOWN));
	add_value(doc, fields, "duration", "integerValue", digits);
	mask = yyjson_mut_obj_add_obj(doc, write, "updateMask");
	mask = yyjson_mut_obj_add_arr(doc, mask, "fieldPaths");
	yyjson_mut_arr_add_str(doc, mask, "buildStatus");
	yyjson_mut_arr_add_str(doc, mask, "duration");
	current = yyjson_mut_obj_add_obj(doc, write, "currentDocument");
	yyjson_mut_obj_add_strcpy(doc, current, "updateTime",
				  yyjson_get_str(yyjson_obj_get(document, "updateTime")));
}

yyjson_mut_doc *stored_time_out(yyjson_val *const *documents, size_t count, int64_t timeout_ms)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *writes = yyjson_mut_obj_add_arr(doc, root, "writes");

	yyjson_mut_doc_set_root(doc, root);
	for (size_t i = 0; i < count; i++) {
		add_write(doc, writes, documents[i], timeout_ms);
	}
	return doc;
}

bool stored_is_timed_out(const struct document *document, int64_t timeout_ms)
{
	return document->status == BUILD_UNKNOWN && document->duration_ms == timeout_ms;
}
