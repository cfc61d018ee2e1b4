/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/reply.h"
#include "common/google/error.h"

#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#define STACK_BYTES 16384
#define QUOTA_MS    600000 /* "wait 10 minutes or longer" (troubleshoot quotas) */

/* The reasons of BigQuery's error table. Only what is retryable there is tried again; the job* words are
 * those that google-cloud clients retry whole jobs for. */
static const struct {
	const char *reason;
	enum reply_kind kind;
	int64_t after_ms;
} meanings[] = {
	{"rateLimitExceeded", REPLY_LATER, 0},
	{"jobRateLimitExceeded", REPLY_LATER, 0},
	{"userRateLimitExceeded", REPLY_LATER, 0},
	{"tableUnavailable", REPLY_LATER, 0},
	{"stopped", REPLY_LATER, 0}, /* of a job: somebody cancelled it */
	{"resourcesExceeded", REPLY_LATER, 0},
	{"backendError", REPLY_LATER, 0},
	{"jobBackendError", REPLY_LATER, 0},
	{"internalError", REPLY_LATER, 0},
	{"jobInternalError", REPLY_LATER, 0},
	{"badGateway", REPLY_LATER, 0},
	{"quotaExceeded", REPLY_LATER, QUOTA_MS},
	{"blocked", REPLY_LATER, QUOTA_MS},
	{"authError", REPLY_TOKEN, 0},
	{"accessDenied", REPLY_FORBIDDEN, 0},
	{"billingNotEnabled", REPLY_FORBIDDEN, 0},
	{"accessNotConfigured", REPLY_FORBIDDEN, 0},
	{"forbidden", REPLY_FORBIDDEN, 0},
	{"notFound", REPLY_MISSING, 0},
	{"duplicate", REPLY_EXISTS, 0},
	{"responseTooLarge", REPLY_TOO_LARGE, 0},
};

static bool by_reason(struct reply *reply)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (strcmp(reply->reason, meanings[i].reason) == 0) {
			reply->kind = meanings[i].kind;
			reply->after_ms = meanings[i].after_ms > reply->after_ms ? meanings[i].after_ms
										 : reply->after_ms;
			return true;
		}
	}
	return false;
}

static enum reply_kind by_code(const struct http_answer *answer)
{
	switch (answer->code) {
	case 401:
		return REPLY_TOKEN;
	case 403:
		return REPLY_FORBIDDEN;
	case 404:
		return REPLY_MISSING;
	case 409:
		return REPLY_EXISTS;
	case 413:
		return REPLY_TOO_LARGE;
	case 408:
	case 429:
		return REPLY_LATER;
	default:
		return answer->code >= 400 && answer->code < 500 ? REPLY_INVALID : REPLY_LATER;
	}
}

static void read_reason(const struct http_answer *answer, struct reply *reply)
{
	char memory[STACK_BYTES];
	yyjson_alc alc;
	yyjson_val *error;
	const char *reason;

	yyjson_alc_pool_init(&alc, memory, sizeof memory);
	error = yyjson_obj_get(yyjson_doc_get_root(yyjson_read_opts((char *)(uintptr_t)answer->body,
								    answer->body_size, 0, &alc, NULL)),
			       "error");
	reason = yyjson_get_str(
		yyjson_obj_get(yyjson_arr_get_first(yyjson_obj_get(error, "errors")), "reason"));
	snprintf(reply->reason, sizeof reply->reason, "%s", reason ? reason : "");
}

void reply_read(const struct http_answer *answer, struct reply *reply)
{
	struct google_error error = {0};

	*reply = (struct reply){.kind = REPLY_OK};
	if (answer->class == HTTP_OK) {
		return;
	}
	reply->after_ms = answer->retry_after_ms > 0 ? answer->retry_after_ms : 0;
	if (answer->class == HTTP_FAILED) {
		reply->kind = REPLY_LATER;
		snprintf(reply->text, sizeof reply->text, "%s", answer->err.text);
		return;
	}
	read_reason(answer, reply);
	google_error_read(answer->body, answer->body_size, &error);
	snprintf(error.status, sizeof error.status, "%s", reply->reason);
	google_error_text(answer, &error, reply->text, sizeof reply->text);
	/* 400 with no reason of its own (google-cloud-go issue 2855). */
	if (answer->code == 413 || strstr(error.message, "payload size exceeds")) {
		reply->kind = REPLY_TOO_LARGE;
	} else if (!by_reason(reply)) {
		reply->kind = by_code(answer);
	}
}

void reply_of_job(const char *reason, const char *message, struct reply *reply)
{
	/* Rows are to blame only where it says so. */
	*reply = (struct reply){.kind = reason && strcmp(reason, "invalid") == 0 ? REPLY_INVALID
										 : REPLY_LATER};
	snprintf(reply->reason, sizeof reply->reason, "%s", reason ? reason : "");
	snprintf(reply->text, sizeof reply->text, "%s (%s)", message ? message : "no message", reply->reason);
	by_reason(reply);
}
