/* What Slack's answers mean. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/api.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct reply reply;

static enum reply_kind read_answer(enum http_class class, long code, const char *body, bool webhook)
{
	struct http_answer answer = {
		.class = class,
		.code = code,
		.body = body,
		.body_size = strlen(body),
		.retry_after_ms = code == 429 ? 7000 : -1,
	};
	yyjson_doc *doc;

	reply_read(&answer, webhook, &reply, &doc);
	yyjson_doc_free(doc);
	return reply.kind;
}

Test(slack_reply, each_answer_says_what_to_do)
{
	static const struct {
		enum http_class class;
		long code;
		const char *body;
		enum reply_kind kind;
	} rows[] = {
		{HTTP_OK, 200, "{\"ok\":true,\"ts\":\"1.2\"}", REPLY_OK},
		{HTTP_OK, 200, "{\"ok\":false,\"error\":\"not_in_channel\"}", REPLY_CHANNEL},
		{HTTP_OK, 200, "{\"ok\":false,\"error\":\"is_archived\"}", REPLY_CHANNEL},
		{HTTP_OK, 200, "{\"ok\":false,\"error\":\"invalid_auth\"}", REPLY_TOKEN},
		{HTTP_OK, 200, "{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"chat:write\"}",
		 REPLY_TOKEN},
		{HTTP_OK, 200, "{\"ok\":false,\"error\":\"msg_too_long\"}", REPLY_MESSAGE},
		{HTTP_OK, 200, "{\"ok\":false,\"error\":\"ratelimited\"}", REPLY_LATER},
		{HTTP_OK, 200, "{\"ok\":false,\"error\":\"a_word_of_next_year\"}", REPLY_LATER},
		{HTTP_OK, 200, "{\"ok\":false,\"error\":\"fatal_error\"}", REPLY_UNSURE},
		{HTTP_OK, 200, "{\"ok\":false}", REPLY_LATER},
		{HTTP_OK, 200, "<html>", REPLY_UNSURE},
		{HTTP_OK, 200, "", REPLY_UNSURE},
		{HTTP_OK, 200, "[]", REPLY_UNSURE},
		{HTTP_LIMITED, 429, "", REPLY_LATER},
		{HTTP_SERVER, 503, "", REPLY_UNSURE},
		{HTTP_REDIRECT, 302, "", REPLY_UNSURE},
		{HTTP_FAILED, 0, "", REPLY_UNSURE},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_expect_eq(read_answer(rows[i].class, rows[i].code, rows[i].body, false), rows[i].kind,
			     "row %zu: %d (%s)", i, reply.kind, reply.text);
	}
}

/* Only a word that is new may mean that a message is a bad one. */
Test(slack_reply, a_word_that_says_later_is_known_to)
{
	static const char *const later[] = {"ratelimited", "rate_limited", "rate_limit_exceeded",
					    "message_limit_exceeded", "team_added_to_org"};
	char body[100];

	for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
		snprintf(body, sizeof body, "{\"ok\":false,\"error\":\"%s\"}", later[i]);
		cr_expect(read_answer(HTTP_OK, 200, body, false) == REPLY_LATER && reply.known, "%s",
			  later[i]);
	}
	cr_expect(read_answer(HTTP_LIMITED, 429, "", false) == REPLY_LATER && reply.known);
	cr_expect(read_answer(HTTP_OK, 200, "{\"ok\":false,\"error\":\"new\"}", false) == REPLY_LATER &&
		  !reply.known);
}

Test(slack_reply, a_webhook_answers_in_plain_words)
{
	cr_expect_eq(read_answer(HTTP_OK, 200, "ok", true), REPLY_OK);
	cr_expect_eq(read_answer(HTTP_CLIENT, 400, "invalid_payload", true), REPLY_MESSAGE);
	cr_expect_eq(read_answer(HTTP_NOT_FOUND, 404, "no_service", true), REPLY_CHANNEL);
	cr_expect_eq(read_answer(HTTP_NOT_FOUND, 410, "channel_is_archived", true), REPLY_CHANNEL);
	cr_expect_eq(read_answer(HTTP_REFUSED, 403, "action_prohibited", true), REPLY_CHANNEL);
	cr_expect_eq(read_answer(HTTP_LIMITED, 429, "rate_limited", true), REPLY_LATER);
}

Test(slack_reply, a_refusal_names_the_word_and_the_cure)
{
	read_answer(HTTP_OK, 200, "{\"ok\":false,\"error\":\"missing_scope\",\"needed\":\"chat:write\"}",
		    false);
	cr_expect_str_eq(reply.text, "missing_scope: needs chat:write");
	cr_expect(strstr(reply.cure, "add the scope"));
	read_answer(HTTP_LIMITED, 429, "", false);
	cr_expect_eq(reply.after_ms, 7000);
	read_answer(HTTP_OK, 200, "{\"ok\":false,\"error\":\"<!channel> *x*\"}", false);
	cr_expect_str_eq(reply.word, "", "a word has letters only");
}
