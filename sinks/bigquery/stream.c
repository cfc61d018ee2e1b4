/* One batch as one insertAll. A version that is sent twice may be there twice: the view `builds` takes one.
 */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "sinks/bigquery/bigquery.h"
#include "sinks/bigquery/columns.h"
#include "sinks/bigquery/row.h"

#include <stdio.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#define BODY_MAX (9 << 20) /* Google refuses 10 MiB */

struct stream {
	struct bigquery *bigquery;
	struct sink_batch *batch;
	struct sink_record **rows; /* in the order of the request */
	size_t count;
	char *body;
	size_t size, capacity;
};

static void stream_free(struct stream *stream)
{
	free(stream->rows);
	free(stream->body);
	free(stream);
}

static bool append(struct stream *stream, const char *bytes, size_t size)
{
	if (stream->capacity - stream->size < size) {
		size_t capacity = stream->capacity + stream->capacity / 2 + size;
		char *larger = realloc(stream->body, capacity);
		if (!larger) {
			return false;
		}
		stream->body = larger;
		stream->capacity = capacity;
	}
	memcpy(stream->body + stream->size, bytes, size);
	stream->size += size;
	return true;
}

static bool append_text(struct stream *stream, const char *text)
{
	return append(stream, text, strlen(text));
}

/* insertId: at most 128 characters; the same for the same version, so that the service may drop what comes
 * twice within a minute. */
static bool add_row(struct stream *stream, struct sink_record *record)
{
	const struct build *build = &record->build;
	XXH128_hash_t hash = XXH3_128bits(build->id.at, build->id.size);
	struct text row;
	struct err err;
	char id[120];

	if (row_write(build, &stream->batch->arena, &row, &err) != OK) {
		sink_reject(record, "%s", err.text);
		return true;
	}
	if (stream->count > 0 && stream->size + row.size > BODY_MAX) {
		sink_wait(record, 0); /* no room in this request */
		return true;
	}
	snprintf(id, sizeof id, "%s{\"insertId\":\"%016llx%016llx-%lld\",\"json\":", stream->count ? "," : "",
		 (unsigned long long)hash.high64, (unsigned long long)hash.low64, (long long)build->version);
	stream->rows[stream->count++] = record;
	return append_text(stream, id) && append(stream, row.at, row.size) && append_text(stream, "}");
}

/* skipInvalidRows: one bad row must not stop the others. */
static bool write_body(struct stream *stream)
{
	bool good = append_text(stream, "{\"skipInvalidRows\":true,\"ignoreUnknownValues\":false,\"rows\":[");

	for (size_t i = 0; good && i < stream->batch->count; i++) {
		good = add_row(stream, &stream->batch->records[i]);
	}
	return good && append_text(stream, "]}");
}

static void judge_row(struct stream *stream, yyjson_val *entry)
{
	uint64_t index = yyjson_get_uint(yyjson_obj_get(entry, "index"));
	yyjson_val *error = yyjson_arr_get_first(yyjson_obj_get(entry, "errors"));
	const char *reason = yyjson_get_str(yyjson_obj_get(error, "reason"));
	const char *message = yyjson_get_str(yyjson_obj_get(error, "message"));
	const char *location = yyjson_get_str(yyjson_obj_get(error, "location"));
	struct sink_record *record;

	if (!yyjson_is_uint(yyjson_obj_get(entry, "index")) || index >= stream->count) {
		return;
	}
	record = stream->rows[index];
	if (reason && strcmp(reason, "invalid") == 0) {
		sink_reject(record, "BigQuery refuses its row: %s%s%.500s", location ? location : "",
			    location && *location ? ": " : "", message ? message : "no message");
		++*stream->bigquery->numbers.refused;
	} else if (reason && strcmp(reason, "stopped") == 0) {
		sink_wait(record, 0);
	} else {
		sink_retry(record, 0, "%s: %.500s", reason ? reason : "no reason", message ? message : "");
	}
}

static void judge(struct stream *stream, const struct http_answer *answer)
{
	yyjson_doc *doc = yyjson_read(answer->body, answer->body_size, 0);
	yyjson_val *root = yyjson_doc_get_root(doc), *entry;
	size_t index, count, done = 0;

	if (!yyjson_is_obj(root)) {
		sink_all_retry(stream->batch, 0, "the answer is not BigQuery's: check api_url");
		yyjson_doc_free(doc);
		return;
	}
	for (size_t i = 0; i < stream->count; i++) {
		sink_done(stream->rows[i], EFFECT_CREATED);
	}
	yyjson_arr_foreach(yyjson_obj_get(root, "insertErrors"), index, count, entry)
	{
		judge_row(stream, entry);
	}
	for (size_t i = 0; i < stream->count; i++) {
		done += stream->rows[i]->verdict == VERDICT_DONE;
	}
	*stream->bigquery->numbers.rows += (int64_t)done;
	*stream->bigquery->numbers.bytes += (int64_t)stream->size;
	yyjson_doc_free(doc);
}

static void on_answer(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct stream *stream = owner;
	struct sink_batch *batch = stream->batch;

	switch (reply->kind) {
	case REPLY_OK:
		judge(stream, answer);
		break;
	case REPLY_TOO_LARGE:
		stream->size < SMALL_BYTES ? sink_all_retry(batch, 0, reply->text)
					   : sink_all_suspect(batch, reply->text);
		break;
	case REPLY_INVALID:
		sink_all_suspect(batch, reply->text);
		break;
	case REPLY_MISSING:
		prepare_again(stream->bigquery);
		sink_all_retry(batch, 0, reply->text);
		break;
	case REPLY_FORBIDDEN:
	case REPLY_TOKEN:
		bigquery_stop(stream->bigquery, "rows can't be inserted", reply);
		return;
	default:
		sink_all_retry(batch, reply->after_ms, reply->text);
	}
	stream_free(stream);
	sink_batch_done(batch);
}

static void on_noted(void *user)
{
	(void)user;
}

void stream_attached(struct bigquery *bigquery)
{
	char text[NOTE_MAX];
	size_t size;

	if (bigquery->open && bigquery->position.epoch &&
	    strcmp(bigquery->note.table, bigquery->created) != 0) {
		snprintf(bigquery->note.table, sizeof bigquery->note.table, "%s", bigquery->created);
		size = note_write(&bigquery->note, text);
		/* Without memory the next session tells it. */
		(void)!sink_note(bigquery->context, (struct text){text, size}, on_noted, NULL);
	}
}

bool stream_start(struct bigquery *bigquery, struct sink_batch *batch)
{
	const struct bigquery_config *config = bigquery->config;
	struct stream *stream = calloc(1, sizeof *stream);
	struct call_order order = {.method = "POST", .answered = on_answer, .owner = stream};
	struct err err = {.text = "no memory for rows"};
	bool sent = false;

	if (stream) {
		*stream = (struct stream){.bigquery = bigquery, .batch = batch};
		stream->rows = calloc(batch->count, sizeof *stream->rows);
	}
	if (stream && stream->rows && write_body(stream)) {
		order.body = stream->body;
		order.size = stream->size;
		sent = stream->count > 0 &&
		       call_send(&bigquery->caller, &order, &err,
				 "/bigquery/v2/projects/%s/datasets/%s/tables/%s/insertAll", config->project,
				 config->dataset, COLUMNS_TABLE) == OK;
	}
	*bigquery->numbers.requests += sent;
	if (!sent) {
		for (size_t i = 0; i < batch->count; i++) {
			if (batch->records[i].verdict != VERDICT_REJECT) {
				sink_retry(&batch->records[i], 0, "%s", err.text);
			}
		}
	}
	if (!sent && stream) {
		stream_free(stream);
	}
	return sent;
}
