/* `--check`: signs in, reads `projects`, and asks for permission to write by a commit that can only fail. */
/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/firestore.h"

#include <stdio.h>
#include <stdlib.h>

/* No document was ever changed then: Firestore looks at the rules first, then at the precondition, and writes
 * nothing either way. */
#define NEVER "1970-01-01T00:00:01Z"

struct firestore_check {
	struct sink_check *check;
	const struct firestore_config *config;
	struct projects projects;
	struct access access;
	struct google_token *token;
	struct http *http;
	struct arena arena;
	const char *probed; /* the id that the commit is about */
};

static void end_with(struct firestore_check *state, const char *what, const char *skipped)
{
	sink_tell(state->check, CHECK_BAD, "%s", what);
	for (; *skipped; skipped += strlen(skipped) + 1) {
		sink_tell(state->check, CHECK_SKIP, "%s", skipped);
	}
	sink_check_end(state->check);
}

#define SKIP_WRITE    "permission to write: depends on what is bad above\0"
#define SKIP_PROJECTS "metrics_project_id: depends on what is bad above\0" SKIP_WRITE

/* The sentence for an answer that is no success. */
static void explain(const struct reply *reply, const char *what, char *out, size_t size)
{
	static const char *const advice[] = {
		[REPLY_FORBIDDEN] = ": check firebase_project_id and the project's security rules",
		[REPLY_TOKEN] = (": the account is not accepted: check that firebase_project_id is the "
				 "project of the account and its API key"),
		[REPLY_NOWHERE] = ": check firebase_project_id and api_url",
		[REPLY_LATER] = ": try again; check api_url, the network and the proxy",
		[REPLY_SPLIT] = ": check firebase_project_id and api_url",
		[REPLY_STALE] = "",
		[REPLY_OK] = "",
	};

	snprintf(out, size, "%s: %s%s", what, reply->text, advice[reply->kind]);
}

static bool send_body(struct firestore_check *state, const char *verb, yyjson_mut_doc *body,
		      http_callback *callback)
{
	const char *headers[] = {google_token_bearer(state->token), "Content-Type: application/json", NULL};
	yyjson_alc alc = arena_yyjson(&state->arena);
	const char *url = arena_format(&state->arena, "%s:%s", state->access.documents, verb);
	struct err err = {.text = "out of memory"};
	size_t size = 0;
	const char *text = yyjson_mut_write_opts(body, 0, &alc, &size, NULL);

	if (url && text && headers[0] &&
	    http_send(state->http, "POST", url, headers, text, size, callback, state, &err)) {
		return true;
	}
	end_with(state, err.text, "");
	return false;
}

static void on_committed(void *context, const struct http_answer *answer)
{
	struct firestore_check *state = context;
	struct reply reply;
	char text[600];

	reply_read(answer, &reply);
	if (reply.kind == REPLY_STALE) {
		sink_tell(state->check, CHECK_OK, "builds of projects/%s can be written", state->probed);
	} else if (reply.kind == REPLY_OK) {
		sink_tell(state->check, CHECK_BAD, "%s does not look at preconditions: check api_url",
			  state->access.documents);
	} else {
		explain(&reply, "permission to write `build`", text, sizeof text);
		sink_tell(state->check, CHECK_BAD, "%s", text);
	}
	sink_check_end(state->check);
}

/* A build as they are written, of number 0, which no provider gives. */
static void ask_to_write(struct firestore_check *state)
{
	yyjson_alc alc = arena_yyjson(&state->arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *write, *update, *current;
	const struct document document = {
		.project = text_of(state->probed),
		.started_at = 0,
		.status = BUILD_UNKNOWN,
		.duration_ms = 0,
		.workflow = TEXT(""),
		.url = TEXT(""),
		.coverage = REAL_NULL,
	};

	yyjson_mut_doc_set_root(doc, root);
	write = yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, root, "writes"));
	update = yyjson_mut_obj_add_obj(doc, write, "update");
	yyjson_mut_obj_add_str(
		doc, update, "name",
		arena_format(&state->arena, "%s/build/%s_0", state->access.names, state->probed));
	yyjson_mut_obj_add_val(doc, update, "fields", document_fields(doc, &document));
	current = yyjson_mut_obj_add_obj(doc, write, "currentDocument");
	yyjson_mut_obj_add_str(doc, current, "updateTime", NEVER);
	send_body(state, "commit", doc, on_committed);
}

static void judge_project(struct firestore_check *state, yyjson_val *entry)
{
	const char *found = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(entry, "found"), "name"));
	const char *missing = yyjson_get_str(yyjson_obj_get(entry, "missing"));
	const char *name = found ? found : missing, *id = name ? strrchr(name, '/') : NULL;

	if (!id) {
		return;
	}
	if (found) {
		sink_tell(state->check, CHECK_OK, "projects%s exists", id);
		state->probed = state->probed ? state->probed : arena_format(&state->arena, "%s", id + 1);
	} else if (state->config->create_project) {
		sink_tell(state->check, CHECK_NOTE, "projects%s is not there yet, it will be made", id);
	} else {
		sink_tell(
			state->check, CHECK_BAD,
			"the Firebase project %s has no document projects%s: add the project in the Metrics "
			"application, correct the id, or set create_project: true",
			state->config->project, id);
	}
}

static void on_read(void *context, const struct http_answer *answer)
{
	struct firestore_check *state = context;
	yyjson_alc alc = arena_yyjson(&state->arena);
	yyjson_val *root, *entry;
	size_t index, count;
	struct reply reply;
	char text[600];

	reply_read(answer, &reply);
	root = reply.kind == REPLY_OK
		       ? yyjson_doc_get_root(yyjson_read_opts((char *)(uintptr_t)answer->body,
							      answer->body_size, 0, &alc, NULL))
		       : NULL;
	if (yyjson_arr_size(root) < state->projects.count) {
		if (reply.kind == REPLY_OK) {
			reply = (struct reply){.kind = REPLY_NOWHERE,
					       .text = "the answer is not Firestore's"};
		}
		explain(&reply, "firebase_project_id", text, sizeof text);
		end_with(state, text, SKIP_PROJECTS);
		return;
	}
	sink_tell(state->check, CHECK_OK, "firebase_project_id: `projects` of %s can be read",
		  state->config->project);
	yyjson_arr_foreach(root, index, count, entry)
	{
		judge_project(state, entry);
	}
	if (state->probed) {
		ask_to_write(state);
	} else {
		sink_tell(state->check, CHECK_SKIP, "permission to write: none of the projects exists");
		sink_check_end(state->check);
	}
}

static void read_projects(struct firestore_check *state)
{
	yyjson_alc alc = arena_yyjson(&state->arena);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *names = yyjson_mut_obj_add_arr(doc, root, "documents");

	yyjson_mut_doc_set_root(doc, root);
	for (size_t i = 0; i < state->projects.count; i++) {
		yyjson_mut_arr_add_str(doc, names,
				       arena_format(&state->arena, "%s/projects/%s", state->access.names,
						    projects_id(&state->projects, i)));
	}
	send_body(state, "batchGet", doc, on_read);
}

/* In the order in which signing in looks at them: what is named first in the sentence of a refusal is wrong,
 * and what comes before it was accepted. */
static const char *const user_keys[] = {"firebase_public_api_key", "firebase_user_email",
					"firebase_user_pass"};

static void tell_keys(struct firestore_check *state, const char *refusal)
{
	bool bad = false;

	for (size_t i = 0; i < sizeof user_keys / sizeof *user_keys; i++) {
		if (bad) {
			sink_tell(state->check, CHECK_SKIP, "%s: depends on what is bad above", user_keys[i]);
		} else if (refusal && strstr(refusal, user_keys[i])) {
			sink_tell(state->check, CHECK_BAD, "%s: %s", user_keys[i], refusal);
			bad = true;
		} else {
			sink_tell(state->check, CHECK_OK, "%s: accepted", user_keys[i]);
		}
	}
}

static bool names_a_key(const char *sentence)
{
	for (size_t i = 0; i < sizeof user_keys / sizeof *user_keys; i++) {
		if (strstr(sentence, user_keys[i])) {
			return true;
		}
	}
	return false;
}

static void on_signed_in(void *owner, enum status status, const struct err *err)
{
	struct firestore_check *state = owner;
	bool user = state->access.way == &google_user_way;

	if (status == OK) {
		user ? tell_keys(state, NULL)
		     : sink_tell(state->check, CHECK_OK, "the service account is accepted");
		read_projects(state);
		return;
	}
	if (user && status == ERR_CONFIG && names_a_key(err->text)) {
		tell_keys(state, err->text);
	} else {
		sink_tell(state->check, CHECK_BAD, "%s", err->text);
	}
	sink_tell(state->check, CHECK_SKIP, "firebase_project_id: depends on what is bad above");
	sink_tell(state->check, CHECK_SKIP, "permission to write: depends on what is bad above");
	sink_check_end(state->check);
}

static enum status open_clients(struct firestore_check *state, struct err *err)
{
	const struct http_options http = {.concurrency = 1, .timeout_ms = CHECK_TIMEOUT_MS};
	const struct google_token_options token = {
		.way = state->access.way,
		.identity = state->access.identity,
		.loop = state->check->context.loop,
		.timeout_ms = CHECK_TIMEOUT_MS,
		.settled = on_signed_in,
		.owner = state,
	};
	enum status status = google_token_new(&state->token, &token, err);

	return status == OK ? http_new(&state->http, state->check->context.loop, &http, err) : status;
}

static enum status start(void *arg, struct sink_check *check, const void *config, struct err *err)
{
	struct firestore_check *state = arg;
	enum status status = firestore_config_check(config, check->context.file, err);

	state->check = check;
	state->config = config;
	arena_init(&state->arena, 4 << 20);
	projects_open(&state->projects, config);
	if (status == OK) {
		status = access_open(&state->access, config, err);
	}
	if (status == OK) {
		status = open_clients(state, err);
	}
	if (status == OK && google_token_bearer(state->token)) { /* the emulators' administrator */
		read_projects(state);
	}
	return status;
}

static void stop(void *arg)
{
	struct firestore_check *state = arg;

	http_free(&state->http);
	google_token_free(&state->token);
	arena_fini(&state->arena);
	access_close(&state->access);
	projects_close(&state->projects);
}

const struct sink_checker firestore_checker = {
	.state_size = sizeof(struct firestore_check),
	.start = start,
	.stop = stop,
};
