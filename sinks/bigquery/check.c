/* `--check`: signs in, looks at the dataset and the table, and asks for permission by requests that can only
 * fail or do nothing: an insertAll without rows, a query that is only estimated. */
/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/bigquery.h"
#include "sinks/bigquery/columns.h"

struct bigquery_check {
	struct sink_check *check;
	const struct bigquery_config *config;
	struct account account;
	struct caller caller;
	bool table; /* is there */
};

typedef void answered_callback(void *owner, const struct http_answer *answer, const struct reply *reply);

static void finish(struct bigquery_check *state)
{
	sink_check_end(state->check);
}

static void ask(struct bigquery_check *state, const char *method, const char *body,
		answered_callback *answered, const char *path)
{
	const struct call_order order = {.method = method,
					 .body = body,
					 .size = body ? strlen(body) : 0,
					 .answered = answered,
					 .owner = state};
	struct err err;

	if (call_send(&state->caller, &order, &err, "/bigquery/v2/projects/%s%s", state->config->project,
		      path) != OK) {
		sink_tell(state->check, CHECK_BAD, "%s", err.text);
		finish(state);
	}
}

/* The sentence for a refusal. */
static void refuse(struct bigquery_check *state, const char *what, const char *role,
		   const struct reply *reply)
{
	switch (reply->kind) {
	case REPLY_FORBIDDEN:
		sink_tell(state->check, CHECK_BAD, "%s: grant %s to the account: %s", what, role,
			  reply->text);
		break;
	case REPLY_TOKEN:
		sink_tell(state->check, CHECK_BAD,
			  "%s: the account is not accepted: check credentials_file: %s", what, reply->text);
		break;
	case REPLY_LATER:
		sink_tell(state->check, CHECK_BAD,
			  "%s: try again; check api_url, the network and the proxy: %s", what, reply->text);
		break;
	default:
		sink_tell(state->check, CHECK_BAD, "%s: check project_id and api_url: %s", what, reply->text);
	}
}

static void on_estimated(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct bigquery_check *state = owner;

	(void)answer;
	if (reply->kind == REPLY_OK) {
		sink_tell(state->check, CHECK_OK, "jobs can be run in the project %s",
			  state->config->project);
	} else {
		refuse(state, "load jobs", "roles/bigquery.jobUser on the project", reply);
	}
	finish(state);
}

static void check_jobs(struct bigquery_check *state)
{
	if (state->config->mode == BIGQUERY_LOAD) {
		ask(state, "POST", "{\"query\":\"SELECT 1\",\"dryRun\":true,\"useLegacySql\":false}",
		    on_estimated, "/queries");
	} else {
		finish(state);
	}
}

static void on_inserted(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct bigquery_check *state = owner;

	(void)answer;
	if (reply->kind == REPLY_OK || reply->kind == REPLY_INVALID) { /* "No rows present in the request." */
		sink_tell(state->check, CHECK_OK, "rows of %s can be written", COLUMNS_TABLE);
	} else {
		refuse(state, "permission to write", "roles/bigquery.dataEditor on the dataset", reply);
	}
	check_jobs(state);
}

static void check_columns(struct bigquery_check *state, const struct http_answer *answer)
{
	yyjson_doc *there = yyjson_read(answer->body, answer->body_size, 0);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_val *fields = yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(there), "schema"), "fields");
	size_t missing = 0;
	struct err err = {.text = "it has no columns"};

	if (!fields || columns_merge(doc, yyjson_val_mut_copy(doc, fields), &missing, &err) != OK) {
		sink_tell(state->check, CHECK_BAD,
			  "the table %s can't take builds, name another dataset or change the column: %s",
			  COLUMNS_TABLE, err.text);
	} else if (missing) {
		sink_tell(state->check, CHECK_NOTE, "the table %s gets %zu columns that it lacks",
			  COLUMNS_TABLE, missing);
	} else {
		sink_tell(state->check, CHECK_OK, "the table %s is there", COLUMNS_TABLE);
	}
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(there);
}

static void on_table(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct bigquery_check *state = owner;
	char path[1200];

	if (reply->kind == REPLY_MISSING) {
		sink_tell(state->check, CHECK_NOTE, "the table %s is not there yet, it will be made",
			  COLUMNS_TABLE);
		check_jobs(state);
		return;
	}
	if (reply->kind != REPLY_OK) {
		refuse(state, COLUMNS_TABLE, "roles/bigquery.dataEditor on the dataset", reply);
		finish(state);
		return;
	}
	check_columns(state, answer);
	snprintf(path, sizeof path, "/datasets/%s/tables/%s/insertAll", state->config->dataset,
		 COLUMNS_TABLE);
	ask(state, "POST", "{\"rows\":[]}", on_inserted, path);
}

static void on_dataset(void *owner, const struct http_answer *answer, const struct reply *reply)
{
	struct bigquery_check *state = owner;
	char path[1200];

	(void)answer;
	if (reply->kind == REPLY_MISSING) {
		sink_tell(state->check, CHECK_NOTE,
			  "the dataset %s is not there yet, it will be made in %s: that needs "
			  "roles/bigquery.dataEditor on the project",
			  state->config->dataset, state->config->location);
		check_jobs(state);
		return;
	}
	if (reply->kind != REPLY_OK) {
		refuse(state, state->config->dataset, "roles/bigquery.dataEditor on the dataset", reply);
		finish(state);
		return;
	}
	sink_tell(state->check, CHECK_OK, "the account may see the dataset %s of %s", state->config->dataset,
		  state->config->project);
	snprintf(path, sizeof path, "/datasets/%s/tables/%s", state->config->dataset, COLUMNS_TABLE);
	ask(state, "GET", NULL, on_table, path);
}

static void on_refused(void *owner, const struct err *err)
{
	struct bigquery_check *state = owner;

	sink_tell(state->check, CHECK_BAD, "%s", err->text);
	finish(state);
}

static enum status start(void *arg, struct sink_check *check, const void *config, struct err *err)
{
	struct bigquery_check *state = arg;
	enum status status = bigquery_config_check(config, check->context.file, err);
	char path[1100];

	state->check = check;
	state->config = config;
	state->caller.refused = on_refused;
	state->caller.owner = state;
	if (status == OK) {
		status = account_open(&state->account, state->config->credentials, err);
	}
	if (status == OK) {
		status = caller_open(&state->caller, check->context.loop, state->config->api_url,
				     state->account.way, state->account.identity, 1, err);
	}
	if (status == OK) {
		snprintf(path, sizeof path, "/datasets/%s", state->config->dataset);
		ask(state, "GET", NULL, on_dataset, path);
	}
	return status;
}

static void stop(void *arg)
{
	struct bigquery_check *state = arg;

	caller_close(&state->caller);
	account_close(&state->account);
}

const struct sink_checker bigquery_checker = {
	.state_size = sizeof(struct bigquery_check),
	.start = start,
	.stop = stop,
};
