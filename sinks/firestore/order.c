/* In a `buildbus sync` builds are written in the order in which they finished, so that the newest end that
 * the next run finds has nothing missing before it, whenever this one is killed (normalizer/sorted.c). A
 * document that can't be written now therefore holds up those of its project after it. One that the rules go
 * on refusing while they let others pass is given up: the run fails, and says which it was. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/process.h"
#include "sinks/firestore/firestore.h"

#include <stdio.h>
#include <stdlib.h>

#define REFUSED_FOR_MS 60000

static bool same_project(const struct item *a, const struct item *b)
{
	return text_same(a->document.project, b->document.project);
}

/* What of its project is before item i and neither written nor given up; NULL: nothing. */
static const struct item *first_before(const struct delivery *delivery, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		const struct item *before = &delivery->items[j];

		if ((before->state == ITEM_RETRY || before->state == ITEM_WAIT ||
		     before->state == ITEM_READ) &&
		    same_project(before, &delivery->items[i])) {
			return before;
		}
	}
	return NULL;
}

void order_hold(struct delivery *delivery)
{
	for (size_t i = 0; delivery->in_order && i < delivery->count; i++) {
		struct item *item = &delivery->items[i];
		const struct item *before = item->state == ITEM_WRITE ? first_before(delivery, i) : NULL;

		if (before && before->state == ITEM_READ) {
			item->state = ITEM_READ;
		} else if (before) {
			item->state = ITEM_WAIT;
			item->retry_ms = 0;
		}
	}
}

bool order_is_patient(const struct firestore *firestore)
{
	const char *text = getenv("BUILDBUS_SYNC_REFUSED_FOR");
	int64_t patience_ms = text ? strtoll(text, NULL, 10) : REFUSED_FOR_MS;

	return firestore->refused_ms == 0 || now_ms() - firestore->refused_ms < patience_ms;
}

static const struct item *first_refused(const struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->count; i++) {
		if (delivery->items[i].refused) {
			return &delivery->items[i];
		}
	}
	return NULL;
}

/* Rules that refuse everything will be put right, and then nothing may be missing. */
static bool is_alone(const struct delivery *delivery, const struct item *item)
{
	bool others = false;

	for (size_t i = 0; i < delivery->count; i++) {
		const struct item *other = &delivery->items[i];

		if (other->state == ITEM_WRITTEN && same_project(other, item)) {
			return true;
		}
		others |= other != item && other->refused && same_project(other, item);
	}
	return !others;
}

static void give_up(struct delivery *delivery)
{
	for (size_t i = 0; i < delivery->count; i++) {
		struct item *item = &delivery->items[i];

		if (item->refused && is_alone(delivery, item)) {
			item->state = ITEM_REJECT;
		}
	}
}

void order_end(struct delivery *delivery)
{
	struct firestore *firestore = delivery->firestore;
	const struct item *refused = delivery->batch->in_order ? first_refused(delivery) : NULL;
	char why[600];

	if (!refused) {
		firestore->refused_ms = 0;
		return;
	}
	if (!delivery->in_order) {
		give_up(delivery);
	}
	if (firestore->refused_ms == 0) {
		firestore->refused_ms = now_ms();
		snprintf(why, sizeof why, "build/%.80s: %s", refused->document.id,
			 refused->why ? refused->why : "Firestore refuses it");
		log_warn("firestore.waiting", STR("sink", firestore->context->name), STR("why", why));
	}
	if (refused->state == ITEM_REJECT) {
		firestore->refused_ms = 0;
	}
}
