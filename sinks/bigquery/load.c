/* Announced at the hub, sent, asked for until it is done. From the announcement on the job's fate is unknown
 * until the service tells it: whatever fails on the way is tried again under the same job id, which the
 * service runs once. */
/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/load.h"
#include "common/backoff.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/process.h"
#include "sinks/bigquery/columns.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 60000

static void submit(struct load *load);
static void ask(struct load *load);

static void on_alarm(void *context)
{
	struct load *load = context;

	load->due(load);
}

static void in(struct load *load, int64_t ms, void (*due)(struct load *load))
{
	load->due = due;
	alarm_by(&load->alarm, now_ms() + ms);
}

void load_ask_in(struct load *load, int64_t ms)
{
	in(load, ms, ask);
}

/* Nothing is known: the same again. */
static void again(struct load *load, const struct reply *reply, void (*due)(struct load *load))
{
	int64_t wait_ms = backoff_ms(load->tries++, RETRY_MIN_MS, RETRY_MAX_MS);

	wait_ms = reply->after_ms > wait_ms ? reply->after_ms : wait_ms;
	log_warn("bigquery.retry", STR("sink", load->bigquery->context->name), STR("job", load->job),
		 STR("why", reply->text), NUM("retry_ms", wait_ms));
	metrics_health(false, reply->text);
	in(load, wait_ms, due);
}

static void on_refused(struct load *load, const struct reply *reply)
{
	switch (reply->kind) {
	case REPLY_TOO_LARGE:
		if (load->body.size < SMALL_BYTES) {
			again(load, reply, submit);
			break;
		}
		sink_all_suspect(load->batch, reply->text);
		load_settle(load);
		break;
	case REPLY_MISSING: /* the table: nothing was loaded */
		prepare_again(load->bigquery);
		sink_all_retry(load->batch, 0, reply->text);
		load_settle(load);
		break;
	default:
		bigquery_stop(load->bigquery, "a load job was refused", reply);
	}
}

static void on_asked(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct load *load = owner;

	switch (reply->kind) {
	case REPLY_OK:
		load->tries = 0;
		load_judge(load, answer);
		break;
	case REPLY_MISSING: /* never sent, or not yet seen everywhere: sending the same again is harmless */
		load_is_whole(load) ? again(load, reply, submit) : load_abandon(load);
		break;
	case REPLY_LATER:
		again(load, reply, ask);
		break;
	default:
		bigquery_stop(load->bigquery, "a load job can't be looked up", reply);
	}
}

static void ask(struct load *load)
{
	struct bigquery *bigquery = load->bigquery;
	const struct call_order order = {.method = "GET", .answered = on_asked, .owner = load};
	struct err err;

	if (call_send(&bigquery->caller, &order, &err, "/bigquery/v2/projects/%s/jobs/%s?location=%s",
		      bigquery->config->project, load->job, bigquery->location) != OK) {
		in(load, RETRY_MAX_MS, ask);
	}
}

static void on_submitted(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct load *load = owner;

	switch (reply->kind) {
	case REPLY_OK:
		load->tries = 0;
		load_judge(load, answer);
		break;
	case REPLY_EXISTS: /* an earlier try had arrived */
		ask(load);
		break;
	case REPLY_LATER:
		again(load, reply, submit);
		break;
	default:
		on_refused(load, reply);
	}
}

static void submit(struct load *load)
{
	struct bigquery *bigquery = load->bigquery;
	const struct call_order order = {
		.method = "POST",
		.type = "multipart/related; boundary=" LOAD_BOUNDARY,
		.body = load->body.bytes,
		.size = load->body.size,
		.answered = on_submitted,
		.owner = load,
	};
	struct err err;

	if (!bigquery->open) {
		in(load, RETRY_MIN_MS, submit);
		return;
	}
	++*bigquery->numbers.jobs;
	if (call_send(&bigquery->caller, &order, &err,
		      "/upload/bigquery/v2/projects/%s/jobs?uploadType=multipart",
		      bigquery->config->project) != OK) {
		in(load, RETRY_MAX_MS, submit);
	}
}

void load_end(struct load *load)
{
	struct bigquery *bigquery = load->bigquery;
	struct sink_batch *batch = load->batch;

	load_free(bigquery);
	sink_batch_done(batch);
}

static void on_noted(void *user)
{
	struct bigquery *bigquery = user;

	if (bigquery->load) {
		submit(bigquery->load);
	}
}

static int64_t last_seq(const struct sink_batch *batch)
{
	return batch->records[batch->count - 1].seq;
}

void load_may_come(struct bigquery *bigquery, int64_t ms)
{
	int64_t wait_ms = pace_wait_ms(&bigquery->note.pace, wall_ms());

	sink_not_before(bigquery->context, now_ms() + (wait_ms > ms ? wait_ms : ms));
}

static void name_job(struct load *load)
{
	const struct bigquery_config *config = load->bigquery->config;
	char table[1300];

	snprintf(table, sizeof table, "%s.%s.%s", config->project, config->dataset, COLUMNS_TABLE);
	note_job(&load->bigquery->note, table, load->job);
}

/* Unless all went well every announcement has another `try`: ranges may come back after they were halved, and
 * a job id that failed is used up. */
static void announce_range(struct load *load)
{
	struct bigquery *bigquery = load->bigquery;
	struct note *note = &bigquery->note;
	struct note range = {.epoch = load->batch->epoch,
			     .first = load->batch->records[0].seq,
			     .last = last_seq(load->batch),
			     .try = bigquery->well ? 0 : note->try + 1,
			     .pace = note->pace};

	bigquery->well = false;
	snprintf(range.table, sizeof range.table, "%s", bigquery->created);
	*note = range;
	pace_spend(&note->pace, wall_ms());
	if (bigquery->repairs > 0) {
		bigquery->repairs--;
		load_may_come(bigquery, 0);
	} else {
		load_may_come(bigquery, bigquery->context->bus->sync ? 0 : bigquery->config->interval_ms);
	}
}

static enum status announce(struct load *load)
{
	struct bigquery *bigquery = load->bigquery;
	char text[NOTE_MAX];
	size_t size = note_write(&bigquery->note, text);

	return sink_note(bigquery->context, (struct text){text, size}, on_noted, bigquery);
}

static struct load *load_new(struct bigquery *bigquery, struct sink_batch *batch)
{
	struct load *load = calloc(1, sizeof *load);

	if (load) {
		load->bigquery = bigquery;
		load->batch = batch;
		alarm_init(&load->alarm, bigquery->context->loop, on_alarm, load);
	}
	return load;
}

static enum status begin(struct load *load, struct err *err)
{
	struct bigquery *bigquery = load->bigquery;

	if (load->batch->records[0].seq > bigquery->note.last) { /* nothing is left of what was announced */
		bigquery->resumes = false;
	}
	if (!bigquery->resumes) {
		announce_range(load);
	}
	name_job(load);
	if (load_body(load, err) != OK) {
		return err->status;
	}
	if (bigquery->resumes) {
		log_info("bigquery.resumed", STR("sink", bigquery->context->name), STR("job", load->job),
			 NUM("first", bigquery->note.first), NUM("last", bigquery->note.last));
		ask(load);
		return OK;
	}
	return load->count == 0 ? OK : announce(load);
}

bool load_start(struct bigquery *bigquery, struct sink_batch *batch)
{
	struct err err = {.text = "no memory for a load job"};

	bigquery->load = load_new(bigquery, batch);
	if (!bigquery->load || begin(bigquery->load, &err) != OK) {
		sink_all_retry(batch, 0, err.text);
		load_free(bigquery);
		return false;
	}
	if (bigquery->load->count == 0 && !bigquery->resumes) {
		load_free(bigquery); /* every row was rejected */
		return false;
	}
	return true;
}

void load_attached(struct bigquery *bigquery)
{
	const struct note *note = &bigquery->note;

	if (bigquery->load) {
		return;
	}
	bigquery->resumes = bigquery->position.epoch && note->epoch == bigquery->position.epoch &&
			    note->last > bigquery->position.seq &&
			    (!bigquery->open || strcmp(note->table, bigquery->created) == 0);
	sink_until(bigquery->context, bigquery->resumes ? note->last : 0);
	if (!bigquery->context->bus->sync && pace_wait_ms(&note->pace, wall_ms()) > 0) {
		load_may_come(bigquery, 0);
	}
}

void load_free(struct bigquery *bigquery)
{
	struct load *load = bigquery->load;

	if (load) {
		alarm_fini(&load->alarm);
		gzip_close(&load->body);
		free(load->rows);
		free(load);
	}
	bigquery->load = NULL;
}
