/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/columns.h"
#include "sinks/bigquery/load.h"
#include "sinks/bigquery/row.h"

#include <stdlib.h>

#define ROW_ARENA_MAX (64 << 20)

static const char head_format[] = "--" LOAD_BOUNDARY "\r\n"
				  "Content-Type: application/json; charset=UTF-8\r\n\r\n%s\r\n"
				  "--" LOAD_BOUNDARY "\r\n"
				  "Content-Type: application/octet-stream\r\n\r\n";
static const char tail[] = "\r\n--" LOAD_BOUNDARY "--\r\n";

static void add_target(const struct bigquery_config *config, yyjson_mut_doc *doc, yyjson_mut_val *load)
{
	yyjson_mut_val *table = yyjson_mut_obj_add_obj(doc, load, "destinationTable");

	yyjson_mut_obj_add_str(doc, table, "projectId", config->project);
	yyjson_mut_obj_add_str(doc, table, "datasetId", config->dataset);
	yyjson_mut_obj_add_str(doc, table, "tableId", COLUMNS_TABLE);
}

/* The job: all rows or none, into the table that is there. */
static const char *metadata(const struct load *load, struct arena *arena)
{
	const struct bigquery *bigquery = load->bigquery;
	yyjson_alc alc = arena_yyjson(arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *part, *configuration;

	yyjson_mut_doc_set_root(doc, root);
	part = yyjson_mut_obj_add_obj(doc, root, "jobReference");
	yyjson_mut_obj_add_str(doc, part, "projectId", bigquery->config->project);
	yyjson_mut_obj_add_str(doc, part, "jobId", load->job);
	yyjson_mut_obj_add_str(doc, part, "location", bigquery->location);
	configuration = yyjson_mut_obj_add_obj(doc, root, "configuration");
	part = yyjson_mut_obj_add_obj(doc, configuration, "labels");
	yyjson_mut_obj_add_str(doc, part, "made_by", "buildbus");
	part = yyjson_mut_obj_add_obj(doc, configuration, "load");
	add_target(bigquery->config, doc, part);
	yyjson_mut_obj_add_str(doc, part, "sourceFormat", "NEWLINE_DELIMITED_JSON");
	yyjson_mut_obj_add_str(doc, part, "writeDisposition", "WRITE_APPEND");
	yyjson_mut_obj_add_str(doc, part, "createDisposition", "CREATE_NEVER");
	yyjson_mut_obj_add_int(doc, part, "maxBadRecords", 0);
	return yyjson_mut_write_opts(doc, 0, &alc, NULL, NULL);
}

static enum status add_row(struct load *load, struct sink_record *record, struct arena *arena,
			   struct err *err)
{
	const struct bigquery *bigquery = load->bigquery;
	struct text row;
	enum status status;

	if (bigquery->resumes && record->seq < bigquery->note.first) {
		sink_done(record, EFFECT_UNCHANGED); /* settled before the range was announced */
		return OK;
	}
	status = row_write(&record->build, arena, &row, err);

	if (status == ERR_DATA) {
		sink_reject(record, "%s", err->text);
		return OK;
	}
	if (status != OK) {
		return status;
	}
	load->rows[load->count++] = (struct load_row){load->body.taken, record};
	status = gzip_add(&load->body, row.at, row.size, err);
	return status == OK ? gzip_add(&load->body, "\n", 1, err) : status;
}

static enum status add_head(struct load *load, struct arena *arena, struct err *err)
{
	const char *job = metadata(load, arena);
	const char *head = job ? arena_format(arena, head_format, job) : NULL;

	return head ? gzip_raw(&load->body, head, strlen(head), err) : err_sys(err, "memory for a load job");
}

enum status load_body(struct load *load, struct err *err)
{
	struct arena arena;
	enum status status = gzip_open(&load->body, err);

	arena_init(&arena, ROW_ARENA_MAX);
	load->rows = calloc(load->batch->count, sizeof *load->rows);
	if (status == OK && !load->rows) {
		status = err_sys(err, "memory for a load job");
	}
	if (status == OK) {
		status = add_head(load, &arena, err);
	}
	for (size_t i = 0; status == OK && i < load->batch->count; i++) {
		arena_reset(&arena);
		status = add_row(load, &load->batch->records[i], &arena, err);
	}
	arena_fini(&arena);
	if (status == OK) {
		status = gzip_end(&load->body, err);
	}
	return status == OK ? gzip_raw(&load->body, tail, sizeof tail - 1, err) : status;
}
