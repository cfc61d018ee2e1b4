/* buildbus-sink-bigquery writes every version of every build as a row of a BigQuery table. */
/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/bigquery.h"
#include "common/metrics.h"
#include "common/process.h"

#include <stdio.h>

#define STREAM_RECORDS     500 /* recommended for insertAll */
#define STREAM_BYTES       (1 << 20)
#define STREAM_CONCURRENCY 4
#define LOAD_RECORDS       10000
#define LOAD_BYTES         (4 << 20)
#define LOAD_HOLD_BYTES    (6 << 20) /* the next batch comes while one is loaded */
#define HOLD_LOOK_MS       50
#define LOAD_AGE_MS        2000 /* that a first record waits for others */

static void open_numbers(struct bigquery_numbers *numbers, const char *sink)
{
	static struct metrics_row rows[8];
	const struct metrics_row filled[] = {
		{metrics_counter, "buildbus_bigquery_rows_total", "rows that BigQuery confirmed",
		 &numbers->rows},
		{metrics_counter, "buildbus_bigquery_rows_refused_total",
		 "rows that BigQuery refused; they are dead letters", &numbers->refused},
		{metrics_counter, "buildbus_bigquery_inserts_total", "insertAll requests sent",
		 &numbers->requests},
		{metrics_counter, "buildbus_bigquery_load_jobs_total", "load jobs sent", &numbers->jobs},
		{metrics_counter, "buildbus_bigquery_load_jobs_failed_total", "load jobs that failed",
		 &numbers->jobs_failed},
		{metrics_counter, "buildbus_bigquery_bytes_total", "bytes of rows as sent", &numbers->bytes},
		{metrics_counter, "buildbus_bigquery_made_total", "datasets, tables and views made",
		 &numbers->made},
		METRICS_END,
	};

	memcpy(rows, filled, sizeof filled);
	metrics_table(rows, LABELS("sink", sink));
}

static void on_refused(void *owner, const struct err *err)
{
	struct bigquery *bigquery = owner;
	struct err told = *err;

	err_prefix(&told, "bigquery");
	sink_stop(bigquery->context, err->status, &told);
}

static void on_alarm(void *context)
{
	prepare_start(context);
}

/* `buildbus sync` loads once, when everything was fetched. */
static void on_hold(void *context)
{
	struct bigquery *bigquery = context;

	if (sink_sync_is_fetched(bigquery->context)) {
		sink_not_before(bigquery->context, 0);
		sink_wake(bigquery->context);
	} else {
		alarm_by(&bigquery->hold, now_ms() + HOLD_LOOK_MS);
	}
}

static void bigquery_shape(const void *section, const struct bus_config *bus, struct sink_shape *shape)
{
	const struct bigquery_config *config = section;

	if (config->mode == BIGQUERY_LOAD) {
		shape->batch_records = LOAD_RECORDS;
		shape->batch_bytes = LOAD_BYTES;
		shape->hold_bytes = LOAD_HOLD_BYTES;
		shape->batch_age_ms = bus->sync                           ? 0
				      : LOAD_AGE_MS < config->interval_ms ? LOAD_AGE_MS
									  : config->interval_ms;
		shape->gapless = true;
	} else {
		shape->batch_records = STREAM_RECORDS;
		shape->batch_bytes = STREAM_BYTES;
		shape->hold_bytes = (STREAM_CONCURRENCY - 1) * (size_t)STREAM_BYTES;
		shape->concurrency = STREAM_CONCURRENCY;
	}
}

static enum status bigquery_open(void *state, struct sink_context *context, const void *config,
				 struct err *err)
{
	struct bigquery *bigquery = state;
	enum status status;

	bigquery->context = context;
	bigquery->config = config;
	bigquery->caller.refused = on_refused;
	bigquery->caller.owner = bigquery;
	arena_init(&bigquery->arena, 4 << 20);
	alarm_init(&bigquery->alarm, context->loop, on_alarm, bigquery);
	alarm_init(&bigquery->hold, context->loop, on_hold, bigquery);
	open_numbers(&bigquery->numbers, context->name);
	status = bigquery_config_check(config, context->file, err);
	if (status != OK) {
		return err_prefix(err, "bigquery");
	}
	status = account_open(&bigquery->account, bigquery->config->credentials, err);
	if (status == OK) {
		status = caller_open(&bigquery->caller, context->loop, bigquery->config->api_url,
				     bigquery->account.way, bigquery->account.identity,
				     STREAM_CONCURRENCY + 1, err);
	}
	if (status == OK && context->bus->sync && bigquery->config->mode == BIGQUERY_LOAD) {
		sink_not_before(context, INT64_MAX);
		on_hold(bigquery);
	}
	if (status == OK) {
		prepare_start(bigquery);
	}
	return status;
}

/* What was acknowledged is in another table than the one that is there. */
static bool is_replaced(const struct bigquery *bigquery)
{
	return bigquery->open && bigquery->position.epoch && *bigquery->note.table &&
	       strcmp(bigquery->note.table, bigquery->created) != 0 &&
	       strcmp(bigquery->refilled, bigquery->created) != 0;
}

static void bigquery_attached(void *state, struct text note, struct position position)
{
	struct bigquery *bigquery = state;

	/* After a restart of the hub its position may be behind what was confirmed here. */
	if (position.epoch != bigquery->position.epoch || position.seq > bigquery->position.seq) {
		bigquery->position = position;
	}
	if (bigquery->load) {
		return;
	}
	note_read(note, &bigquery->note);
	bigquery_go_on(bigquery);
}

bool bigquery_go_on(struct bigquery *bigquery)
{
	if (is_replaced(bigquery)) {
		bigquery->position = (struct position){0};
		snprintf(bigquery->refilled, sizeof bigquery->refilled, "%s", bigquery->created);
		sink_anew(bigquery->context);
		return false;
	}
	bigquery->config->mode == BIGQUERY_LOAD ? load_attached(bigquery) : stream_attached(bigquery);
	return true;
}

bool bigquery_begin(struct bigquery *bigquery, struct sink_batch *batch)
{
	return bigquery->config->mode == BIGQUERY_LOAD ? load_start(bigquery, batch)
						       : stream_start(bigquery, batch);
}

static enum sink_write bigquery_write(void *state, struct sink_batch *batch)
{
	struct bigquery *bigquery = state;

	if (bigquery->open) {
		return bigquery_begin(bigquery, batch) ? WRITE_PENDING : WRITE_ENDED;
	}
	bigquery->waiting[bigquery->waiting_count++] = batch;
	prepare_start(bigquery);
	return WRITE_PENDING;
}

static void bigquery_close(void *state)
{
	struct bigquery *bigquery = state;

	load_free(bigquery);
	caller_close(&bigquery->caller);
	if (bigquery->context) {
		alarm_fini(&bigquery->alarm);
		alarm_fini(&bigquery->hold);
	}
	arena_fini(&bigquery->arena);
	account_close(&bigquery->account);
}

static const struct sink bigquery_sink = {
	.name = "bigquery",
	.summary = "write every version of every build as a row of BigQuery",
	.rows = bigquery_config_rows,
	.config_size = sizeof(struct bigquery_config),
	.state_size = sizeof(struct bigquery),
	.shape = bigquery_shape,
	.ready_later = true,
	.open = bigquery_open,
	.attached = bigquery_attached,
	.write = bigquery_write,
	.checker = &bigquery_checker,
	.close = bigquery_close,
};

int main(int argc, char **argv)
{
	return sink_main(&bigquery_sink, argc, argv);
}
