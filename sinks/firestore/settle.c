/* Ends what does not end by itself: builds that are in progress for longer than --in-progress-timeout become
 * unknown, with the timeout as duration. They stay under watch (known.c) and become right when they do end.
 * One project after the other, a page of documents at a time. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "sinks/firestore/firestore.h"
#include "sinks/firestore/stored.h"

#include <stdlib.h>

#define PAGE_MAX  200
#define TRIES_MAX 3 /* the run is over: the next one does it */

struct settle {
	struct firestore *firestore;
	struct question question;
	size_t project;
	yyjson_doc *page;           /* being worked off */
	yyjson_val *late[PAGE_MAX]; /* of it: too old, still to be ended from `from` on */
	size_t count, from, try;    /* try: so many are in the commit */
	yyjson_val *last;           /* of a page that may not be all; NULL: it is */
	int64_t settled;
};

static void ask_page(struct settle *settle);
static void commit(struct settle *settle);

static void finish(struct settle *settle)
{
	sink_settled(settle->firestore->context, settle->settled);
}

static void next_page(struct settle *settle)
{
	if (!settle->last) {
		settle->project++;
	}
	if (settle->project < settle->firestore->projects.count) {
		ask_page(settle);
	} else {
		finish(settle);
	}
}

static void tell(const struct settle *settle, const struct reply *reply)
{
	log_warn("firestore.not_settled", STR("sink", settle->firestore->context->name),
		 STR("why", reply->text));
}

/* Whoever wrote it meanwhile knows more; what the rules refuse stays as it is. */
static void leave(struct settle *settle, const struct reply *reply)
{
	if (reply->kind != REPLY_STALE) {
		tell(settle, reply);
	}
	settle->from++;
	settle->try = settle->count - settle->from;
}

static void on_committed(struct settle *settle, const struct reply *reply)
{
	if (reply->kind == REPLY_OK) {
		settle->settled += (int64_t)settle->try;
		settle->from += settle->try;
		settle->try = settle->count - settle->from;
	} else if (reply->kind == REPLY_LATER || reply->kind == REPLY_TOKEN) {
		tell(settle, reply);
		finish(settle);
		return;
	} else if (settle->try > 1) {
		settle->try = (settle->try + 1) / 2;
	} else {
		leave(settle, reply);
	}
	commit(settle);
}

static void take_page(struct settle *settle, yyjson_doc *page)
{
	int64_t timeout_ms = settle->firestore->timeout_ms;
	int64_t read_at = stored_read_at(yyjson_doc_get_root(page));
	yyjson_val *entry;
	size_t index = 0, count = 0;

	yyjson_doc_free(settle->page);
	settle->page = page;
	settle->last = NULL;
	settle->count = settle->from = 0;
	while (count < PAGE_MAX && (entry = stored_next(yyjson_doc_get_root(page), &index))) {
		struct document document;

		document_read(yyjson_obj_get(entry, "fields"), &document);
		if (document.started_at != INT_NULL && read_at != INT_NULL &&
		    document.started_at + timeout_ms <= read_at) {
			settle->late[settle->count++] = entry;
		}
		settle->last = ++count == PAGE_MAX ? entry : NULL;
	}
	settle->try = settle->count;
	commit(settle);
}

static void on_answered(void *context, const struct reply *reply, yyjson_doc *answer)
{
	struct settle *settle = context;

	if (settle->try > 0) {
		yyjson_doc_free(answer);
		on_committed(settle, reply);
	} else if (reply->kind == REPLY_OK) {
		take_page(settle, answer);
	} else {
		tell(settle, reply);
		finish(settle);
	}
}

static void commit(struct settle *settle)
{
	if (settle->try == 0) {
		next_page(settle);
		return;
	}
	question_ask(
		&settle->question, "commit",
		stored_time_out(&settle->late[settle->from], settle->try, settle->firestore->timeout_ms));
}

static void ask_page(struct settle *settle)
{
	struct firestore *firestore = settle->firestore;

	question_ask(
		&settle->question, "runQuery",
		stored_running(projects_id(&firestore->projects, settle->project), PAGE_MAX, settle->last));
}

void firestore_settle(void *state)
{
	struct firestore *firestore = state;
	struct settle *settle = firestore->may_run ? calloc(1, sizeof *settle) : NULL;

	if (!settle) {
		sink_settled(firestore->context, 0);
		return;
	}
	firestore->settle = settle;
	settle->firestore = firestore;
	question_init(&settle->question, firestore, on_answered, settle);
	settle->question.tries_max = TRIES_MAX;
	ask_page(settle);
}

void settle_free(struct settle **settle)
{
	if (*settle) {
		question_fini(&(*settle)->question);
		yyjson_doc_free((*settle)->page);
		free(*settle);
		*settle = NULL;
	}
}
