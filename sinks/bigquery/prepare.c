/* Before the first row: the dataset, the table and the views, each looked for in turn, made where it is
 * missing and brought up to date where it is an older buildbus's. Where its name is another thing's, the
 * sink stops and says so. */
/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/process.h"
#include "sinks/bigquery/bigquery.h"
#include "sinks/bigquery/columns.h"
#include "sinks/bigquery/views.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 30000

enum { STEP_DATASET, STEP_TABLE, STEP_VIEWS };

static void look(struct bigquery *bigquery);

void bigquery_stop(struct bigquery *bigquery, const char *what, const struct reply *reply)
{
	const struct bigquery_config *config = bigquery->config;
	struct err err;

	switch (reply->kind) {
	case REPLY_FORBIDDEN:
		err_set(&err, ERR_CONFIG,
			"bigquery: %s: the account may not: grant it roles/bigquery.dataEditor on the "
			"dataset "
			"%s (to make one: on the project %s) and roles/bigquery.jobUser on the project: %s",
			what, config->dataset, config->project, reply->text);
		break;
	case REPLY_TOKEN:
		err_set(&err, ERR_CONFIG,
			"bigquery: %s: the account is not accepted: check credentials_file, and that its key "
			"was "
			"not deleted: %s",
			what, reply->text);
		break;
	case REPLY_MISSING:
		err_set(&err, ERR_CONFIG, "bigquery: %s: check project_id and api_url: %s", what,
			reply->text);
		break;
	default:
		err_set(&err, ERR_CONFIG, "bigquery: %s: %s", what, reply->text);
	}
	sink_stop(bigquery->context, ERR_CONFIG, &err);
}

static const char *step_name(const struct bigquery *bigquery)
{
	return bigquery->step == STEP_DATASET ? bigquery->config->dataset
	       : bigquery->step == STEP_TABLE ? COLUMNS_TABLE
					      : views[bigquery->step - STEP_VIEWS].name;
}

static void let_go(struct bigquery *bigquery, const char *why)
{
	size_t count = bigquery->waiting_count;

	bigquery->waiting_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct sink_batch *batch = bigquery->waiting[i];
		if (why) {
			sink_all_retry(batch, 0, why);
		}
		if (why || !bigquery_begin(bigquery, batch)) {
			sink_batch_done(batch);
		}
	}
}

/* Batches that wait drive the next try by their back-off; without any, the alarm does. */
static void put_off(struct bigquery *bigquery, const char *why, int64_t after_ms)
{
	int64_t wait_ms = backoff_ms(bigquery->tries++, RETRY_MIN_MS, RETRY_MAX_MS);

	wait_ms = after_ms > wait_ms ? after_ms : wait_ms;
	bigquery->preparing = false;
	alarm_by(&bigquery->alarm, now_ms() + wait_ms);
	log_warn("bigquery.waiting", STR("sink", bigquery->context->name), STR("why", why),
		 NUM("again_in_ms", wait_ms));
	metrics_health(false, why);
	sink_ready(bigquery->context); /* the others need not wait for a network */
	let_go(bigquery, why);
}

static void on_failed(struct bigquery *bigquery, const char *verb, const struct reply *reply)
{
	char what[200];

	if (reply->kind == REPLY_LATER) {
		put_off(bigquery, reply->text, reply->after_ms);
		return;
	}
	snprintf(what, sizeof what, "%s %s", step_name(bigquery), verb);
	bigquery_stop(bigquery, what, reply);
}

static void stop_for(struct bigquery *bigquery, struct err *err)
{
	err_prefix(err, "bigquery: %s.%s", bigquery->config->dataset, step_name(bigquery));
	sink_stop(bigquery->context, err->status, err);
}

static void next_step(struct bigquery *bigquery)
{
	bigquery->step++;
	if (bigquery->step < STEP_VIEWS || views[bigquery->step - STEP_VIEWS].name) {
		look(bigquery);
		return;
	}
	bigquery->open = true;
	bigquery->preparing = false;
	bigquery->tries = 0;
	log_info("bigquery.ready", STR("sink", bigquery->context->name),
		 STR("dataset", bigquery->config->dataset), STR("location", bigquery->location),
		 STR("table_created", bigquery->created));
	metrics_health(true, NULL);
	sink_ready(bigquery->context);
	let_go(bigquery, bigquery_go_on(bigquery) ? NULL : "the table is another one");
}

/* Sends a body made in the arena. verb: for the sentence of a failure. */
static void send_body(struct bigquery *bigquery, const char *method, const char *path, yyjson_mut_doc *doc,
		      void (*answered)(void *owner, const struct http_answer *answer,
				       const struct reply *reply))
{
	yyjson_alc alc = arena_yyjson(&bigquery->arena);
	struct call_order order = {.method = method, .answered = answered, .owner = bigquery};
	struct err err = {.text = "no memory for a request"};

	order.body = doc ? yyjson_mut_write_opts(doc, 0, &alc, &order.size, NULL) : NULL;
	if ((doc && !order.body) ||
	    call_send(&bigquery->caller, &order, &err, "/bigquery/v2/projects/%s/datasets%s",
		      bigquery->config->project, path ? path : "") != OK) {
		put_off(bigquery, err.text, 0);
	}
}

static void add_labels(yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *labels = yyjson_mut_obj_add_obj(doc, root, "labels");

	yyjson_mut_obj_add_str(doc, labels, "made_by", "buildbus");
}

static void add_reference(const struct bigquery *bigquery, yyjson_mut_doc *doc, yyjson_mut_val *root,
			  const char *name, const char *table)
{
	yyjson_mut_val *reference = yyjson_mut_obj_add_obj(doc, root, name);

	yyjson_mut_obj_add_str(doc, reference, "projectId", bigquery->config->project);
	yyjson_mut_obj_add_str(doc, reference, "datasetId", bigquery->config->dataset);
	if (table) {
		yyjson_mut_obj_add_str(doc, reference, "tableId", table);
	}
}

static void describe_table(yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	yyjson_mut_val *schema = yyjson_mut_obj_add_obj(doc, root, "schema"), *part, *cluster;

	yyjson_mut_obj_add_str(doc, root, "description", COLUMNS_DESCRIPTION);
	yyjson_mut_obj_add_val(doc, schema, "fields", columns_schema(doc));
	part = yyjson_mut_obj_add_obj(doc, root, "timePartitioning");
	yyjson_mut_obj_add_str(doc, part, "type", "DAY");
	yyjson_mut_obj_add_str(doc, part, "field", COLUMNS_PARTITION);
	cluster = yyjson_mut_obj_add_arr(doc, yyjson_mut_obj_add_obj(doc, root, "clustering"), "fields");
	for (const char *const *name = columns_clustering; *name; name++) {
		yyjson_mut_arr_add_str(doc, cluster, *name);
	}
}

static void describe_view(const struct bigquery *bigquery, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	const struct view *view = &views[bigquery->step - STEP_VIEWS];
	yyjson_mut_val *body = yyjson_mut_obj_add_obj(doc, root, "view");
	char *sql = view_sql(view, bigquery->config->project, bigquery->config->dataset);

	yyjson_mut_obj_add_str(doc, root, "description", view->description);
	yyjson_mut_obj_add_strcpy(doc, body, "query", sql ? sql : "");
	yyjson_mut_obj_add_bool(doc, body, "useLegacySql", false);
	free(sql);
}

static void on_made(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct bigquery *bigquery = owner;

	(void)answer;
	if (reply->kind == REPLY_OK || reply->kind == REPLY_EXISTS) {
		look(bigquery); /* as it is now, whoever made it */
	} else {
		on_failed(bigquery, "can't be made", reply);
	}
}

static void make(struct bigquery *bigquery)
{
	yyjson_alc alc = arena_yyjson(&bigquery->arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	bool dataset = bigquery->step == STEP_DATASET;

	yyjson_mut_doc_set_root(doc, root);
	add_reference(bigquery, doc, root, dataset ? "datasetReference" : "tableReference",
		      dataset ? NULL : step_name(bigquery));
	add_labels(doc, root);
	if (dataset) {
		yyjson_mut_obj_add_str(doc, root, "location", bigquery->config->location);
	} else if (bigquery->step == STEP_TABLE) {
		describe_table(doc, root);
	} else {
		describe_view(bigquery, doc, root);
	}
	++*bigquery->numbers.made;
	log_info("bigquery.made", STR("sink", bigquery->context->name), STR("what", step_name(bigquery)));
	send_body(bigquery, "POST",
		  dataset ? NULL : arena_format(&bigquery->arena, "/%s/tables", bigquery->config->dataset),
		  doc, on_made);
}

static void on_extended(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct bigquery *bigquery = owner;

	(void)answer;
	if (reply->kind == REPLY_OK) {
		next_step(bigquery);
	} else {
		on_failed(bigquery, "can't be changed", reply);
	}
}

static void extend(struct bigquery *bigquery, yyjson_mut_doc *doc)
{
	send_body(bigquery, "PATCH",
		  arena_format(&bigquery->arena, "/%s/tables/%s", bigquery->config->dataset,
			       step_name(bigquery)),
		  doc, on_extended);
}

static void check_table(struct bigquery *bigquery, yyjson_val *there)
{
	yyjson_alc alc = arena_yyjson(&bigquery->arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *schema, *fields;
	const char *created = yyjson_get_str(yyjson_obj_get(there, "creationTime"));
	size_t missing = 0;
	struct err err;

	snprintf(bigquery->created, sizeof bigquery->created, "%s", created ? created : "0");
	yyjson_mut_doc_set_root(doc, root);
	schema = yyjson_mut_obj_add_obj(doc, root, "schema");
	fields = yyjson_val_mut_copy(doc, yyjson_obj_get(yyjson_obj_get(there, "schema"), "fields"));
	if (!fields || yyjson_obj_get(there, "view")) {
		err_set(&err, ERR_CONFIG,
			"is there already and is no table with columns: name another dataset");
		stop_for(bigquery, &err);
		return;
	}
	yyjson_mut_obj_add_val(doc, schema, "fields", fields);
	if (columns_merge(doc, fields, &missing, &err) != OK) {
		err_prefix(&err, "the table can't take builds, name another dataset or change the column");
		stop_for(bigquery, &err);
	} else if (missing == 0) {
		next_step(bigquery);
	} else {
		log_info("bigquery.columns_added", STR("sink", bigquery->context->name),
			 NUM("columns", missing));
		extend(bigquery, doc);
	}
}

static void check_view(struct bigquery *bigquery, yyjson_val *there)
{
	const struct view *view = &views[bigquery->step - STEP_VIEWS];
	yyjson_alc alc = arena_yyjson(&bigquery->arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	const char *query = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(there, "view"), "query"));
	char *sql = view_sql(view, bigquery->config->project, bigquery->config->dataset);
	struct err err;

	if (!query) {
		err_set(&err, ERR_CONFIG,
			"is there already and is no view: rename it, or name another dataset");
		stop_for(bigquery, &err);
	} else if (sql && strcmp(query, sql) == 0) {
		next_step(bigquery);
	} else {
		yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
		describe_view(bigquery, doc, yyjson_mut_doc_get_root(doc));
		extend(bigquery, doc);
	}
	free(sql);
}

static void check(struct bigquery *bigquery, yyjson_val *there)
{
	const char *location = yyjson_get_str(yyjson_obj_get(there, "location"));

	if (bigquery->step == STEP_TABLE) {
		check_table(bigquery, there);
	} else if (bigquery->step >= STEP_VIEWS) {
		check_view(bigquery, there);
	} else {
		snprintf(bigquery->location, sizeof bigquery->location, "%s",
			 location ? location : bigquery->config->location);
		next_step(bigquery);
	}
}

static void on_looked(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct bigquery *bigquery = owner;
	yyjson_alc alc = arena_yyjson(&bigquery->arena);
	yyjson_val *root;

	if (reply->kind == REPLY_MISSING && !bigquery->context->bus->dry_run) {
		make(bigquery);
		return;
	}
	if (reply->kind != REPLY_OK) {
		on_failed(bigquery, "can't be read", reply);
		return;
	}
	root = yyjson_doc_get_root(
		yyjson_read_opts((char *)(uintptr_t)answer->body, answer->body_size, 0, &alc, NULL));
	if (yyjson_is_obj(root)) {
		check(bigquery, root);
	} else {
		put_off(bigquery, "the answer is not BigQuery's: check api_url", 0);
	}
}

static void look(struct bigquery *bigquery)
{
	const char *dataset = bigquery->config->dataset;

	arena_reset(&bigquery->arena);
	send_body(bigquery, "GET",
		  bigquery->step == STEP_DATASET
			  ? arena_format(&bigquery->arena, "/%s", dataset)
			  : arena_format(&bigquery->arena, "/%s/tables/%s", dataset, step_name(bigquery)),
		  NULL, on_looked);
}

void prepare_start(struct bigquery *bigquery)
{
	if (!bigquery->preparing && !bigquery->open) {
		bigquery->preparing = true;
		bigquery->step = STEP_DATASET;
		look(bigquery);
	}
}

void prepare_again(struct bigquery *bigquery)
{
	bigquery->open = false;
	prepare_start(bigquery);
}
