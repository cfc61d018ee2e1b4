/* Says what the documents know of each project: when the newest end was, and which builds may have gone on
 * since: those in progress, and those that an earlier sync took for dead. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "sinks/firestore/compare.h"
#include "sinks/firestore/firestore.h"
#include "sinks/firestore/stored.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NEWEST_MIN 50
#define NEWEST_MAX 300
#define OPEN_MAX   200 /* keys of a lease (docs/protocol.md) */

enum part { PART_NEWEST, PART_RUNNING, PART_TIMED_OUT, PARTS };

struct known_part {
	struct known *known;
	size_t project;
	enum part part;
	struct question question;
	yyjson_doc *answer; /* texts of documents belong to it */
};

struct known {
	struct firestore *firestore;
	size_t waiting; /* for so many answers */
	struct known_part *parts;
	size_t count;
	struct document *documents; /* of all PART_NEWEST */
	size_t document_count, document_max;
};

int64_t inquiry_timeout_ms(void)
{
	const char *text = getenv("BUILDBUS_SYNC_IN_PROGRESS_TIMEOUT");

	return text ? strtoll(text, NULL, 10) : IN_PROGRESS_TIMEOUT_MS;
}

/* Twice what the run reads anew: builds that never started, or started late, are among them. */
static int64_t newest_limit(void)
{
	const char *text = getenv("BUILDBUS_SYNC_LIMIT");
	int64_t limit = text ? 2 * strtoll(text, NULL, 10) : NEWEST_MIN;

	return limit < NEWEST_MIN ? NEWEST_MIN : limit > NEWEST_MAX ? NEWEST_MAX : limit;
}

/* ORGANIZATION/PIPELINE of the configuration; NULL: metrics_project_id is of the only one. */
static const char *pipeline_at(const struct firestore *firestore, size_t project)
{
	return firestore->config->metrics_project ? NULL : firestore->config->projects.keys[project];
}

static void stop(struct firestore *firestore, const struct reply *reply)
{
	struct err err;

	err_set(&err, ERR_CONFIG, "firestore: %s: %s",
		reply->kind == REPLY_FORBIDDEN
			? "it may not be asked which builds it has: let the security rules allow `read` of "
			  "`build` to this account, or give sync --state DIR, a folder that lasts"
		: reply->kind == REPLY_STALE
			? "it can't say which builds it has: deploy the indexes of the Metrics application, "
			  "build(projectId, startedAt desc) and build(buildStatus, projectId, startedAt desc)"
			: "it can't say which builds it has",
		reply->text);
	sink_stop(firestore->context, ERR_CONFIG, &err);
}

static int64_t end_of(const struct document *document)
{
	bool over = document->status != BUILD_IN_PROGRESS && document->started_at != INT_NULL &&
		    document->duration_ms != INT_NULL && !document->timed_out;

	return over ? document->started_at + document->duration_ms : INT_NULL;
}

/* What was skipped has the time of its creation, and was written before what finished earlier. */
static bool is_surely_over(const struct document *document)
{
	return document->status != BUILD_UNKNOWN || document->duration_ms > 0;
}

static void keep(struct known *known, const struct document *document)
{
	if (known->document_count < known->document_max) {
		known->documents[known->document_count++] = *document;
	}
}

/* A run writes a build with its coverage, in the order of ends: what ended before one that has a coverage was
 * looked at as well, and has none. Later ones may have been written by a run that read none. */
static void tell_whole(struct known *known, const struct known_part *part, size_t from)
{
	struct firestore *firestore = known->firestore;
	int64_t covered_to = INT_NULL;

	for (size_t i = from; i < known->document_count; i++) {
		int64_t end = isnan(known->documents[i].coverage) ? INT_NULL : end_of(&known->documents[i]);

		covered_to = covered_to == INT_NULL || end > covered_to ? end : covered_to;
	}
	for (size_t i = from; i < known->document_count; i++) {
		const struct document *document = &known->documents[i];
		int64_t end = end_of(document);
		char key[24];

		snprintf(key, sizeof key, "%" PRId64, document->number);
		if (end != INT_NULL && covered_to != INT_NULL && end <= covered_to) {
			sink_known_whole(firestore->context, pipeline_at(firestore, part->project), key, end,
					 document->coverage);
		}
	}
}

static void tell_newest(struct known *known, struct known_part *part)
{
	struct firestore *firestore = known->firestore;
	int64_t finished_to = INT_NULL;
	size_t index = 0, from = known->document_count;
	yyjson_val *entry;

	while ((entry = stored_next(yyjson_doc_get_root(part->answer), &index))) {
		struct document document;
		int64_t end;

		document_read(yyjson_obj_get(entry, "fields"), &document);
		document.timed_out = stored_is_timed_out(&document, firestore->timeout_ms);
		end = is_surely_over(&document) ? end_of(&document) : INT_NULL;
		finished_to = finished_to == INT_NULL || end > finished_to ? end : finished_to;
		keep(known, &document);
	}
	sink_known(firestore->context, pipeline_at(firestore, part->project), finished_to);
	tell_whole(known, part, from);
}

static void tell_open(struct firestore *firestore, const struct known_part *part)
{
	yyjson_val *entry;
	size_t index = 0;

	while ((entry = stored_next(yyjson_doc_get_root(part->answer), &index))) {
		struct document document;
		char key[24];

		document_read(yyjson_obj_get(entry, "fields"), &document);
		snprintf(key, sizeof key, "%" PRId64, document.number);
		if (document.number != INT_NULL) {
			sink_known_open(firestore->context, pipeline_at(firestore, part->project), key);
		}
		firestore->may_run |= part->part == PART_RUNNING;
	}
}

static void on_answered(void *context, const struct reply *reply, yyjson_doc *answer)
{
	struct known_part *part = context;
	struct known *known = part->known;

	if (reply->kind != REPLY_OK) {
		stop(known->firestore, reply);
		return;
	}
	part->answer = answer;
	part->part == PART_NEWEST ? tell_newest(known, part) : tell_open(known->firestore, part);
	if (--known->waiting == 0) {
		sink_known_end(known->firestore->context);
	}
}

static void ask(struct known_part *part)
{
	struct firestore *firestore = part->known->firestore;
	const char *project = projects_id(&firestore->projects, part->project);
	yyjson_mut_doc *body = part->part == PART_NEWEST ? stored_newest(project, newest_limit())
			       : part->part == PART_RUNNING
				       ? stored_running(project, OPEN_MAX, NULL)
				       : stored_timed_out(project, firestore->timeout_ms, OPEN_MAX);

	question_ask(&part->question, "runQuery", body);
}

static bool known_open(struct firestore *firestore)
{
	struct known *known = firestore->known = calloc(1, sizeof *known);
	size_t projects = firestore->projects.count;

	if (!known) {
		return false;
	}
	known->firestore = firestore;
	known->document_max = projects * (size_t)newest_limit();
	known->documents = calloc(known->document_max, sizeof *known->documents);
	known->parts = calloc(projects * PARTS, sizeof *known->parts);
	known->count = known->waiting = known->parts ? projects * PARTS : 0;
	for (size_t i = 0; i < known->count; i++) {
		struct known_part *part = &known->parts[i];

		*part = (struct known_part){
			.known = known, .project = i / PARTS, .part = (enum part)(i % PARTS)};
		question_init(&part->question, firestore, on_answered, part);
	}
	return known->parts && known->documents;
}

void firestore_known(void *state)
{
	struct firestore *firestore = state;
	struct err err;

	firestore->may_run = false;
	if (!known_open(firestore)) {
		err_set(&err, ERR_SYS, "no memory for what Firestore has");
		sink_stop(firestore->context, ERR_SYS, &err);
		return;
	}
	for (size_t i = 0; i < firestore->known->count; i++) {
		ask(&firestore->known->parts[i]);
	}
}

bool known_has(const struct known *known, const struct document *document)
{
	for (size_t i = 0; known && i < known->document_count; i++) {
		const struct document *stored = &known->documents[i];

		if (stored->number == document->number && text_same(stored->project, document->project)) {
			return document_compare(stored, document) != DOCUMENT_NEWER;
		}
	}
	return false;
}

void known_free(struct known **known)
{
	if (!*known) {
		return;
	}
	for (size_t i = 0; i < (*known)->count; i++) {
		question_fini(&(*known)->parts[i].question);
		yyjson_doc_free((*known)->parts[i].answer);
	}
	free((*known)->parts);
	free((*known)->documents);
	free(*known);
	*known = NULL;
}
