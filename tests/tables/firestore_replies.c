/* What Firestore answers and what it means: the words of the emulator and of production. */
/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/reply.h"
#include "tests/tables/table.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct {
	long code;
	enum http_class class;
	const char *status, *message; /* status NULL: message is the whole body */
	enum reply_kind want;
} answers[] = {
	{409, HTTP_CLIENT, "ALREADY_EXISTS", "entity already exists: EntityRef{path=\\/projects\\/web}",
	 REPLY_STALE},
	{409, HTTP_CLIENT, "ABORTED", "Too much contention on these documents.", REPLY_LATER},
	{400, HTTP_CLIENT, "FAILED_PRECONDITION",
	 "the stored version (1) does not match the required base version (2)", REPLY_STALE},
	{400, HTTP_CLIENT, "FAILED_PRECONDITION", "not available for Firestore in Datastore Mode database x",
	 REPLY_NOWHERE},
	{400, HTTP_CLIENT, "INVALID_ARGUMENT", "The value of property is longer than 1048487 bytes.",
	 REPLY_SPLIT},
	{400, HTTP_CLIENT, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 10485760 bytes.",
	 REPLY_SPLIT},
	{400, HTTP_CLIENT, "INVALID_ARGUMENT", "invalid jwt", REPLY_TOKEN},
	{401, HTTP_REFUSED, "UNAUTHENTICATED", "Request had invalid authentication credentials.",
	 REPLY_TOKEN},
	{403, HTTP_REFUSED, "PERMISSION_DENIED", "Missing or insufficient permissions.", REPLY_FORBIDDEN},
	{404, HTTP_NOT_FOUND, "NOT_FOUND", "No document to update: projects\\/p\\/databases\\/d",
	 REPLY_STALE},
	{404, HTTP_NOT_FOUND, "NOT_FOUND", "The database (default) does not exist for project x",
	 REPLY_NOWHERE},
	{404, HTTP_NOT_FOUND, NULL, "<html>Not Found</html>", REPLY_NOWHERE},
	{413, HTTP_CLIENT, NULL, "<html>Too Large</html>", REPLY_SPLIT},
	{429, HTTP_LIMITED, "RESOURCE_EXHAUSTED", "gRPC message exceeds maximum size 4194304: 5",
	 REPLY_SPLIT},
	{429, HTTP_LIMITED, "RESOURCE_EXHAUSTED", "Quota exceeded.", REPLY_LATER},
	{500, HTTP_SERVER, "INTERNAL", "Internal error encountered.", REPLY_LATER},
	{503, HTTP_SERVER, "UNAVAILABLE", "The service is currently unavailable.", REPLY_LATER},
	{504, HTTP_SERVER, "DEADLINE_EXCEEDED", "Deadline exceeded.", REPLY_LATER},
	{502, HTTP_SERVER, NULL, "<html>Bad Gateway</html>", REPLY_LATER},
	{200, HTTP_OK, NULL, "[]", REPLY_OK},
};

Test(firestore_replies, each_answer_is_judged_by_its_status)
{
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct http_answer answer = {
			.class = answers[i].class, .code = answers[i].code, .retry_after_ms = -1};
		struct reply reply;
		char body[400];

		snprintf(body, sizeof body, "%s%s%s%s%s",
			 answers[i].status ? "{\"error\":{\"message\":\"" : "", answers[i].message,
			 answers[i].status ? "\",\"status\":\"" : "",
			 answers[i].status ? answers[i].status : "", answers[i].status ? "\"}}" : "");
		answer.body = body;
		answer.body_size = strlen(body);
		reply_read(&answer, &reply);
		cr_expect_eq(reply.kind, answers[i].want, "%ld %s: %d", answers[i].code, answers[i].message,
			     reply.kind);
		cr_expect(reply.kind == REPLY_OK || *reply.text, "no sentence for %s", answers[i].message);
	}
}
