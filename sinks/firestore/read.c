/* What is stored now, and what of it must give way. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "sinks/firestore/compare.h"
#include "sinks/firestore/firestore.h"
#include "sinks/firestore/stored.h"

#include <stdio.h>

#define AHEAD_MAX_MS 60000

static yyjson_mut_doc *body_of(struct delivery *delivery, const yyjson_alc *alc)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *documents = yyjson_mut_obj_add_arr(doc, root, "documents");

	yyjson_mut_doc_set_root(doc, root);
	for (size_t i = 0; i < delivery->count; i++) {
		if (delivery->items[i].state == ITEM_READ) {
			yyjson_mut_arr_add_str(doc, documents, delivery->items[i].name);
		}
	}
	return doc;
}

/* Answers come in the order of the names, mostly: *from is where to look first. */
static struct item *find_item(struct delivery *delivery, const char *name, size_t *from)
{
	for (size_t n = 0; name && n < delivery->count; n++) {
		size_t i = (*from + n) % delivery->count;
		if (delivery->items[i].state == ITEM_READ && strcmp(delivery->items[i].name, name) == 0) {
			*from = i + 1;
			return &delivery->items[i];
		}
	}
	return NULL;
}

static void judge_stored(struct delivery *delivery, struct item *item, yyjson_val *found)
{
	const char *updated_at = yyjson_get_str(yyjson_obj_get(found, "updateTime"));
	struct document stored;

	document_read(yyjson_obj_get(found, "fields"), &stored);
	stored.timed_out = stored_is_timed_out(&stored, delivery->firestore->timeout_ms);
	switch (document_compare(&stored, &item->document)) {
	case DOCUMENT_SAME:
		++*delivery->firestore->numbers.same;
		item->state = ITEM_DONE;
		break;
	case DOCUMENT_OLDER:
		++*delivery->firestore->numbers.older;
		item->state = ITEM_DONE;
		break;
	default:
		item->state = ITEM_WRITE;
		item->updated_at = updated_at;
	}
}

/* The rules of the Metrics application refuse a start that is ahead of the server's clock. It will come; the
 * time itself stays what the provider said. A sync, which is to end, leaves what is far ahead to the next
 * one: whatever finishes after it is ahead as well. */
static void hold_future(struct delivery *delivery, struct item *item, int64_t server_ms)
{
	int64_t ahead_ms = item->document.started_at - server_ms;
	char why[160];

	if (item->state != ITEM_WRITE || ahead_ms <= 0) {
		return;
	}
	if (delivery->batch->in_order && ahead_ms > AHEAD_MAX_MS) {
		snprintf(why, sizeof why,
			 "its start is %lld s ahead of Firestore's clock: a later run will write it",
			 (long long)ahead_ms / 1000);
		item_reject(delivery, item, why);
	} else {
		item->state = ITEM_WAIT;
		item->retry_ms = ahead_ms;
	}
}

static void take(struct delivery *delivery, yyjson_val *entry, size_t *from)
{
	yyjson_val *found = yyjson_obj_get(entry, "found");
	yyjson_val *read_at = yyjson_obj_get(entry, "readTime");
	const char *name =
		yyjson_get_str(found ? yyjson_obj_get(found, "name") : yyjson_obj_get(entry, "missing"));
	struct item *item = find_item(delivery, name, from);
	int64_t server_ms;

	if (!item) {
		return;
	}
	++*delivery->firestore->numbers.read;
	item->updated_at = NULL;
	if (found) {
		judge_stored(delivery, item, found);
	} else {
		item->state = ITEM_WRITE;
	}
	if (yyjson_is_str(read_at) &&
	    time_parse(yyjson_get_str(read_at), yyjson_get_len(read_at), &server_ms) == OK) {
		hold_future(delivery, item, server_ms);
	}
}

/* Texts of the answer are used until the commit: they live in the round's arena. */
static void take_all(struct delivery *delivery, const struct http_answer *answer)
{
	yyjson_alc alc = arena_yyjson(&delivery->round);
	yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)answer->body, answer->body_size, 0, &alc, NULL);
	size_t index, count, from = 0;
	yyjson_val *entry;

	yyjson_arr_foreach(yyjson_doc_get_root(doc), index, count, entry)
	{
		take(delivery, entry, &from);
	}
	for (size_t i = 0; i < delivery->count; i++) {
		if (delivery->items[i].state == ITEM_READ) {
			item_retry(delivery, &delivery->items[i], "Firestore's answer is not complete", 0);
		}
	}
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct delivery *delivery = context;
	struct reply reply;

	reply_read(answer, &reply);
	if (reply.kind == REPLY_OK) {
		take_all(delivery, answer);
		delivery_next(delivery);
	} else {
		delivery_failed(delivery, &reply);
	}
}

void delivery_read(struct delivery *delivery)
{
	yyjson_alc alc = arena_yyjson(&delivery->body);

	arena_reset(&delivery->round);
	arena_reset(&delivery->body);
	delivery->state = DELIVERY_READING;
	delivery->rounds++;
	delivery_send(delivery, "batchGet", body_of(delivery, &alc), on_answer);
}
