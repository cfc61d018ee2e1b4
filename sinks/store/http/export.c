/* Piece by piece: each has a short transaction of its own, so that neither a slow client nor a large file
 * holds back the sink, and begins behind the last build of the piece before. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/csv.h"
#include "sinks/store/http/parameters.h"
#include "sinks/store/http/question.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 64 * 1024, PIECE_MS = 200 };

enum form { FORM_NDJSON, FORM_NDJSON_JOBS, FORM_CSV };

struct dump {
	struct dashboard *dashboard;
	struct MHD_Connection *connection;
	enum form form;
	struct filter filter;
	char *branch, *search; /* texts of the filter */
	struct walk_place place;
	bool begun, ended;
	/* What the client has not taken yet. */
	char *piece;
	size_t size, taken;
};

static void put_json(FILE *out, yyjson_mut_val *record)
{
	size_t size;
	char *text = yyjson_mut_val_write(record, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &size);

	if (text) {
		fwrite(text, 1, size, out);
		fputc('\n', out);
	}
	free(text);
}

static void put_record(const struct dump *dump, FILE *out, struct question *question, int64_t build)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *record =
		reader_light(question->reader, build, doc, &question->status, &question->err);
	const char *id = yyjson_mut_get_str(yyjson_mut_obj_get(record, "id"));

	if (id && dump->form == FORM_NDJSON_JOBS) {
		record = builds_one(question->reader, text_of(id), doc, &question->status, &question->err);
	}
	if (record && dump->form == FORM_CSV) {
		csv_put_record(out, record);
	} else if (record) {
		put_json(out, record);
	}
	yyjson_mut_doc_free(doc);
}

static void put_piece(struct dump *dump, FILE *out, struct question *question)
{
	struct walk walk;
	struct run run;
	bool more = false;

	question->status = walk_open(&walk, question->reader, &dump->filter, dump->place, &question->err);
	reader_limit(question->reader, PIECE_MS);
	while (question->status == OK && ftell(out) < PIECE_BYTES &&
	       (more = walk_next(&walk, &run, &question->status, &question->err))) {
		put_record(dump, out, question, run.place.build);
	}
	dump->ended = !more && !question->reader->late;
	dump->place = walk.passed;
	walk_close(&walk);
}

/* False: it can't be gone on with. */
static bool next_piece(struct dump *dump)
{
	struct question question;
	FILE *out;
	bool good = false;

	free(dump->piece);
	dump->piece = NULL;
	dump->size = dump->taken = 0;
	out = open_memstream(&dump->piece, &dump->size);
	if (!out) {
		return false;
	}
	crowd_active(&dump->dashboard->crowd, dump->connection, false);
	if (!dump->begun && dump->form == FORM_CSV) {
		csv_put_header(out);
	}
	dump->begun = true;
	if (question_open(&question, dump->dashboard)) {
		put_piece(dump, out, &question);
		good = question.status == OK;
	}
	question_close(&question, dump->dashboard);
	return fclose(out) == 0 && good;
}

static ssize_t on_more(void *arg, uint64_t position, char *buffer, size_t room)
{
	struct dump *dump = arg;
	size_t size;

	(void)position;
	if (dump->taken == dump->size && !dump->ended && !next_piece(dump)) {
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	size = dump->size - dump->taken;
	if (size == 0) {
		return dump->ended ? MHD_CONTENT_READER_END_OF_STREAM : 0;
	}
	size = size < room ? size : room;
	memcpy(buffer, dump->piece + dump->taken, size);
	dump->taken += size;
	return (ssize_t)size;
}

static void dump_free(void *arg)
{
	struct dump *dump = arg;

	if (!dump) {
		return;
	}
	free(dump->piece);
	free(dump->branch);
	free(dump->search);
	free(dump);
}

/* The parameters are the connection's, which may be gone before the stream is. */
static bool own(struct text *text, char **copy)
{
	*copy = text->at ? strndup(text->at, text->size) : NULL;
	if (text->at && !*copy) {
		return false;
	}
	text->at = *copy;
	return true;
}

static enum status dump_new(struct dump **out, struct request *request, enum form form, struct err *err)
{
	struct dump *dump = calloc(1, sizeof *dump);
	struct question question;
	struct builds_ask ask;
	enum status status;

	*out = dump;
	if (!dump) {
		return err_sys(err, "memory for an export");
	}
	dump->dashboard = request->dashboard;
	dump->connection = request->connection;
	dump->form = form;
	dump->place = WALK_START;
	status = question_open(&question, request->dashboard) ? OK : question.err.status;
	*err = question.err;
	status = status == OK ? parameters_builds(request, question.reader, &ask, err) : status;
	status = status == OK ? filter_words(&ask.filter, question.reader, ask.author, err) : status;
	question_close(&question, request->dashboard);
	if (status == OK) {
		dump->filter = ask.filter;
	}
	return status == OK && (!own(&dump->filter.scope.branch, &dump->branch) ||
				!own(&dump->filter.search, &dump->search))
		       ? err_sys(err, "memory for an export")
		       : status;
}

static enum MHD_Result answer_dump(struct request *request, enum form form)
{
	static const char *const types[] = {"application/x-ndjson", "application/x-ndjson",
					    "text/csv; charset=utf-8; header=present"};
	static const char *const names[] = {"attachment; filename=\"builds.ndjson\"",
					    "attachment; filename=\"builds.ndjson\"",
					    "attachment; filename=\"builds.csv\""};
	struct dump *dump;
	struct MHD_Response *response;
	struct err err = {0};
	enum MHD_Result result;

	/* A piece, and what the server copies of it. */
	if (!crowd_may_hold(&request->dashboard->crowd, request->connection, 2 * (size_t)PIECE_BYTES)) {
		return answer_full(request);
	}
	if (dump_new(&dump, request, form, &err) != OK) {
		result = answer_failure(request, &err);
		dump_free(dump);
		return result;
	}
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, on_more, dump, dump_free);
	if (!response) {
		dump_free(dump);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, types[form]);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, names[form]);
	return answer_response(request, MHD_HTTP_OK, response);
}

enum MHD_Result export_ndjson(struct request *request)
{
	const char *jobs = request_parameter(request, "jobs");

	return answer_dump(request, jobs && strcmp(jobs, "true") == 0 ? FORM_NDJSON_JOBS : FORM_NDJSON);
}

enum MHD_Result export_csv(struct request *request)
{
	return answer_dump(request, FORM_CSV);
}
