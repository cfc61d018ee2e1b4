/* What comes before a method's own work: the token, the failures that the test wants, and which file
 * answers. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void bq_lock(struct fake_bigquery *fake)
{
	pthread_mutex_lock(&fake->mutex);
}

void bq_unlock(struct fake_bigquery *fake)
{
	pthread_mutex_unlock(&fake->mutex);
}

void bq_fail(struct fake_bigquery *fake, enum bq_verb verb, int times, long code, const char *reason,
	     const char *message)
{
	bq_lock(fake);
	fake->failures[verb] =
		(struct bq_failure){.times = times, .code = code, .reason = reason, .message = message};
	bq_unlock(fake);
}

int bq_asked(struct fake_bigquery *fake, enum bq_verb verb)
{
	int asked;

	bq_lock(fake);
	asked = fake->asked[verb];
	bq_unlock(fake);
	return asked;
}

/* {"error": {"code", "message", "errors": [{"message", "domain", "reason"}], "status"}} as Google's APIs. */
void bq_error(struct bq_reply *reply, long code, const char *reason, const char *format, ...)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *error, *first;
	char message[600];
	va_list values;

	va_start(values, format);
	vsnprintf(message, sizeof message, format, values);
	va_end(values);
	yyjson_mut_doc_set_root(doc, root);
	error = yyjson_mut_obj_add_obj(doc, root, "error");
	yyjson_mut_obj_add_int(doc, error, "code", code);
	yyjson_mut_obj_add_strcpy(doc, error, "message", message);
	first = yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, error, "errors"));
	yyjson_mut_obj_add_strcpy(doc, first, "message", message);
	yyjson_mut_obj_add_str(doc, first, "domain", "global");
	yyjson_mut_obj_add_strcpy(doc, first, "reason", reason);
	bq_answer(reply, doc);
	reply->code = code;
}

void bq_answer(struct bq_reply *reply, yyjson_mut_doc *doc)
{
	free(reply->body);
	reply->body = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	reply->code = 200;
	yyjson_mut_doc_free(doc);
}

bool bq_draw(struct fake_bigquery *fake)
{
	return fake->permille > 0 && fake_random(&fake->seed) % 1000 < (uint64_t)fake->permille;
}

/* What goes wrong in the weather that `permille` asks for. */
static const struct bq_failure weather[] = {
	{.code = 429, .reason = "rateLimitExceeded", .message = "Exceeded rate limits: too many requests"},
	{.code = 503, .reason = "backendError", .message = "Visibility check was unavailable. Please retry"},
	{.code = 500, .reason = "internalError", .message = "An internal error occurred"},
	{.code = 403,
	 .reason = "rateLimitExceeded",
	 .message = "Exceeded rate limits: too many table update"},
	{.code = 502, .reason = NULL, .message = "<html><title>502 Bad Gateway</title></html>"},
	{.code = 0},
	{.code = 0, .after = true},
	{.code = 413, .reason = NULL, .message = "<html><title>413 Request Entity Too Large</title></html>"},
};

#define KINDS     (sizeof weather / sizeof *weather)
#define TOO_LARGE (KINDS - 1)

/* The failure that this request meets; NULL: none. */
static const struct bq_failure *failure_of(struct fake_bigquery *fake, enum bq_verb verb)
{
	struct bq_failure *failure = &fake->failures[verb];
	size_t kind;

	if (failure->times != 0) {
		failure->times -= failure->times > 0;
		return failure;
	}
	if (verb == BQ_TOKEN || !bq_draw(fake)) {
		return NULL;
	}
	kind = fake_random(&fake->seed) % (verb == BQ_INSERT_ALL || verb == BQ_UPLOAD ? KINDS : TOO_LARGE);
	fake->drawn[kind]++;
	return &weather[kind];
}

static void fail_so(const struct bq_failure *failure, struct bq_reply *reply)
{
	if (failure->code && failure->reason) {
		bq_error(reply, failure->code, failure->reason, "%s", failure->message);
	} else {
		free(reply->body);
		reply->body = strdup(failure->message ? failure->message : "");
		reply->code = failure->code;
	}
}

static void give_token(struct fake_bigquery *fake, struct bq_reply *reply)
{
	free(reply->body);
	reply->code = 200;
	cr_assert(
		asprintf(&reply->body,
			 "{\"access_token\":\"ya29.t0ken-%d\",\"expires_in\":3600,\"token_type\":\"Bearer\"}",
			 ++fake->token) > 0);
}

static bool token_fits(const struct fake_bigquery *fake, const char *header)
{
	int number;

	return fake->any_token || (header && sscanf(header, "Bearer ya29.t0ken-%d", &number) == 1 &&
				   number >= fake->valid_from && number <= fake->token);
}

static void estimate(const struct bq_request *request, struct bq_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);

	if (!strstr(request->body, "\"dryRun\":true")) {
		yyjson_mut_doc_free(doc);
		bq_error(reply, 400, "notImplemented", "This service estimates queries only");
		return;
	}
	yyjson_mut_doc_set_root(doc, yyjson_mut_obj(doc));
	yyjson_mut_obj_add_str(doc, yyjson_mut_doc_get_root(doc), "kind", "bigquery#queryResponse");
	yyjson_mut_obj_add_bool(doc, yyjson_mut_doc_get_root(doc), "jobComplete", true);
	bq_answer(reply, doc);
}

static void serve(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
		  struct bq_reply *reply)
{
	switch (verb) {
	case BQ_TOKEN:
		give_token(fake, reply);
		break;
	case BQ_INSERT_ALL:
		bq_insert_all(fake, request, reply);
		break;
	case BQ_DATA_LIST:
		bq_data_list(fake, request, reply);
		break;
	case BQ_UPLOAD_START:
	case BQ_UPLOAD:
		bq_uploads(fake, verb, request, reply);
		break;
	case BQ_QUERY:
		estimate(request, reply);
		break;
	case BQ_JOB_INSERT:
	case BQ_JOB_GET:
	case BQ_JOB_LIST:
		bq_jobs(fake, verb, request, reply);
		break;
	case BQ_VERBS:
		bq_error(reply, 404, "notFound", "Not Found: %s %s", request->method, request->path);
		break;
	default:
		bq_resources(fake, verb, request, reply);
	}
}

void bq_serve(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
	      const char *bearer, struct bq_reply *reply)
{
	const struct bq_failure *failure;

	if (verb < BQ_VERBS) {
		fake->asked[verb]++;
	}
	if (fake->bodies && request->size && verb != BQ_UPLOAD) {
		fprintf(fake->bodies, "%s %s %s\n", request->method, request->path, request->body);
		fflush(fake->bodies);
	}
	if (verb != BQ_TOKEN && !token_fits(fake, bearer)) {
		bq_error(reply, 401, "authError",
			 "Request had invalid authentication credentials. Expected OAuth 2 access token.");
		return;
	}
	failure = verb < BQ_VERBS ? failure_of(fake, verb) : NULL;
	if (!failure || failure->after) {
		serve(fake, verb, request, reply);
	}
	if (failure) {
		fail_so(failure, reply);
	}
}
