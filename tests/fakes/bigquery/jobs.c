/* Load jobs: the work is done at once, the state says RUNNING until job_ms have gone by. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Heap with a NUL behind; data that isn't gzip is copied. */
static char *inflated(const char *data, size_t size, size_t *out_size)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)size};
	char *out = NULL;
	int code = Z_OK;

	*out_size = 0;
	if (size < 2 || (unsigned char)data[0] != 0x1f || (unsigned char)data[1] != 0x8b) {
		out = malloc(size + 1);
		memcpy(out, data, size);
		out[ *out_size = size] = '\0';
		return out;
	}
	cr_assert(inflateInit2(&stream, 15 + 16) == Z_OK);
	while (code == Z_OK) {
		out = realloc(out, *out_size + (1 << 20) + 1);
		stream.next_out = (Bytef *)out + *out_size;
		stream.avail_out = 1 << 20;
		code = inflate(&stream, Z_NO_FLUSH);
		*out_size += (1 << 20) - stream.avail_out;
	}
	inflateEnd(&stream);
	cr_assert(code == Z_STREAM_END, "the gzip of a load job is broken: %d", code);
	out[*out_size] = '\0';
	return out;
}

static void add_error(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *reason, const char *message)
{
	yyjson_mut_val *error = yyjson_mut_arr_add_obj(doc, list);

	yyjson_mut_obj_add_strcpy(doc, error, "reason", reason);
	yyjson_mut_obj_add_strcpy(doc, error, "message", message);
}

/* The errors of a job as JSON, heap: the first one is its errorResult. */
static char *errors_json(const char *reason, const char *message, const char *culprit)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *list = yyjson_mut_arr(doc);
	char *text;

	yyjson_mut_doc_set_root(doc, list);
	add_error(doc, list, reason, message);
	if (culprit) {
		add_error(doc, list, reason, culprit);
	}
	text = yyjson_mut_write(doc, 0, NULL);
	yyjson_mut_doc_free(doc);
	return text;
}

/* Why a line can't be loaded, heap; NULL: it can. */
static char *line_error(const struct fake_bigquery *fake, yyjson_val *fields, const char *line, size_t size,
			ptrdiff_t position, size_t number)
{
	yyjson_doc *row = yyjson_read(line, size, YYJSON_READ_ALLOW_INVALID_UNICODE);
	struct bq_fault fault;
	bool fits = bq_row_fits(fake, fields, yyjson_doc_get_root(row), &fault);
	char message[300], culprit[900];

	yyjson_doc_free(row);
	if (fits) {
		return NULL;
	}
	snprintf(
		message, sizeof message,
		"Error while reading data, error message: JSON table encountered too many errors, giving up. "
		"Rows: %zu; errors: 1. Please look into the errors[] collection for more details.",
		number);
	snprintf(culprit, sizeof culprit,
		 "Error while reading data, error message: JSON parsing error in row starting at position "
		 "%td: %s "
		 "Field: %s",
		 position, fault.message, fault.location);
	return errors_json("invalid", message, fake->names_nobody ? NULL : culprit);
}

/* Each line is a row. Returns why not, heap; NULL: all are stored. */
static char *load_rows(struct fake_bigquery *fake, const char *job, const char *dataset, const char *table,
		       yyjson_val *fields, char *lines)
{
	char *line = lines, *error = NULL;

	for (size_t number = 1; *line && !error; number++) {
		char *end = strchrnul(line, '\n');
		bool last = *end == '\0';

		error = line_error(fake, fields, line, (size_t)(end - line), line - lines, number);
		*end = '\0';
		if (!error) {
			bq_exec(fake, "INSERT INTO row(dataset, tbl, job, body) VALUES(?, ?, ?, ?)", dataset,
				table, job, line, NULL);
		}
		line = last ? end : end + 1;
	}
	return error;
}

static char *try_load(struct fake_bigquery *fake, const char *job, yyjson_val *load, const char *data,
		      size_t size)
{
	yyjson_val *where = yyjson_obj_get(load, "destinationTable");
	const char *dataset = yyjson_get_str(yyjson_obj_get(where, "datasetId"));
	const char *table = yyjson_get_str(yyjson_obj_get(where, "tableId"));
	yyjson_doc *there = bq_table(fake, dataset, table);
	yyjson_val *fields = yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(there), "schema"), "fields");
	size_t lines_size;
	char *lines, *error;

	if (!there) {
		return errors_json("notFound", "Not found: Table demo:ci.build_events was not found", NULL);
	}
	if (fake->job.times != 0) {
		fake->job.times -= fake->job.times > 0;
		yyjson_doc_free(there);
		return errors_json(fake->job.reason, fake->job.message, NULL);
	}
	if (bq_draw(fake)) {
		yyjson_doc_free(there);
		return errors_json("backendError",
				   "Error encountered during execution. Retrying may solve it.", NULL);
	}
	lines = inflated(data, size, &lines_size);
	bq_exec(fake, "SAVEPOINT load", NULL);
	error = load_rows(fake, job, dataset, table, fields, lines);
	bq_exec(fake, error ? "ROLLBACK TO load" : "RELEASE load", NULL);
	if (error) {
		bq_exec(fake, "RELEASE load", NULL);
	}
	free(lines);
	yyjson_doc_free(there);
	return error;
}

static void show_job(sqlite3_stmt *row, struct bq_reply *reply)
{
	const char *text = (const char *)sqlite3_column_text(row, 0);
	const char *error = (const char *)sqlite3_column_text(row, 2);
	bool done = sqlite3_column_int64(row, 1) <= clock_ms();
	yyjson_doc *body = yyjson_read(text, strlen(text), 0);
	yyjson_doc *errors = done && error ? yyjson_read(error, strlen(error), 0) : NULL;
	yyjson_mut_doc *doc = yyjson_doc_mut_copy(body, NULL);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *status, *statistics;

	yyjson_mut_obj_add_str(doc, root, "kind", "bigquery#job");
	status = yyjson_mut_obj_add_obj(doc, root, "status");
	yyjson_mut_obj_add_str(doc, status, "state", done ? "DONE" : "RUNNING");
	if (errors) {
		yyjson_val *list = yyjson_doc_get_root(errors);
		yyjson_mut_obj_add_val(doc, status, "errorResult",
				       yyjson_val_mut_copy(doc, yyjson_arr_get_first(list)));
		yyjson_mut_obj_add_val(doc, status, "errors", yyjson_val_mut_copy(doc, list));
	}
	statistics = yyjson_mut_obj_add_obj(doc, root, "statistics");
	yyjson_mut_obj_add_str(doc, statistics, "creationTime", "1767225600000");
	bq_answer(reply, doc);
	yyjson_doc_free(errors);
	yyjson_doc_free(body);
}

static bool answer_job(struct fake_bigquery *fake, const char *id, struct bq_reply *reply)
{
	sqlite3_stmt *row = bq_query(fake, "SELECT body, done_at, error FROM job WHERE id = ?", id, NULL);
	bool there = sqlite3_step(row) == SQLITE_ROW;

	if (there) {
		show_job(row, reply);
	}
	sqlite3_finalize(row);
	return there;
}

static void note_time(struct fake_bigquery *fake)
{
	if (fake->load_count < (int)(sizeof fake->load_times / sizeof *fake->load_times)) {
		fake->load_times[fake->load_count++] = clock_ms();
	}
}

void bq_load(struct fake_bigquery *fake, const char *metadata, size_t metadata_size, const char *data,
	     size_t size, struct bq_reply *reply)
{
	yyjson_doc *doc = yyjson_read(metadata, metadata_size, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);
	yyjson_val *load = yyjson_obj_get(yyjson_obj_get(root, "configuration"), "load");
	const char *id = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(root, "jobReference"), "jobId"));
	char number[32], *body, *error;

	if (!load || !id) {
		bq_error(reply, 400, "required", "Required parameter is missing");
		yyjson_doc_free(doc);
		return;
	}
	if (answer_job(fake, id, reply)) {
		bq_error(reply, 409, "duplicate", "Already Exists: Job demo:US.%s", id);
		yyjson_doc_free(doc);
		return;
	}
	note_time(fake);
	error = try_load(fake, id, load, data, size);
	fake->upload_bytes += (int64_t)size;
	snprintf(number, sizeof number, "%lld", (long long)(clock_ms() + fake->job_ms));
	body = yyjson_write(doc, 0, NULL);
	bq_exec(fake, "INSERT INTO job(id, body, done_at) VALUES(?, ?, ?)", id, body, number, NULL);
	if (error) {
		bq_exec(fake, "UPDATE job SET error = ? WHERE id = ?", error, id, NULL);
	}
	answer_job(fake, id, reply);
	free(error);
	free(body);
	yyjson_doc_free(doc);
}

void bq_jobs(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
	     struct bq_reply *reply)
{
	if (verb == BQ_JOB_GET) {
		if (!answer_job(fake, request->job, reply)) {
			bq_error(reply, 404, "notFound", "Not found: Job demo:%s", request->job);
		}
	} else {
		bq_error(reply, 400, "notImplemented", "This service runs load jobs of uploads only");
	}
}
