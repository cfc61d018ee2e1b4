/* Datasets and tables: kept as they were inserted, with what the service adds. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The first column of the first row, heap; NULL: no row. */
static char *text_of_query(sqlite3_stmt *statement)
{
	char *text = sqlite3_step(statement) == SQLITE_ROW
			     ? strdup((const char *)sqlite3_column_text(statement, 0))
			     : NULL;

	sqlite3_finalize(statement);
	return text;
}

static bool answer_text(struct bq_reply *reply, char *text)
{
	if (!text) {
		return false;
	}
	free(reply->body);
	reply->body = text;
	reply->code = 200;
	return true;
}

static const char *reference(yyjson_mut_val *root, const char *group, const char *key)
{
	const char *text = yyjson_mut_get_str(yyjson_mut_obj_get(yyjson_mut_obj_get(root, group), key));

	return text ? text : "";
}

static yyjson_mut_doc *copy_of(const struct bq_request *request)
{
	yyjson_doc *doc = yyjson_read(request->body, request->size, 0);
	yyjson_mut_doc *copy = doc ? yyjson_doc_mut_copy(doc, NULL) : NULL;

	yyjson_doc_free(doc);
	return copy;
}

static void insert_dataset(struct fake_bigquery *fake, const struct bq_request *request,
			   struct bq_reply *reply)
{
	yyjson_mut_doc *doc = copy_of(request);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
	const char *id = reference(root, "datasetReference", "datasetId");
	char *there = text_of_query(bq_query(fake, "SELECT body FROM dataset WHERE id = ?", id, NULL));
	char *body;

	if (there) {
		bq_error(reply, 409, "duplicate", "Already Exists: Dataset demo:%s", id);
		free(there);
		yyjson_mut_doc_free(doc);
		return;
	}
	yyjson_mut_obj_add_str(doc, root, "kind", "bigquery#dataset");
	yyjson_mut_obj_add_strcpy(doc, root, "id", id);
	body = yyjson_mut_write(doc, 0, NULL);
	bq_exec(fake, "INSERT INTO dataset VALUES(?, ?)", id, body, NULL);
	yyjson_mut_doc_free(doc);
	answer_text(reply, body);
}

static void insert_table(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply)
{
	yyjson_mut_doc *doc = copy_of(request);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
	const char *id = reference(root, "tableReference", "tableId");
	char *there = text_of_query(bq_query(fake, "SELECT body FROM tbl WHERE dataset = ? AND id = ?",
					     request->dataset, id, NULL));
	char *set =
		text_of_query(bq_query(fake, "SELECT id FROM dataset WHERE id = ?", request->dataset, NULL));
	char created[32], *body;

	snprintf(created, sizeof created, "%lld", (long long)wall_ms());
	if (there || !set) {
		there ? bq_error(reply, 409, "duplicate", "Already Exists: Table demo:%s.%s",
				 request->dataset, id)
		      : bq_error(reply, 404, "notFound", "Not found: Dataset demo:%s", request->dataset);
	} else {
		yyjson_mut_obj_add_str(doc, root, "kind", "bigquery#table");
		yyjson_mut_obj_add_strcpy(doc, root, "creationTime", created);
		yyjson_mut_obj_add_strcpy(doc, root, "id", id);
		yyjson_mut_obj_add_str(doc, root, "type",
				       yyjson_mut_obj_get(root, "view") ? "VIEW" : "TABLE");
		body = yyjson_mut_write(doc, 0, NULL);
		bq_exec(fake, "INSERT INTO tbl VALUES(?, ?, ?, ?)", request->dataset, id, created, body,
			NULL);
		answer_text(reply, body);
	}
	free(there);
	free(set);
	yyjson_mut_doc_free(doc);
}

/* Fields that are there must stay as they are: the service lets a column be added or relaxed. */
static const char *lost_field(yyjson_mut_val *before, yyjson_mut_val *after)
{
	yyjson_mut_val *field;
	yyjson_mut_arr_iter fields;

	yyjson_mut_arr_iter_init(before, &fields);
	while ((field = yyjson_mut_arr_iter_next(&fields))) {
		const char *name = yyjson_mut_get_str(yyjson_mut_obj_get(field, "name"));
		yyjson_mut_val *other, *same = NULL;
		yyjson_mut_arr_iter others;

		yyjson_mut_arr_iter_init(after, &others);
		while ((other = yyjson_mut_arr_iter_next(&others))) {
			if (strcmp(yyjson_mut_get_str(yyjson_mut_obj_get(other, "name")), name) == 0) {
				same = other;
			}
		}
		if (!same ||
		    !yyjson_mut_equals(yyjson_mut_obj_get(same, "type"), yyjson_mut_obj_get(field, "type"))) {
			return name;
		}
	}
	return NULL;
}

static void patch_table(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply)
{
	char *there = text_of_query(bq_query(fake, "SELECT body FROM tbl WHERE dataset = ? AND id = ?",
					     request->dataset, request->table, NULL));
	yyjson_doc *old = there ? yyjson_read(there, strlen(there), 0) : NULL;
	yyjson_mut_doc *doc = yyjson_doc_mut_copy(old, NULL), *patch = copy_of(request);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *key;
	yyjson_mut_obj_iter keys;
	const char *lost = NULL;

	if (!there) {
		bq_error(reply, 404, "notFound", "Not found: Table demo:%s.%s", request->dataset,
			 request->table);
		yyjson_mut_doc_free(patch);
		return;
	}
	yyjson_mut_obj_iter_init(yyjson_mut_doc_get_root(patch), &keys);
	while ((key = yyjson_mut_obj_iter_next(&keys))) {
		yyjson_mut_val *value = yyjson_mut_val_mut_copy(doc, yyjson_mut_obj_iter_get_val(key));

		if (strcmp(yyjson_mut_get_str(key), "schema") == 0) {
			lost = lost_field(yyjson_mut_obj_get(yyjson_mut_obj_get(root, "schema"), "fields"),
					  yyjson_mut_obj_get(value, "fields"));
		}
		yyjson_mut_obj_put(root, yyjson_mut_strcpy(doc, yyjson_mut_get_str(key)), value);
	}
	if (lost) {
		bq_error(reply, 400, "invalid",
			 "Provided Schema does not match Table demo:%s.%s. Field %s is missing",
			 request->dataset, request->table, lost);
	} else {
		char *body = yyjson_mut_write(doc, 0, NULL);
		bq_exec(fake, "UPDATE tbl SET body = ? WHERE dataset = ? AND id = ?", body, request->dataset,
			request->table, NULL);
		answer_text(reply, body);
	}
	free(there);
	yyjson_doc_free(old);
	yyjson_mut_doc_free(doc);
	yyjson_mut_doc_free(patch);
}

/* One member a row, as the lists of the API: only references. */
static void list(const char *kind, const char *member, sqlite3_stmt *statement, struct bq_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *items;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "kind", kind);
	items = yyjson_mut_obj_add_arr(doc, root, member);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		yyjson_doc *one = yyjson_read(text, strlen(text), 0);

		yyjson_mut_arr_append(items, yyjson_val_mut_copy(doc, yyjson_doc_get_root(one)));
		yyjson_doc_free(one);
	}
	sqlite3_finalize(statement);
	bq_answer(reply, doc);
}

static void drop_table(struct fake_bigquery *fake, const char *dataset, const char *table)
{
	bq_exec(fake, "DELETE FROM tbl WHERE dataset = ? AND id = ?", dataset, table, NULL);
	bq_exec(fake, "DELETE FROM row WHERE dataset = ? AND tbl = ?", dataset, table, NULL);
}

void bq_drop(struct fake_bigquery *fake, const char *dataset, const char *table)
{
	bq_lock(fake);
	drop_table(fake, dataset, table);
	bq_unlock(fake);
}

yyjson_doc *bq_table(struct fake_bigquery *fake, const char *dataset, const char *table)
{
	char *text = text_of_query(
		bq_query(fake, "SELECT body FROM tbl WHERE dataset = ? AND id = ?", dataset, table, NULL));
	yyjson_doc *doc = text ? yyjson_read(text, strlen(text), 0) : NULL;

	free(text);
	return doc;
}

void bq_resources(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
		  struct bq_reply *reply)
{
	switch (verb) {
	case BQ_DATASET_LIST:
		list("bigquery#datasetList", "datasets", bq_query(fake, "SELECT body FROM dataset", NULL),
		     reply);
		break;
	case BQ_DATASET_GET:
		if (!answer_text(reply, text_of_query(bq_query(fake, "SELECT body FROM dataset WHERE id = ?",
							       request->dataset, NULL)))) {
			bq_error(reply, 404, "notFound", "Not found: Dataset demo:%s", request->dataset);
		}
		break;
	case BQ_DATASET_INSERT:
		insert_dataset(fake, request, reply);
		break;
	case BQ_TABLE_LIST:
		list("bigquery#tableList", "tables",
		     bq_query(fake, "SELECT body FROM tbl WHERE dataset = ?", request->dataset, NULL), reply);
		break;
	case BQ_TABLE_GET:
		if (!answer_text(reply, text_of_query(bq_query(
						fake, "SELECT body FROM tbl WHERE dataset = ? AND id = ?",
						request->dataset, request->table, NULL)))) {
			bq_error(reply, 404, "notFound", "Not found: Table demo:%s.%s", request->dataset,
				 request->table);
		}
		break;
	case BQ_TABLE_INSERT:
		insert_table(fake, request, reply);
		break;
	case BQ_TABLE_PATCH:
		patch_table(fake, request, reply);
		break;
	default:
		drop_table(fake, request->dataset, request->table);
	}
}
