/* What is known (branches, outages) and what is to be said (messages), in one SQLite file. The same records
 * in the same order with the same clock give the same messages: `buildbus slack preview` is this code.
 *
 * A message is what a channel should show; its revision goes up when that changes. What was said of it is
 * remembered, so after a crash the rest is said, and whatever changed meanwhile in one edit. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"
#include "sinks/slack/config.h"

struct book;

/* path NULL: in memory. ERR_CONFIG: an operator must act. config lives as long as the book. */
enum status book_open(struct book **out, const char *path, const struct slack_config *config,
		      struct err *err) MUST_CHECK;
/* Accepts NULL; nulls the pointer. */
void book_free(struct book **book);
/* What the file knows of what was told. The numbers are in slack.db. */
enum book_memory {
	BOOK_KNOWS,
	BOOK_FRESH, /* it was made anew: nothing */
	BOOK_LOST,  /* it was made anew, and something may have been told: everything comes again */
};
enum book_memory book_memory(struct book *book);

/* Everything below but book_next is part of a transaction; errors are told by book_commit. */
enum status book_begin(struct book *book, struct err *err) MUST_CHECK;
enum status book_commit(struct book *book, struct err *err) MUST_CHECK;

/* One version of one build; versions of a build in order. now_ms: the wall clock. silent: of a catch-up: what
 * breaks is not told before book_speak. */
void book_fold(struct book *book, const struct build *build, int64_t now_ms, bool silent);
/* What is red and untold is told, once. channel NULL: everywhere. */
void book_speak(struct book *book, const char *channel, int64_t now_ms);
/* What is untold goes where the configuration says now. */
void book_route(struct book *book);
/* What is told from now on may have been told before slack.db was lost. */
void book_doubt(struct book *book, bool doubt);
void book_remember(struct book *book, enum book_memory memory);
/* Quiet hours that end, reminders, builds that wait for too long. */
void book_tick(struct book *book, int64_t now_ms);
/* Some of what nobody asks for any more goes: once in a while. */
void book_forget(struct book *book, int64_t now_ms);
/* When the next tick has something to do, on the wall clock; INT64_MAX: never. */
int64_t book_next_ms(struct book *book);
/* When the first message is due that was not due yet at now_ms; INT64_MAX: none is. */
int64_t book_due_ms(struct book *book, int64_t now_ms);

/* What is to be said. Texts live until the next call of the book. */
struct operation {
	int64_t message; /* its number in the book, from 1 */
	int64_t thread;  /* number of the message that it answers; 0: none */
	bool edit;       /* of a message that was said */
	bool broadcast;  /* a reply that the channel sees too */
	bool unknown;    /* it was tried, and nobody knows what became of it: look it up by its key */
	int64_t tried_ms, rev;
	const char *kind;           /* break failure fixed flake unknown digest slow stuck remind */
	const char *channel;        /* as configured */
	const char *channel_id;     /* as Slack told; NULL: not yet */
	const char *ts, *thread_ts; /* ts: of an edit */
	const char *key;            /* in the metadata of the message */
	const char *text;           /* plain */
	const char *body;           /* JSON for chat.postMessage, chat.update or a webhook */
	const char *email; /* look it up first (book_user), and ask again; NULL: nothing to look up */
};

/* The first thing to be said in a channel (NULL: anywhere). False: nothing. */
bool book_next(struct book *book, const char *channel, int64_t now_ms, struct operation *out);
/* Calls each for every channel where something waits to be said. */
void book_channels(struct book *book, int64_t now_ms, void (*each)(void *owner, const char *channel),
		   void *owner);

/* It is about to be sent: durable before it is. */
void book_try(struct book *book, const struct operation *operation, int64_t now_ms);
/* It is not there: it may be sent (again). */
void book_untried(struct book *book, const struct operation *operation);
/* It is there, with this ts (NULL: as before). */
void book_said(struct book *book, const struct operation *operation, const char *ts, const char *channel_id);
/* It can't be said like this: once more without blocks, unless final, then never (false). */
bool book_refused(struct book *book, const struct operation *operation, bool final);
/* Nothing can be said in this channel: what was not said yet is told anew when it can (book_speak). */
void book_mute(struct book *book, const char *channel, const char *why, int64_t now_ms);
/* Why, or NULL. Lives until the next call. */
const char *book_muted(struct book *book, const char *channel);
/* channel NULL: all. */
void book_unmute(struct book *book, const char *channel);
/* The id of a channel, by its name. */
void book_channel(struct book *book, const char *channel, const char *id);
/* Whose e-mail it is; id NULL: nobody's. Until then it is not asked again. */
void book_user(struct book *book, const char *email, const char *id, int64_t until_ms);

/* For metrics: outages that are open. */
int64_t book_red(struct book *book);
/* Messages and edits that wait to be said. */
int64_t book_waiting(struct book *book);
