/* The documents in `projects` must be there before any build is written: the application's rules ask for
 * them. */
/* SPDX-License-Identifier: MIT */
#include "common/backoff.h"
#include "common/log.h"
#include "common/metrics.h"
#include "common/process.h"
#include "sinks/firestore/firestore.h"

#include <stdio.h>
#include <stdlib.h>

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 30000

static void stop(struct firestore *firestore, const char *what, const char *why)
{
	struct err err;

	err_set(&err, ERR_CONFIG, "firestore: %s%s%s", what, *why ? ": " : "", why);
	sink_stop(firestore->context, ERR_CONFIG, &err);
}

/* Batches that wait drive the next try by their back-off; without any, the alarm does. */
static void put_off(struct firestore *firestore, const struct err *err)
{
	int64_t wait_ms = backoff_ms(firestore->check_tries++, RETRY_MIN_MS, RETRY_MAX_MS);

	firestore->state = FIRESTORE_CLOSED;
	alarm_by(&firestore->check_alarm, now_ms() + wait_ms);
	log_warn("firestore.waiting", STR("sink", firestore->context->name), STR("why", err->text),
		 NUM("again_in_ms", wait_ms));
	metrics_health(false, err->text);
	sink_ready(firestore->context); /* the others need not wait for a network */
	questions_put_off(firestore);
	deliveries_put_off(firestore, err);
}

static void open_up(struct firestore *firestore)
{
	firestore->state = FIRESTORE_OPEN;
	firestore->check_tries = 0;
	log_info("firestore.ready", STR("sink", firestore->context->name),
		 STR("project", firestore->config->project), NUM("projects", firestore->projects.count));
	metrics_health(true, NULL);
	sink_ready(firestore->context);
	questions_resume(firestore);
	deliveries_resume(firestore);
}

static void on_failed(struct firestore *firestore, const struct reply *reply)
{
	struct err err;

	switch (reply->kind) {
	case REPLY_FORBIDDEN:
		stop(firestore,
		     "the account may not read or write `projects`: check firebase_project_id and the "
		     "project's security rules",
		     reply->text);
		return;
	case REPLY_TOKEN:
		if (firestore->check_refusals++ == 0) {
			google_token_refused(firestore->token, firestore->sent_bearer);
			firestore->state = FIRESTORE_CLOSED;
			project_check(firestore);
			return;
		}
		stop(firestore,
		     "the account is not accepted by this project: check that firebase_project_id is the "
		     "project of the account and its API key",
		     reply->text);
		return;
	case REPLY_NOWHERE:
	case REPLY_SPLIT:
		stop(firestore, "no Firestore database answers there: check firebase_project_id and api_url",
		     reply->text);
		return;
	default:
		err_set(&err, ERR_REMOTE, "firestore: %s", reply->text);
		put_off(firestore, &err);
	}
}

/* False: no memory, or it can't be sent; told. */
static bool send_body(struct firestore *firestore, const char *verb, yyjson_mut_doc *body,
		      http_callback *callback)
{
	const char *headers[] = {firestore->sent_bearer, "Content-Type: application/json", NULL};
	yyjson_alc alc = arena_yyjson(&firestore->check_arena);
	const char *url = arena_format(&firestore->check_arena, "%s:%s", firestore->access.documents, verb);
	struct err err = {0};
	size_t size = 0;
	const char *text = yyjson_mut_write_opts(body, 0, &alc, &size, NULL);

	if (!url || !text || !firestore->sent_bearer) {
		err_set(&err, ERR_SYS, "no memory for a request to Firestore");
	} else if (http_send(firestore->http, "POST", url, headers, text, size, callback, firestore, &err)) {
		return true;
	}
	put_off(firestore, &err);
	return false;
}

static const char *name_of(struct firestore *firestore, size_t index)
{
	return arena_format(&firestore->check_arena, "%s/projects/%s", firestore->access.names,
			    projects_id(&firestore->projects, index));
}

static void on_made(void *context, const struct http_answer *answer)
{
	struct firestore *firestore = context;
	struct reply reply;

	reply_read(answer, &reply);
	if (reply.kind == REPLY_OK) {
		open_up(firestore);
	} else if (reply.kind == REPLY_STALE) {
		firestore->state = FIRESTORE_CLOSED; /* somebody else made one: look again */
		project_check(firestore);
	} else {
		on_failed(firestore, &reply);
	}
}

static void add_project(struct firestore *firestore, yyjson_mut_doc *doc, yyjson_mut_val *writes,
			const char *name)
{
	yyjson_mut_val *write = yyjson_mut_arr_add_obj(doc, writes);
	yyjson_mut_val *update = yyjson_mut_obj_add_obj(doc, write, "update");
	yyjson_mut_val *fields, *value, *current;

	yyjson_mut_obj_add_strcpy(doc, update, "name", name);
	fields = yyjson_mut_obj_add_obj(doc, update, "fields");
	value = yyjson_mut_obj_add_obj(doc, fields, "name");
	yyjson_mut_obj_add_strcpy(doc, value, "stringValue", strrchr(name, '/') + 1);
	current = yyjson_mut_obj_add_obj(doc, write, "currentDocument");
	yyjson_mut_obj_add_bool(doc, current, "exists", false);
	log_info("firestore.project_made", STR("sink", firestore->context->name),
		 STR("id", strrchr(name, '/') + 1));
}

/* The names under `missing`; an entry that is no answer at all counts as nothing. */
static void judge(struct firestore *firestore, yyjson_val *answers)
{
	yyjson_alc alc = arena_yyjson(&firestore->check_arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *writes = yyjson_mut_obj_add_arr(doc, root, "writes");
	size_t index, count, missing = 0;
	yyjson_val *entry;
	char what[300];

	yyjson_mut_doc_set_root(doc, root);
	yyjson_arr_foreach(answers, index, count, entry)
	{
		const char *name = yyjson_get_str(yyjson_obj_get(entry, "missing"));
		if (name && !firestore->config->create_project) {
			snprintf(what, sizeof what,
				 "the Firebase project %.60s has no document projects/%.100s: add the "
				 "project in the "
				 "Metrics application, correct the id, or set create_project: true",
				 firestore->config->project, strrchr(name, '/') + 1);
			stop(firestore, what, "");
			return;
		}
		if (name) {
			add_project(firestore, doc, writes, name);
			missing++;
		}
	}
	if (missing == 0 || firestore->context->bus->dry_run) {
		open_up(firestore);
	} else {
		send_body(firestore, "commit", doc, on_made);
	}
}

static void on_read(void *context, const struct http_answer *answer)
{
	struct firestore *firestore = context;
	yyjson_alc alc = arena_yyjson(&firestore->check_arena);
	struct reply reply;
	yyjson_val *root;

	reply_read(answer, &reply);
	if (reply.kind != REPLY_OK) {
		on_failed(firestore, &reply);
		return;
	}
	root = yyjson_doc_get_root(
		yyjson_read_opts((char *)(uintptr_t)answer->body, answer->body_size, 0, &alc, NULL));
	if (yyjson_arr_size(root) < firestore->projects.count) {
		reply = (struct reply){.kind = REPLY_NOWHERE, .text = "the answer is not Firestore's"};
		on_failed(firestore, &reply);
		return;
	}
	judge(firestore, root);
}

static void read_projects(struct firestore *firestore)
{
	yyjson_alc alc = arena_yyjson(&firestore->check_arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *names = yyjson_mut_obj_add_arr(doc, root, "documents");

	yyjson_mut_doc_set_root(doc, root);
	for (size_t i = 0; i < firestore->projects.count; i++) {
		yyjson_mut_arr_add_str(doc, names, name_of(firestore, i));
	}
	send_body(firestore, "batchGet", doc, on_read);
}

void project_check(struct firestore *firestore)
{
	const char *bearer;

	if (firestore->state == FIRESTORE_CHECKING) {
		return;
	}
	if (firestore->state == FIRESTORE_CLOSED) {
		firestore->state = FIRESTORE_CHECKING;
	}
	arena_reset(&firestore->check_arena);
	bearer = google_token_bearer(firestore->token);
	if (bearer && firestore->state == FIRESTORE_CHECKING) {
		free(firestore->sent_bearer);
		firestore->sent_bearer = strdup(bearer);
		read_projects(firestore);
	}
}

void project_token_settled(struct firestore *firestore, enum status status, const struct err *err)
{
	if (status == ERR_CONFIG || status == ERR_SYS) {
		struct err told = *err;
		err_prefix(&told, "firestore");
		sink_stop(firestore->context, status, &told);
	} else if (firestore->state == FIRESTORE_CHECKING) {
		firestore->state = FIRESTORE_CLOSED;
		status == OK ? project_check(firestore) : put_off(firestore, err);
	} else if (firestore->state == FIRESTORE_OPEN) {
		status == OK ? questions_resume(firestore) : questions_put_off(firestore);
		status == OK ? deliveries_resume(firestore) : deliveries_put_off(firestore, err);
	}
}
