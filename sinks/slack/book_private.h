/* Between the files of the book:
 *   book.c        the file, transactions, builds as they are kept
 *   book_fold.c   a build: what it changes of its branch (branch.c), and of its outage
 *   book_slow.c   builds that took too long, or wait for too long
 *   book_alert.c  an outage becomes a message, a line of a digest, or waits
 *   book_tick.c   what time alone changes
 *   book_next.c   what is to be said, and what became of it
 *   render.c      which sentence says it; sentence.c, phrase.c its parts
 *   page.c        a message as Slack's JSON; digest.c one of many lines; escape.c */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/time.h"
#include "sinks/slack/book.h"
#include "sinks/slack/branch.h"
#include "sinks/slack/db.h"
#include "sinks/slack/rules.h"

#define LATE_MS        HOUR_MS          /* what happened longer ago is counted, not told by itself */
#define DIGEST_WAIT_MS 5000             /* for others to join it before it is posted */
#define OLD_MS         (10 * MINUTE_MS) /* news of longer ago may be over: what follows it is waited for */
#define OLD_WAIT_MS    (30 * SECOND_MS)
#define JOBS_KEPT      10

/* The numbers of these three are in slack.db, and in its SQL. */
enum alert_kind { ALERT_BREAK, ALERT_SLOW, ALERT_STUCK };
enum alert_state { ALERT_RED, ALERT_FIXED, ALERT_FLAKE };
enum message_kind {
	MESSAGE_BREAK,
	MESSAGE_FAILURE,
	MESSAGE_FIXED,
	MESSAGE_FLAKE,
	MESSAGE_UNKNOWN, /* how a FAILURE is shown after the break before it was fixed */
	MESSAGE_DIGEST,
	MESSAGE_SLOW,
	MESSAGE_STUCK,
	MESSAGE_REMIND,
};

struct book {
	struct db db;
	const struct slack_config *config;
	struct arena arena;     /* of unpacked builds and of what book_next returns */
	struct slack_rule none; /* of an outage whose rule is gone */
	bool doubt;             /* what is added may be there already */
};

/* A build as it is kept: what messages tell of it, and no more. Lives until the next call; empty: no memory.
 */
struct text book_pack(struct book *book, const struct build *build, int64_t *failed_jobs);
/* False: it can't be read. */
bool book_unpack(struct book *book, struct text bytes, struct build *build);
/* The id without its number, branch and stream; NULL: no memory. */
const char *book_key(struct book *book, const struct build *build, const struct slack_rule *rule);
/* Of an outage: that of its first build, as configured now; never NULL. */
const struct slack_rule *book_rule(struct book *book, int64_t alert);

struct alert_change {
	int64_t alert;
	const struct build *build;
	const struct slack_rule *rule;
	int64_t now_ms;
	bool silent;
};

/* book_alert.c. A new one, untold; returns its number. */
int64_t alert_add(struct book *book, enum alert_kind kind, const char *branch,
		  const struct alert_change *change);
/* It is said, unless its time is not now. digest: among others. */
void alert_tell(struct book *book, int64_t alert, int64_t now_ms, bool digest);
/* Another build of the same trouble. */
void alert_more(struct book *book, const struct alert_change *change);
/* It is over. */
void alert_close(struct book *book, const struct alert_change *change, enum alert_state state);

/* book_slow.c. branch: its key. */
void slow_fold(struct book *book, const char *branch, const struct alert_change *change);
void stuck_fold(struct book *book, const char *branch, const struct alert_change *change);
/* Since when it waits; INT_NULL: nobody knows. */
int64_t stuck_since(const struct build *build);
void stuck_tick(struct book *book, int64_t now_ms);

/* What is shown of a message changed. */
void message_bump(struct book *book, int64_t message);
/* A message that waits to be said; returns its number. */
struct message_new {
	const char *channel;
	enum message_kind kind;
	int64_t alert, thread, due_ms, now_ms;
	int64_t tried_ms; /* perhaps it was said then; 0: no */
	bool broadcast;
	struct text build; /* packed; what a reply tells of */
	const char *seed;  /* what makes its key its own */
};
int64_t message_add(struct book *book, const struct message_new *message);
int64_t book_dirty(struct book *book);

/* render.c. Fills text, body, kind and email of out; false: it can't be shown. */
struct shown {
	int64_t message, alert, thread, now_ms;
	enum message_kind kind;
	bool plain;        /* without blocks */
	struct text build; /* of a reply; packed */
};
bool render(struct book *book, const struct shown *shown, struct operation *out);
