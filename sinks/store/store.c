/* buildbus-sink-store writes every build and its jobs into store.db, the embedded destination. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "sinks/sink.h"
#include "sinks/store/check.h"
#include "sinks/store/config.h"
#include "sinks/store/http/dashboard.h"
#include "sinks/store/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store {
	struct sink_context *context;
	struct store_db db;
	struct dashboard *dashboard; /* NULL: no page */
	bool known;                  /* the file is the one that the hub means */
};

static void say_where(const struct store_config *config, const char *address)
{
	char page[128];

	snprintf(page, sizeof page, "%s://%s/", config->certificate ? "https" : "http", address);
	log_info("store.listening", STR("address", address), STR("page", page));
}

/* In a `buildbus sync` there is none: the port may be that of `buildbus up` on the same configuration. */
static enum status open_page(struct store *store, const struct store_config *config, struct err *err)
{
	const struct sink_context *context = store->context;
	enum status status;

	if (!config->listen || context->bus->brief) {
		return OK;
	}
	status = dashboard_new(
		&store->dashboard,
		&(struct dashboard_options){config, context->bus, context->loop, store->db.path}, err);
	if (status == OK) {
		say_where(config, dashboard_address(store->dashboard));
	}
	return status;
}

static enum status store_open(void *state, struct sink_context *context, const void *arg, struct err *err)
{
	const struct store_config *config = arg;
	struct store *store = state;
	enum status status;

	store->context = context;
	status = store_config_check(config, context->file, err);
	if (status != OK) {
		return err_prefix(err, "store");
	}
	if (store_db_is_old(context->bus->state_dir)) {
		log_info("store.upgrading", STR("folder", context->bus->state_dir));
	}
	status = store_db_open(&store->db, context->bus->state_dir, err);
	return status == OK ? open_page(store, config, err) : status;
}

/* "buildkite/acme/web/" is "acme/web". NULL: no memory, or no id of ours. */
static char *pipeline_of(const char *prefix)
{
	const char *slug = strchr(prefix, '/');

	return slug && strlen(slug) > 2 ? strndup(slug + 1, strlen(slug) - 2) : NULL;
}

static void tell_newest(void *context, const char *prefix, int64_t finished_to)
{
	struct store *store = context;
	char *pipeline = pipeline_of(prefix);

	if (pipeline) {
		sink_known(store->context, pipeline, finished_to);
	}
	free(pipeline);
}

static void tell_open(void *context, const char *prefix, const char *key)
{
	struct store *store = context;
	char *pipeline = pipeline_of(prefix);

	if (pipeline) {
		sink_known_open(store->context, pipeline, key);
	}
	free(pipeline);
}

static void tell_whole(void *context, const char *prefix, const char *key, int64_t finished_at,
		       double coverage)
{
	struct store *store = context;
	char *pipeline = pipeline_of(prefix);

	if (pipeline) {
		sink_known_whole(store->context, pipeline, key, finished_at, coverage);
	}
	free(pipeline);
}

static void say_known(void *state)
{
	struct store *store = state;
	const struct store_knower knower = {tell_newest, tell_open, tell_whole, store};
	struct err err;

	if (store_known(&store->db, &knower, &err) != OK) {
		sink_stop(store->context, err.status, &err);
		return;
	}
	sink_known_end(store->context);
}

/* What the hub counts as stored never comes again: a file that was lost must not be filled from the middle.
 * (Later the hub may have passed superseded versions alone: an empty file says nothing any more.) */
static void store_attached(void *state, struct text note, struct position position)
{
	struct store *store = state;
	struct err err;

	(void)note;
	if (!store->known && position.seq > 0 && store_db_is_empty(&store->db)) {
		err_set(&err, ERR_CONFIG,
			"%s is empty, but the hub counts %lld records as stored by the destination `%s`: put "
			"the file back, or give the destination another `name:` so that a new one is filled "
			"from the start",
			store->db.path, (long long)position.seq, store->context->name);
		sink_stop(store->context, ERR_CONFIG, &err);
		return;
	}
	store->known = true;
}

static const enum effect effects[] = {
	[STORE_UNCHANGED] = EFFECT_UNCHANGED,
	[STORE_CREATED] = EFFECT_CREATED,
	[STORE_UPDATED] = EFFECT_UPDATED,
};

/* ERR_DATA: one more record is rejected, the others must be put anew. */
static enum status put_all(struct store *store, struct sink_batch *batch, struct err *err)
{
	enum status status = store_db_begin(&store->db, err);

	for (size_t i = 0; status == OK && i < batch->count; i++) {
		struct sink_record *record = &batch->records[i];
		if (record->verdict != VERDICT_REJECT) {
			enum store_put put = STORE_UNCHANGED;

			status = store_db_put(&store->db, &record->build, &put, err);
			status == ERR_DATA ? sink_reject(record, "%s", err->text)
					   : sink_done(record, effects[put]);
		}
	}
	if (status == OK) {
		status = store_db_commit(&store->db, err);
	}
	if (status != OK) {
		store_db_rollback(&store->db);
	}
	return status;
}

/* What was committed, for those who watch. */
static void tell_dashboard(struct store *store, const struct sink_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct sink_record *record = &batch->records[i];

		if (record->verdict == VERDICT_DONE && record->effect != EFFECT_UNCHANGED) {
			dashboard_stored(store->dashboard, &record->build);
		}
	}
	dashboard_wake(store->dashboard);
}

/* One transaction a batch: all of it is durable, or nothing. */
static enum sink_write store_write(void *state, struct sink_batch *batch)
{
	struct store *store = state;
	struct err err = {0};
	enum status status;

	do {
		status = put_all(store, batch, &err);
	} while (status == ERR_DATA);
	if (status == OK) {
		tell_dashboard(store, batch);
	} else {
		sink_all_retry(batch, 0, err.text);
	}
	if (status == ERR_CONFIG || status == ERR_SYS) {
		sink_stop(store->context, status, &err);
	}
	return WRITE_ENDED;
}

static void store_close(void *state)
{
	struct store *store = state;

	dashboard_free(&store->dashboard);
	store_db_close(&store->db);
}

static const struct sink store_sink = {
	.name = "store",
	.summary = "write builds and jobs into store.db",
	.rows = store_config_rows,
	.config_size = sizeof(struct store_config),
	.state_size = sizeof(struct store),
	.open = store_open,
	.attached = store_attached,
	.known = say_known,
	.write = store_write,
	.checker = &store_checker,
	.close = store_close,
};

int main(int argc, char **argv)
{
	return sink_main(&store_sink, argc, argv);
}
