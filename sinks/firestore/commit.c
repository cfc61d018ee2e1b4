/* Commits: all of a range or nothing. A range that is refused is halved until the culprit is alone. */
/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/firestore.h"

/* Rules may look at 20 other documents a request, and those of the Metrics application look at the project of
 * each build: so many projects a commit. */
#define PROJECTS_MAX 8
/* When the rules refuse so many commits in a row, they refuse a whole project, and not a few documents. */
#define REFUSALS_MAX 16

static void add_range(struct delivery *delivery, size_t from, size_t count)
{
	delivery->ranges[delivery->range_count++] = (struct range){from, count};
}

/* How many items from the first on go into one commit. */
static size_t take_projects(const struct delivery *delivery, size_t from, size_t end)
{
	struct text seen[PROJECTS_MAX];
	size_t projects = 0, i = from;

	for (; i < end; i++) {
		struct text project = delivery->items[delivery->order[i]].document.project;
		size_t known = 0;

		while (known < projects && !text_same(seen[known], project)) {
			known++;
		}
		if (known == PROJECTS_MAX) {
			break;
		}
		seen[known] = project;
		projects += known == projects;
	}
	return i - from;
}

/* Where to begin: after refusals of everything elsewhere each time, for what the rules refuse often comes in
 * one piece, with what they don't behind it. By the golden section few tries come close to each other. */
static size_t first_write(const struct delivery *delivery)
{
	return delivery->in_order ? 0
				  : (size_t)(delivery->firestore->given_up * UINT64_C(618) % 1000 *
					     delivery->count / 1000);
}

static size_t list_writes(struct delivery *delivery)
{
	size_t count = 0;

	for (size_t n = 0, i = first_write(delivery); n < delivery->count; n++) {
		size_t at = (i + n) % delivery->count;
		if (delivery->items[at].state == ITEM_WRITE) {
			delivery->order[count++] = at;
		}
	}
	return count;
}

static void add_precondition(yyjson_mut_doc *doc, yyjson_mut_val *write, const struct item *item)
{
	yyjson_mut_val *current = yyjson_mut_obj_add_obj(doc, write, "currentDocument");

	if (item->updated_at) {
		yyjson_mut_obj_add_str(doc, current, "updateTime", item->updated_at);
	} else {
		yyjson_mut_obj_add_bool(doc, current, "exists", false);
	}
}

static yyjson_mut_doc *body_of(const struct delivery *delivery, const struct range *range,
			       const yyjson_alc *alc)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *writes = yyjson_mut_obj_add_arr(doc, root, "writes");

	yyjson_mut_doc_set_root(doc, root);
	for (size_t i = range->from; i < range->from + range->count; i++) {
		const struct item *item = &delivery->items[delivery->order[i]];
		yyjson_mut_val *write = yyjson_mut_arr_add_obj(doc, writes);
		yyjson_mut_val *update = yyjson_mut_obj_add_obj(doc, write, "update");

		yyjson_mut_obj_add_str(doc, update, "name", item->name);
		yyjson_mut_obj_add_val(doc, update, "fields", document_fields(doc, &item->document));
		add_precondition(doc, write, item);
	}
	return doc;
}

static void set_state(struct delivery *delivery, struct range range, enum item_state state)
{
	for (size_t i = range.from; i < range.from + range.count; i++) {
		delivery->items[delivery->order[i]].state = state;
	}
}

static void halve(struct delivery *delivery, struct range range)
{
	size_t half = range.count / 2;

	add_range(delivery, range.from + half, range.count - half);
	add_range(delivery, range.from, half);
}

static void plan(struct delivery *delivery)
{
	size_t count;

	order_hold(delivery);
	count = list_writes(delivery);
	delivery->range_count = 0;
	if (count > 0) {
		add_range(delivery, 0, count);
	}
}

/* Rules mostly open or close a whole project: those of others may still be written. */
static void give_up_project(struct delivery *delivery, struct text project, const char *why)
{
	for (size_t i = 0; i < delivery->count; i++) {
		struct item *item = &delivery->items[i];
		if (item->state == ITEM_WRITE && text_same(item->document.project, project)) {
			item_retry(delivery, item, why, 0);
		}
	}
	delivery->firestore->given_up++;
	delivery->refusals = 0;
	plan(delivery);
}

static void hold_others(struct delivery *delivery)
{
	if (delivery->in_order) {
		plan(delivery);
	}
}

/* The first range was refused because of one of its documents, perhaps. */
static void on_refused(struct delivery *delivery, struct range range, const struct reply *reply)
{
	struct item *item = &delivery->items[delivery->order[range.from]];
	bool forbidden = reply->kind == REPLY_FORBIDDEN;

	delivery->refusals += forbidden;
	if (forbidden && delivery->refusals >= REFUSALS_MAX) {
		give_up_project(delivery, item->document.project, reply->text);
	} else if (range.count > 1) {
		halve(delivery, range);
	} else if (forbidden) {
		item_retry(delivery, item, reply->text, 0);
		item->refused = true;
		hold_others(delivery);
	} else {
		item_reject(delivery, item, reply->text);
	}
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct delivery *delivery = context;
	struct range range = delivery->ranges[--delivery->range_count];
	struct reply reply;

	reply_read(answer, &reply);
	switch (reply.kind) {
	case REPLY_OK:
		*delivery->firestore->numbers.written += (int64_t)range.count;
		delivery->refusals = 0;
		set_state(delivery, range, ITEM_WRITTEN);
		break;
	case REPLY_STALE:
		++*delivery->firestore->numbers.conflicts;
		set_state(delivery, range, ITEM_READ);
		hold_others(delivery);
		break;
	case REPLY_SPLIT:
	case REPLY_FORBIDDEN:
		on_refused(delivery, range, &reply);
		break;
	default:
		delivery_failed(delivery, &reply);
		return;
	}
	delivery_commit(delivery);
}

static void send_range(struct delivery *delivery)
{
	const struct range *range = &delivery->ranges[delivery->range_count - 1];
	size_t count = take_projects(delivery, range->from, range->from + range->count);
	yyjson_alc alc = arena_yyjson(&delivery->body);

	arena_reset(&delivery->body);
	if (count < range->count) {
		struct range whole = delivery->ranges[--delivery->range_count];
		add_range(delivery, whole.from + count, whole.count - count);
		add_range(delivery, whole.from, count);
		range = &delivery->ranges[delivery->range_count - 1];
	}
	++*delivery->firestore->numbers.commits;
	delivery_send(delivery, "commit", body_of(delivery, range, &alc), on_answer);
}

void delivery_commit(struct delivery *delivery)
{
	if (delivery->state != DELIVERY_COMMITTING) {
		delivery->state = DELIVERY_COMMITTING;
		plan(delivery);
	}
	if (delivery->range_count > 0) {
		send_range(delivery);
	} else {
		delivery->state = DELIVERY_READING;
		delivery_next(delivery);
	}
}
