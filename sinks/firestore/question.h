/* A request that is no batch's: repeated with a back-off until Firestore has an answer to it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/alarm.h"
#include "sinks/firestore/reply.h"

#include <sys/queue.h>
#include <yyjson.h>

struct firestore;
struct question;
LIST_HEAD(question_list, question);

/* From the loop, never from inside question_ask; another question may be asked with the same struct. answer:
 * the caller's to free, NULL unless reply is REPLY_OK. REPLY_LATER only after tries_max. */
typedef void question_answered(void *context, const struct reply *reply, yyjson_doc *answer);

/* The caller's memory. */
struct question {
	LIST_ENTRY(question) link; /* while it is asked */
	struct firestore *firestore;
	question_answered *answered;
	void *context;
	char *url, *body; /* heap; NULL: nothing is asked */
	size_t size;
	struct http_request *request; /* NULL: it waits for the token, the project's check or the alarm */
	struct alarm again;
	unsigned tries, tries_max; /* 0: any number */
	int token_refusals;
	char *sent_bearer;
};

void question_init(struct question *question, struct firestore *firestore, question_answered *answered,
		   void *context);
/* Accepts zeroed. */
void question_fini(struct question *question);
/* Sends `documents:<verb>`. body: freed here. */
void question_ask(struct question *question, const char *verb, yyjson_mut_doc *body);
/* There is a token and the project is open: those that wait for it go on. */
void questions_resume(struct firestore *firestore);
/* There is none for now. */
void questions_put_off(struct firestore *firestore);
