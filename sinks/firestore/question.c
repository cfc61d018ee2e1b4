/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/question.h"
#include "common/backoff.h"
#include "common/log.h"
#include "common/process.h"
#include "sinks/firestore/firestore.h"

#include <stdlib.h>

#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 10000

static void send_now(struct question *question);

static void on_again(void *context)
{
	struct question *question = context;

	if (question->body && !question->request) {
		send_now(question);
	}
}

void question_init(struct question *question, struct firestore *firestore, question_answered *answered,
		   void *context)
{
	*question = (struct question){.firestore = firestore, .answered = answered, .context = context};
	alarm_init(&question->again, firestore->context->loop, on_again, question);
}

static void forget(struct question *question)
{
	if (question->body || question->url) {
		LIST_REMOVE(question, link);
	}
	free(question->url);
	free(question->body);
	question->url = question->body = NULL;
}

void question_fini(struct question *question)
{
	if (!question->firestore) {
		return;
	}
	alarm_fini(&question->again);
	forget(question);
	free(question->sent_bearer);
	*question = (struct question){0};
}

static void put_off(struct question *question, const char *why, int64_t after_ms)
{
	int64_t wait_ms = backoff_ms(question->tries++, RETRY_MIN_MS, RETRY_MAX_MS);

	wait_ms = after_ms > wait_ms ? after_ms : wait_ms;
	if (why) {
		log_warn("firestore.waiting", STR("sink", question->firestore->context->name),
			 STR("why", why), NUM("again_in_ms", wait_ms));
	}
	alarm_by(&question->again, now_ms() + wait_ms);
}

static void end(struct question *question, const struct reply *reply, yyjson_doc *answer)
{
	forget(question);
	question->answered(question->context, reply, answer);
}

static void on_good(struct question *question, const struct http_answer *answer, struct reply *reply)
{
	yyjson_doc *doc = yyjson_read(answer->body, answer->body_size, 0);

	if (doc) {
		end(question, reply, doc);
	} else {
		put_off(question, "Firestore's answer is not complete", 0);
	}
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct question *question = context;
	struct reply reply;

	question->request = NULL;
	reply_read(answer, &reply);
	if (reply.kind == REPLY_OK) {
		on_good(question, answer, &reply);
	} else if (reply.kind == REPLY_LATER &&
		   (question->tries_max == 0 || question->tries + 1 < question->tries_max)) {
		put_off(question, reply.text, reply.after_ms);
	} else if (reply.kind == REPLY_TOKEN && question->token_refusals++ == 0) {
		google_token_refused(question->firestore->token, question->sent_bearer);
		send_now(question);
	} else {
		end(question, &reply, NULL);
	}
}

static bool remember_bearer(struct question *question, const char *bearer)
{
	free(question->sent_bearer);
	question->sent_bearer = strdup(bearer);
	return question->sent_bearer != NULL;
}

/* Without a bearer it waits for questions_resume. */
static void send_now(struct question *question)
{
	struct firestore *firestore = question->firestore;
	const char *bearer =
		firestore->state == FIRESTORE_OPEN ? google_token_bearer(firestore->token) : NULL;
	const char *headers[] = {bearer, "Content-Type: application/json", NULL};
	struct err err = {0};

	if (!bearer) {
		project_check(firestore);
		return;
	}
	if (!remember_bearer(question, bearer)) {
		err_set(&err, ERR_SYS, "no memory for a request to Firestore");
	} else {
		question->request = http_send(firestore->http, "POST", question->url, headers, question->body,
					      question->size, on_answer, question, &err);
	}
	if (!question->request) {
		put_off(question, err.text, 0);
	}
}

void question_ask(struct question *question, const char *verb, yyjson_mut_doc *body)
{
	struct firestore *firestore = question->firestore;

	question->body = yyjson_mut_write(body, 0, &question->size);
	yyjson_mut_doc_free(body);
	if (asprintf(&question->url, "%s:%s", firestore->access.documents, verb) < 0) {
		question->url = NULL;
	}
	if (!question->body || !question->url) {
		struct err err;

		free(question->body);
		free(question->url);
		question->body = question->url = NULL;
		err_set(&err, ERR_SYS, "no memory for a question to Firestore");
		sink_stop(firestore->context, ERR_SYS, &err);
		return;
	}
	LIST_INSERT_HEAD(&firestore->questions, question, link);
	question->tries = 0;
	question->token_refusals = 0;
	send_now(question);
}

void questions_resume(struct firestore *firestore)
{
	struct question *question;

	LIST_FOREACH(question, &firestore->questions, link)
	{
		if (!question->request) {
			send_now(question);
		}
	}
}

void questions_put_off(struct firestore *firestore)
{
	struct question *question;

	LIST_FOREACH(question, &firestore->questions, link)
	{
		if (!question->request) {
			put_off(question, NULL, 0);
		}
	}
}
