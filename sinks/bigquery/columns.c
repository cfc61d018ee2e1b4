/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/columns.h"
#include "common/record.h"

#include <strings.h>

#define COLUMN(key, text)                                                                                    \
	{                                                                                                    \
		.name = (key), .description = (text)                                                         \
	}
#define TIME(key, text)                                                                                      \
	{                                                                                                    \
		.name = (key), .description = (text), .time = true                                           \
	}
#define GROUP(key, text, of)                                                                                 \
	{                                                                                                    \
		.name = (key), .description = (text), .members = (of)                                        \
	}
#define KEY(key, text)                                                                                       \
	{                                                                                                    \
		.name = (key), .description = (text), .required = true                                       \
	}

static struct column attempt_columns[] = {
	COLUMN("attempt", "From 1"),
	COLUMN("state", "queued, running, blocked, finished"),
	COLUMN("result", "success, failure, error, timeout, cancellation, skip"),
	TIME("started_at", "A later attempt never changes it"),
	TIME("finished_at", "Likewise"),
	{.name = NULL},
};

static struct column author_columns[] = {
	COLUMN("name", "Who wrote the commit, else who started the build"),
	COLUMN("email", "Of the same person"),
	COLUMN("login", "At the provider"),
	{.name = NULL},
};

static struct column tests_columns[] = {
	COLUMN("total", "Tests that were counted"),
	COLUMN("passed", "Of them"),
	COLUMN("failed", "Of them"),
	COLUMN("skipped", "Of them"),
	{.name = NULL},
};

static struct column runner_columns[] = {
	COLUMN("name", "The machine or agent"),
	COLUMN("queue", "It was taken from"),
	COLUMN("class", "Its size or image"),
	{.name = NULL},
};

static struct column parallel_columns[] = {
	COLUMN("index", "From 0"),
	COLUMN("total", "How many run beside each other"),
	{.name = NULL},
};

static struct column job_columns[] = {
	COLUMN("id", "The provider's"),
	COLUMN("name", "With the values of its matrix"),
	COLUMN("kind", "script, approval (a person), trigger (starts another build), wait"),
	COLUMN("group", "The workflow or group it belongs to"),
	COLUMN("state", "queued, running, blocked, finished"),
	COLUMN("result", "success, failure, error, timeout, cancellation, skip"),
	COLUMN("provider_state", "The provider's own word, unchanged"),
	COLUMN("soft_failed", "It failed and was allowed to"),
	COLUMN("attempt", "Of this work, from 1"),
	COLUMN("superseded", "A later attempt exists"),
	COLUMN("exit_status", "Of its command"),
	TIME("queued_at", "Since when it could run"),
	TIME("started_at", "When it began to run"),
	TIME("finished_at", "When it ended"),
	COLUMN("queue_ms", "started_at - queued_at, milliseconds, never negative"),
	COLUMN("duration_ms", "finished_at - started_at, milliseconds"),
	GROUP("runner", "Where it ran", runner_columns),
	GROUP("parallel", "Its place among jobs that share the work", parallel_columns),
	COLUMN("url", "For people"),
	{.name = NULL},
};

static struct column build_columns[] = {
	KEY("id", "<provider>/<organization>/<pipeline>/<number>: one build"),
	COLUMN("uid", "The provider's own id of the build, which never changes"),
	COLUMN("provider", "buildkite, circleci ..."),
	COLUMN("organization", "Who owns the pipeline"),
	COLUMN("pipeline", "The pipeline's slug, as it was when this version was seen"),
	COLUMN("number", "Of the build within its pipeline"),
	COLUMN("attempt", "The newest attempt, from 1"),
	GROUP("attempts", "Every attempt, oldest first", attempt_columns),
	COLUMN("state", "queued, running, blocked (waits for a person), finished"),
	COLUMN("result",
	       "Of a finished build: success, failure, error (the machinery), timeout, cancellation, skip"),
	COLUMN("provider_state", "The provider's own word, unchanged"),
	COLUMN("branch", "It was built from"),
	COLUMN("default_branch", "Of the pipeline"),
	COLUMN("tag", "It was built from"),
	COLUMN("commit", "Its hash"),
	COLUMN("message", "Of the commit or the build"),
	GROUP("author", "Who wrote the commit, else who started the build", author_columns),
	COLUMN("trigger", "push, pull_request, schedule, api, manual, upstream (another build), other"),
	COLUMN("pull_request", "Its number"),
	COLUMN("repository", "Its address"),
	TIME("created_at",
	     "When the build (not the attempt) was created; the table is partitioned by its day"),
	TIME("queued_at", "Since when the newest attempt could run"),
	TIME("started_at", "When the newest attempt began to run"),
	TIME("finished_at", "When the newest attempt ended"),
	COLUMN("queue_ms", "started_at - queued_at, milliseconds, never negative"),
	COLUMN("duration_ms", "finished_at - started_at, milliseconds, without the queue"),
	COLUMN("url", "For people"),
	COLUMN("api_url", "In the provider's API"),
	COLUMN("coverage", "0 to 1"),
	GROUP("tests", "Counted by the provider", tests_columns),
	COLUMN("workflow", "Where a provider has several in one build"),
	GROUP("jobs", "Every job, those that were retried too", job_columns),
	KEY("version", "Grows with each row of one id: the newest has the largest"),
	COLUMN("origin", "live, backfill, replay"),
	{.name = NULL},
};

const char *const columns_clustering[] = {"provider", "organization", "pipeline", NULL};

static const struct field *field_of(const struct field *fields, const char *name)
{
	for (; fields->key; fields++) {
		if (strcmp(fields->key, name) == 0) {
			return fields;
		}
	}
	return NULL;
}

static void attach_fields(struct column *columns, const struct field *fields)
{
	for (; columns->name; columns++) {
		columns->field = field_of(fields, columns->name);
		if (columns->members) {
			attach_fields((struct column *)(uintptr_t)columns->members, columns->field->members);
		}
	}
}

const struct column *columns(void)
{
	if (!build_columns[0].field) {
		attach_fields(build_columns, build_fields);
	}
	return build_columns;
}

static const char *type_of(const struct column *column)
{
	switch (column->field->type) {
	case FIELD_INT:
		return column->time ? "TIMESTAMP" : "INTEGER";
	case FIELD_REAL:
		return "FLOAT";
	case FIELD_BOOL:
		return "BOOLEAN";
	case FIELD_GROUP:
	case FIELD_LIST:
		return "RECORD";
	default:
		return "STRING";
	}
}

static const char *mode_of(const struct column *column)
{
	return column->field->type == FIELD_LIST ? "REPEATED" : column->required ? "REQUIRED" : "NULLABLE";
}

static yyjson_mut_val *fields_json(yyjson_mut_doc *doc, const struct column *columns);

static yyjson_mut_val *field_json(yyjson_mut_doc *doc, const struct column *column)
{
	yyjson_mut_val *field = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_str(doc, field, "name", column->name);
	yyjson_mut_obj_add_str(doc, field, "type", type_of(column));
	yyjson_mut_obj_add_str(doc, field, "mode", mode_of(column));
	yyjson_mut_obj_add_str(doc, field, "description", column->description);
	if (column->members) {
		yyjson_mut_obj_add_val(doc, field, "fields", fields_json(doc, column->members));
	}
	return field;
}

static yyjson_mut_val *fields_json(yyjson_mut_doc *doc, const struct column *columns)
{
	yyjson_mut_val *list = yyjson_mut_arr(doc);

	for (; columns->name; columns++) {
		yyjson_mut_arr_append(list, field_json(doc, columns));
	}
	return list;
}

yyjson_mut_val *columns_schema(yyjson_mut_doc *doc)
{
	return fields_json(doc, columns());
}

/* Names of columns are compared without regard to case there. */
static yyjson_mut_val *find(yyjson_mut_val *fields, const char *name)
{
	yyjson_mut_arr_iter iter;
	yyjson_mut_val *field;

	yyjson_mut_arr_iter_init(fields, &iter);
	while ((field = yyjson_mut_arr_iter_next(&iter))) {
		const char *there = yyjson_mut_get_str(yyjson_mut_obj_get(field, "name"));
		if (there && strcasecmp(there, name) == 0) {
			return field;
		}
	}
	return NULL;
}

/* Google answers with the older names or with those of GoogleSQL. */
static bool same_type(const char *there, const char *ours)
{
	static const char *const names[][2] = {
		{"INT64", "INTEGER"}, {"FLOAT64", "FLOAT"}, {"BOOL", "BOOLEAN"}, {"STRUCT", "RECORD"}};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(there, names[i][0]) == 0) {
			there = names[i][1];
		}
	}
	return strcmp(there, ours) == 0;
}

static enum status fits(const struct column *column, yyjson_mut_val *there, struct err *err)
{
	const char *type = yyjson_mut_get_str(yyjson_mut_obj_get(there, "type"));
	const char *mode = yyjson_mut_get_str(yyjson_mut_obj_get(there, "mode"));
	bool repeated = mode && strcmp(mode, "REPEATED") == 0;

	if (!type || !same_type(type, type_of(column)) || repeated != (column->field->type == FIELD_LIST)) {
		return err_set(err, ERR_CONFIG, "%s is %s%s there and must be %s%s", column->name,
			       repeated ? "REPEATED " : "", type ? type : "of no type",
			       column->field->type == FIELD_LIST ? "REPEATED " : "", type_of(column));
	}
	return OK;
}

/* A column of somebody else's that must never be null can't be filled. */
static enum status refuse_foreign(const struct column *columns, yyjson_mut_val *fields, struct err *err)
{
	yyjson_mut_arr_iter iter;
	yyjson_mut_val *field;

	yyjson_mut_arr_iter_init(fields, &iter);
	while ((field = yyjson_mut_arr_iter_next(&iter))) {
		const char *name = yyjson_mut_get_str(yyjson_mut_obj_get(field, "name"));
		const char *mode = yyjson_mut_get_str(yyjson_mut_obj_get(field, "mode"));
		bool ours = false;

		for (const struct column *column = columns; column->name; column++) {
			ours |= name && strcasecmp(name, column->name) == 0;
		}
		if (!ours && mode && strcmp(mode, "REQUIRED") == 0) {
			return err_set(err, ERR_CONFIG, "%s is REQUIRED there, and nothing here fills it",
				       name);
		}
	}
	return OK;
}

/* A column that is added to a table must be NULLABLE: rows without it are there. */
static void add_later(yyjson_mut_doc *doc, yyjson_mut_val *fields, const struct column *column)
{
	yyjson_mut_val *field = field_json(doc, column);

	if (column->required) {
		yyjson_mut_obj_put(field, yyjson_mut_str(doc, "mode"), yyjson_mut_str(doc, "NULLABLE"));
	}
	yyjson_mut_arr_append(fields, field);
}

static enum status merge(yyjson_mut_doc *doc, yyjson_mut_val *fields, const struct column *columns,
			 size_t *missing, struct err *err)
{
	enum status status = refuse_foreign(columns, fields, err);

	for (const struct column *column = columns; status == OK && column->name; column++) {
		yyjson_mut_val *there = find(fields, column->name);
		if (!there) {
			add_later(doc, fields, column);
			++*missing;
			continue;
		}
		status = fits(column, there, err);
		if (status == OK && column->members) {
			status = merge(doc, yyjson_mut_obj_get(there, "fields"), column->members, missing,
				       err);
			if (status != OK) {
				err_prefix(err, "%s", column->name);
			}
		}
	}
	return status;
}

enum status columns_merge(yyjson_mut_doc *doc, yyjson_mut_val *merged, size_t *missing, struct err *err)
{
	*missing = 0;
	return merge(doc, merged, columns(), missing, err);
}
