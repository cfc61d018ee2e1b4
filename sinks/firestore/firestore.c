/* buildbus-sink-firestore writes builds as the documents that a Metrics application shows. */
/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/firestore.h"
#include "common/log.h"
#include "common/metrics.h"

#include <stdlib.h>

#define BATCH_RECORDS 100
#define BATCH_BYTES   (1 << 20)
#define CONCURRENCY   4

static const struct metrics_row *metrics_rows(struct firestore_numbers *numbers)
{
	static struct metrics_row rows[9];
	const struct metrics_row filled[] = {
		{metrics_counter, "buildbus_firestore_documents_read_total", "documents read",
		 &numbers->read},
		{metrics_counter, "buildbus_firestore_documents_written_total", "documents written",
		 &numbers->written},
		{metrics_counter, "buildbus_firestore_documents_same_total",
		 "documents that were there already", &numbers->same},
		{metrics_counter, "buildbus_firestore_documents_older_total",
		 "builds not written, because a later state is there", &numbers->older},
		{metrics_counter, "buildbus_firestore_unmapped_total",
		 "records of pipelines that `projects` does not name", &numbers->unmapped},
		{metrics_counter, "buildbus_firestore_commits_total", "commits sent", &numbers->commits},
		{metrics_counter, "buildbus_firestore_conflicts_total",
		 "commits refused because somebody else wrote first", &numbers->conflicts},
		{metrics_counter, "buildbus_firestore_tokens_total", "access tokens got", &numbers->tokens},
		METRICS_END,
	};

	memcpy(rows, filled, sizeof filled);
	return rows;
}

static void on_token(void *owner, enum status status, const struct err *err)
{
	struct firestore *firestore = owner;

	*firestore->numbers.tokens = google_token_count(firestore->token);
	project_token_settled(firestore, status, err);
}

static void on_check_due(void *context)
{
	struct firestore *firestore = context;

	if (firestore->state == FIRESTORE_CLOSED) {
		project_check(firestore);
	}
}

static enum status open_clients(struct firestore *firestore, struct err *err)
{
	const struct http_options http = {.concurrency = CONCURRENCY + 1};
	const struct google_token_options token = {
		.way = firestore->access.way,
		.identity = firestore->access.identity,
		.loop = firestore->context->loop,
		.settled = on_token,
		.owner = firestore,
	};
	enum status status = google_token_new(&firestore->token, &token, err);

	return status == OK ? http_new(&firestore->http, firestore->context->loop, &http, err) : status;
}

/* Left over in an environment, it would quietly keep the builds from where they are wanted. */
static void warn_of_emulator(const struct firestore *firestore)
{
	const char *emulator = access_emulator(firestore->config);

	if (emulator) {
		log_warn("firestore.emulator", STR("sink", firestore->context->name),
			 STR("address", emulator),
			 STR("why", "FIRESTORE_EMULATOR_HOST is set: builds go there, not to Google"));
	}
}

static enum status firestore_open(void *state, struct sink_context *context, const void *config,
				  struct err *err)
{
	struct firestore *firestore = state;
	enum status status;

	firestore->context = context;
	firestore->config = config;
	LIST_INIT(&firestore->deliveries);
	LIST_INIT(&firestore->questions);
	firestore->timeout_ms = inquiry_timeout_ms();
	firestore->may_run = true;
	arena_init(&firestore->check_arena, 4 << 20);
	alarm_init(&firestore->check_alarm, context->loop, on_check_due, firestore);
	metrics_table(metrics_rows(&firestore->numbers), LABELS("sink", context->name));
	projects_open(&firestore->projects, config);
	status = firestore_config_check(config, context->file, err);
	if (status != OK) {
		return err_prefix(err, "firestore");
	}
	warn_of_emulator(firestore);
	status = access_open(&firestore->access, config, err);
	if (status == OK) {
		status = open_clients(firestore, err);
	}
	if (status == OK) {
		project_check(firestore);
	}
	return status;
}

static enum sink_write firestore_write(void *state, struct sink_batch *batch)
{
	return delivery_start(state, batch) ? WRITE_PENDING : WRITE_ENDED;
}

static void firestore_close(void *state)
{
	struct firestore *firestore = state;

	http_free(&firestore->http);
	known_free(&firestore->known);
	settle_free(&firestore->settle);
	google_token_free(&firestore->token);
	if (firestore->context) {
		alarm_fini(&firestore->check_alarm);
		deliveries_free(firestore);
	}
	arena_fini(&firestore->check_arena);
	access_close(&firestore->access);
	projects_close(&firestore->projects);
	free(firestore->sent_bearer);
}

static const struct sink firestore_sink = {
	.name = "firestore",
	.summary = "write builds as the documents of a Metrics application",
	.rows = firestore_config_rows,
	.config_size = sizeof(struct firestore_config),
	.state_size = sizeof(struct firestore),
	.batch_records = BATCH_RECORDS,
	.batch_bytes = BATCH_BYTES,
	.concurrency = CONCURRENCY,
	.ready_later = true,
	.open = firestore_open,
	.write = firestore_write,
	.known = firestore_known,
	.settle = firestore_settle,

	.checker = &firestore_checker,
	.close = firestore_close,
};

int main(int argc, char **argv)
{
	return sink_main(&firestore_sink, argc, argv);
}
