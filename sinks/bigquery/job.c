/* What became of a load job, and of its rows. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/metrics.h"
#include "sinks/bigquery/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#define LOOK_MIN_MS 200
#define LOOK_MAX_MS 5000
#define REPAIRS     16 /* halving 10,000 rows takes 14 */

void load_settle(struct load *load)
{
	struct bigquery *bigquery = load->bigquery;

	if (bigquery->resumes) {
		bigquery->resumes = false;
		sink_until(bigquery->context, 0);
	}
	load_end(load);
}

bool load_is_whole(const struct load *load)
{
	return !load->bigquery->resumes || sink_until_is_taken(load->bigquery->context);
}

void load_abandon(struct load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		sink_wait(load->rows[i].record, 0);
	}
	load_settle(load);
}

static void on_loaded(struct load *load)
{
	struct bigquery *bigquery = load->bigquery;

	for (size_t i = 0; i < load->count; i++) {
		sink_done(load->rows[i].record, EFFECT_CREATED);
	}
	*bigquery->numbers.rows += (int64_t)load->count;
	*bigquery->numbers.bytes += (int64_t)load->body.size;
	log_info("bigquery.loaded", STR("sink", bigquery->context->name), STR("job", load->job),
		 NUM("rows", load->count), NUM("bytes", load->body.size));
	metrics_health(true, NULL);
	bigquery->well = true;
	if (load_is_whole(load)) {
		bigquery->position.seq = bigquery->note.last;
		load_settle(load);
	} else {
		load_end(load);
	}
}

/* "… in row starting at position 4711: …" counts bytes of the text (facts of load jobs of NDJSON). */
static struct load_row *culprit(const struct load *load, const char *message)
{
	static const char mark[] = "starting at position ";
	const char *at = message ? strstr(message, mark) : NULL;
	size_t low = 0, high = load->count;
	unsigned long long offset;

	if (!at || sscanf(at + sizeof mark - 1, "%llu", &offset) != 1) {
		return NULL;
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (load->rows[middle].offset <= offset) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return load->count ? &load->rows[low] : NULL;
}

/* Takes out the rows that the job names. False: it names none. */
static bool reject_culprits(struct load *load, yyjson_val *errors)
{
	size_t index, count;
	yyjson_val *error;
	bool named = false;

	yyjson_arr_foreach(errors, index, count, error)
	{
		const char *message = yyjson_get_str(yyjson_obj_get(error, "message"));
		struct load_row *row = culprit(load, message);
		if (row) {
			sink_reject(row->record, "BigQuery refuses its row: %.500s", message);
			++*load->bigquery->numbers.refused;
			named = true;
		}
	}
	return named;
}

/* A job from before a crash may have had other rows at these places: it is run anew. */
static void on_bad_rows(struct load *load, yyjson_val *errors, const struct reply *reply)
{
	if (load->bigquery->resumes) {
		load_abandon(load);
		return;
	}
	if (!reject_culprits(load, errors)) {
		load->bigquery->repairs = REPAIRS;
		sink_all_suspect(load->batch, reply->text);
		load_settle(load);
		return;
	}
	for (size_t i = 0; i < load->count; i++) {
		if (load->rows[i].record->verdict != VERDICT_REJECT) {
			sink_wait(load->rows[i].record, 0);
		}
	}
	load_settle(load);
}

/* It loaded nothing: a job loads all or nothing. */
static void on_failed(struct load *load, yyjson_val *status)
{
	struct bigquery *bigquery = load->bigquery;
	yyjson_val *error = yyjson_obj_get(status, "errorResult");
	struct reply reply;

	reply_of_job(yyjson_get_str(yyjson_obj_get(error, "reason")),
		     yyjson_get_str(yyjson_obj_get(error, "message")), &reply);
	++*bigquery->numbers.jobs_failed;
	load_may_come(bigquery, 0);
	log_warn("bigquery.job_failed", STR("sink", bigquery->context->name), STR("job", load->job),
		 STR("why", reply.text));
	switch (reply.kind) {
	case REPLY_INVALID:
	case REPLY_TOO_LARGE:
		on_bad_rows(load, yyjson_obj_get(status, "errors"), &reply);
		break;
	case REPLY_FORBIDDEN:
	case REPLY_TOKEN:
		bigquery_stop(bigquery, "a load job was refused", &reply);
		break;
	default:
		if (reply.kind == REPLY_MISSING) {
			prepare_again(bigquery);
		}
		sink_all_retry(load->batch, reply.after_ms, reply.text);
		load_settle(load);
	}
}

static int64_t look_ms(unsigned looks)
{
	int64_t ms = looks < 8 ? (int64_t)LOOK_MIN_MS << looks : LOOK_MAX_MS;

	return ms < LOOK_MAX_MS ? ms : LOOK_MAX_MS;
}

void load_judge(struct load *load, const struct http_answer *answer)
{
	yyjson_doc *doc = yyjson_read(answer->body, answer->body_size, 0);
	yyjson_val *status = yyjson_obj_get(yyjson_doc_get_root(doc), "status");
	const char *state = yyjson_get_str(yyjson_obj_get(status, "state"));

	if (!state || strcmp(state, "DONE") != 0) {
		load_ask_in(load, look_ms(load->looks++));
	} else if (yyjson_obj_get(status, "errorResult")) {
		on_failed(load, status);
	} else {
		on_loaded(load);
	}
	yyjson_doc_free(doc);
}
