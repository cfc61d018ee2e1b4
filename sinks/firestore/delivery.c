/* One batch on its way: its documents are read, those that differ and are not older are committed, and what
 * somebody else wrote meanwhile is read again. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "sinks/firestore/compare.h"
#include "sinks/firestore/firestore.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_MAX  (64 << 20)
#define ROUNDS_MAX 6 /* each means that somebody else wrote one of these documents, or a token ended */

static void delivery_free(struct delivery *delivery)
{
	LIST_REMOVE(delivery, link);
	arena_fini(&delivery->round);
	arena_fini(&delivery->body);
	free(delivery->items);
	free(delivery->item_of);
	free(delivery->order);
	free(delivery->sent_bearer);
	free(delivery);
}

static struct delivery *delivery_new(struct firestore *firestore, struct sink_batch *batch)
{
	struct delivery *delivery = calloc(1, sizeof *delivery);

	if (!delivery) {
		return NULL;
	}
	LIST_INSERT_HEAD(&firestore->deliveries, delivery, link);
	delivery->firestore = firestore;
	delivery->batch = batch;
	delivery->in_order = batch->in_order && order_is_patient(firestore);
	delivery->items = calloc(batch->count, sizeof *delivery->items);
	delivery->item_of = calloc(batch->count, sizeof *delivery->item_of);
	delivery->order = calloc(batch->count, sizeof *delivery->order);
	arena_init(&delivery->round, ARENA_MAX);
	arena_init(&delivery->body, ARENA_MAX);
	if (!delivery->items || !delivery->item_of || !delivery->order) {
		delivery_free(delivery);
		return NULL;
	}
	return delivery;
}

static void stop_clash(struct firestore *firestore, const struct build *build)
{
	struct err err;

	err_set(&err, ERR_CONFIG,
		"firestore: metrics_project_id: %.80s is one project, but builds of %.80s and of %.*s came, "
		"which "
		"would overwrite each other: use projects: {ORGANIZATION/PIPELINE: ID, …}",
		firestore->config->metrics_project, firestore->projects.pipeline,
		TEXT_FMT(pipeline_of(build)));
	sink_stop(firestore->context, ERR_CONFIG, &err);
}

/* The item for document: one that is there when two records of the batch are of one document. */
static size_t item_for(struct delivery *delivery, const struct document *document)
{
	size_t i = 0;

	while (i < delivery->count && strcmp(delivery->items[i].document.id, document->id) != 0) {
		i++;
	}
	if (i == delivery->count) {
		delivery->items[delivery->count++] = (struct item){
			.document = *document,
			.name = arena_format(&delivery->batch->arena, "%s/build/%s",
					     delivery->firestore->access.names, document->id),
		};
	} else if (document_compare(&delivery->items[i].document, document) == DOCUMENT_NEWER) {
		delivery->items[i].document = *document;
	}
	return i;
}

/* The record's item; SIZE_MAX: its verdict is said. */
static size_t map_record(struct delivery *delivery, struct sink_record *record)
{
	struct firestore *firestore = delivery->firestore;
	struct document document;
	const char *project;

	switch (projects_find(&firestore->projects, &record->build, &project)) {
	case PROJECT_KNOWN:
		break;
	case PROJECT_CLASH:
		stop_clash(firestore, &record->build);
		return SIZE_MAX;
	default:
		++*firestore->numbers.unmapped;
		sink_done(record, EFFECT_UNCHANGED);
		return SIZE_MAX;
	}
	switch (document_from(&record->build, project, &delivery->batch->arena, &document)) {
	case DOCUMENT_MADE:
		firestore->may_run |= document.status == BUILD_IN_PROGRESS;
		if (known_has(firestore->known, &document)) {
			++*firestore->numbers.same;
			sink_done(record, EFFECT_UNCHANGED);
			return SIZE_MAX;
		}
		return item_for(delivery, &document);
	case DOCUMENT_NOT_YET:
		sink_done(record, EFFECT_UNCHANGED);
		return SIZE_MAX;
	default:
		sink_reject(record, "the build has no time at all: Firestore's `startedAt` must have one");
		return SIZE_MAX;
	}
}

bool delivery_start(struct firestore *firestore, struct sink_batch *batch)
{
	struct delivery *delivery = delivery_new(firestore, batch);

	if (!delivery) {
		sink_all_retry(batch, 0, "no memory for a batch");
		return false;
	}
	for (size_t i = 0; i < batch->count; i++) {
		delivery->item_of[i] = map_record(delivery, &batch->records[i]);
	}
	delivery->starting = true;
	batch->user = delivery;
	delivery_next(delivery);
	if (!batch->user) {
		return false;
	}
	delivery->starting = false;
	return true;
}

void item_retry(struct delivery *delivery, struct item *item, const char *why, int64_t after_ms)
{
	item->state = ITEM_RETRY;
	item->retry_ms = after_ms;
	item->why = arena_text(&delivery->batch->arena, why, strlen(why));
}

void item_reject(struct delivery *delivery, struct item *item, const char *why)
{
	item->state = ITEM_REJECT;
	item->why = arena_text(&delivery->batch->arena, why, strlen(why));
}

void delivery_put_off(struct delivery *delivery, const char *why, int64_t after_ms)
{
	for (size_t i = 0; i < delivery->count; i++) {
		struct item *item = &delivery->items[i];
		if (item->state == ITEM_READ || item->state == ITEM_WRITE) {
			item_retry(delivery, item, why, after_ms);
		}
	}
	delivery->range_count = 0;
}

static void tell(const struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->batch->count; i++) {
		struct sink_record *record = &delivery->batch->records[i];
		const struct item *item =
			delivery->item_of[i] == SIZE_MAX ? NULL : &delivery->items[delivery->item_of[i]];

		if (!item) {
			continue;
		}
		if (item->state == ITEM_DONE) {
			sink_done(record, EFFECT_UNCHANGED);
		} else if (item->state == ITEM_WRITTEN) {
			sink_done(record, item->updated_at ? EFFECT_UPDATED : EFFECT_CREATED);
		} else if (item->state == ITEM_WAIT) {
			sink_wait(record, item->retry_ms);
		} else if (item->state == ITEM_REJECT) {
			sink_reject(record, "build/%s: %s", item->document.id,
				    item->why ? item->why : "Firestore refuses it");
		} else {
			sink_retry(record, item->retry_ms, "%s", item->why ? item->why : "no memory");
		}
	}
}

static void end(struct delivery *delivery)
{
	struct sink_batch *batch = delivery->batch;
	bool starting = delivery->starting;

	order_end(delivery);
	tell(delivery);
	delivery_free(delivery);
	batch->user = NULL;
	if (!starting) {
		sink_batch_done(batch);
	}
}

static bool has(const struct delivery *delivery, enum item_state state)
{
	for (size_t i = 0; i < delivery->count; i++) {
		if (delivery->items[i].state == state) {
			return true;
		}
	}
	return false;
}

/* What was read and not committed is read again: it may have waited for a token. */
static void forget_read(struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->count; i++) {
		if (delivery->items[i].state == ITEM_WRITE) {
			delivery->items[i].state = ITEM_READ;
		}
	}
	delivery->range_count = 0;
}

void delivery_next(struct delivery *delivery)
{
	if (has(delivery, ITEM_READ) && delivery->rounds >= ROUNDS_MAX) {
		delivery_put_off(delivery,
				 *delivery->why ? delivery->why : "others keep writing these documents", 0);
	}
	if (has(delivery, ITEM_READ)) {
		delivery_read(delivery);
	} else if (has(delivery, ITEM_WRITE)) {
		delivery_commit(delivery);
	} else {
		end(delivery);
	}
}

static void wait_for_access(struct delivery *delivery)
{
	delivery->state = DELIVERY_WAITING;
	forget_read(delivery);
	project_check(delivery->firestore);
}

static bool remember_bearer(struct delivery *delivery, const char *bearer)
{
	free(delivery->sent_bearer);
	delivery->sent_bearer = strdup(bearer);
	return delivery->sent_bearer != NULL;
}

void delivery_send(struct delivery *delivery, const char *verb, yyjson_mut_doc *body, http_callback *callback)
{
	struct firestore *firestore = delivery->firestore;
	const char *bearer =
		firestore->state == FIRESTORE_OPEN ? google_token_bearer(firestore->token) : NULL;
	const char *headers[] = {bearer, "Content-Type: application/json", NULL};
	yyjson_alc alc = arena_yyjson(&delivery->body);
	const char *url = arena_format(&delivery->body, "%s:%s", firestore->access.documents, verb);
	struct err err = {0};
	const char *text;
	size_t size = 0;

	if (!bearer) {
		wait_for_access(delivery);
		return;
	}
	text = yyjson_mut_write_opts(body, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &size, NULL);
	if (!url || !text || !remember_bearer(delivery, bearer)) {
		err_set(&err, ERR_SYS, "no memory for a request to Firestore");
	} else if (http_send(firestore->http, "POST", url, headers, text, size, callback, delivery, &err)) {
		return;
	}
	delivery_put_off(delivery, err.text, 0);
	delivery_next(delivery);
}

void delivery_failed(struct delivery *delivery, const struct reply *reply)
{
	snprintf(delivery->why, sizeof delivery->why, "%s", reply->text);
	if (reply->kind == REPLY_TOKEN && delivery->token_refusals++ == 0) {
		google_token_refused(delivery->firestore->token, delivery->sent_bearer);
		forget_read(delivery);
	} else {
		delivery_put_off(delivery, reply->text, reply->after_ms);
	}
	delivery_next(delivery);
}

/* Jobs end and others start while this goes on: each is looked up anew. */
static struct delivery *first_due(const struct firestore *firestore)
{
	struct delivery *delivery;

	LIST_FOREACH(delivery, &firestore->deliveries, link)
	{
		if (delivery->due) {
			delivery->due = false;
			return delivery;
		}
	}
	return NULL;
}

static void mark_waiting(struct firestore *firestore)
{
	struct delivery *delivery;

	LIST_FOREACH(delivery, &firestore->deliveries, link)
	{
		delivery->due = delivery->state == DELIVERY_WAITING;
	}
}

void deliveries_resume(struct firestore *firestore)
{
	struct delivery *delivery;

	mark_waiting(firestore);
	while ((delivery = first_due(firestore))) {
		delivery_next(delivery);
	}
}

void deliveries_put_off(struct firestore *firestore, const struct err *err)
{
	struct delivery *delivery;

	mark_waiting(firestore);
	while ((delivery = first_due(firestore))) {
		delivery_put_off(delivery, err->text, 0);
		delivery_next(delivery);
	}
}

void deliveries_free(struct firestore *firestore)
{
	while (!LIST_EMPTY(&firestore->deliveries)) {
		delivery_free(LIST_FIRST(&firestore->deliveries));
	}
}
