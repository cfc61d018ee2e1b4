/* Slack's Web API and incoming webhooks as far as a sink of alerts needs them, in the test's own process:
 * channels, people, a store of messages that a test reads as a conversation. What it says is what Slack says
 * (facts of its method pages and its clients): HTTP 200 with {"ok": false, "error": WORD}, 429 with
 * Retry-After. It is stricter where Slack would pass over a mistake: an argument that the method does not
 * have, a reply to no message, a link that isn't one. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/server.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <yyjson.h>

#define SLACK_TOKEN "xoxb-4815162342-fake"
#define SLACK_HOOK  "/services/T0FAKE/B0FAKE/c0ffeec0ffeec0ffeec0ffee"

enum slack_verb {
	SLACK_POST,      /* chat.postMessage */
	SLACK_UPDATE,    /* chat.update */
	SLACK_PERMALINK, /* chat.getPermalink */
	SLACK_HISTORY,   /* conversations.history */
	SLACK_REPLIES,
	SLACK_INFO,
	SLACK_LIST,
	SLACK_MEMBERS,
	SLACK_LOOKUP, /* users.lookupByEmail */
	SLACK_USER,   /* users.info */
	SLACK_AUTH,   /* auth.test */
	SLACK_WEBHOOK,
	SLACK_VERBS
};

/* The next `times` requests of a verb are answered so instead. */
struct slack_failure {
	int times;         /* -1: for ever */
	long code;         /* 0: the connection ends; 200: {"ok": false, "error"}; else an HTML page */
	const char *error; /* code 200 */
	int retry_after_s; /* header; 0: none */
	bool after;        /* the work is done first: only the answer is lost */
	const char *where; /* only of this channel (id); NULL: of any */
};

struct slack_channel {
	char id[16], name[80];
	bool archived, private;
	bool member;     /* the bot is */
	int64_t next_at; /* monotonic: when the next message may come */
};

struct slack_user {
	char id[16], email[120];
	bool deleted;
};

struct slack_message {
	size_t channel;
	char ts[32], thread_ts[32]; /* thread_ts: of its parent; "": none */
	bool broadcast, edited;
	char *text, *blocks, *attachments, *metadata; /* JSON; NULL: none */
};

/* What happened, in order. */
struct slack_event {
	enum { SLACK_POSTED, SLACK_EDITED } kind;
	size_t message; /* index */
	char mark[64];  /* of the fake when it happened */
	char *text;     /* as it was then */
	char *shown;    /* what people saw below it, a line a block */
};

/* Where a request is held until the test lets it go. */
enum slack_point { SLACK_BEFORE /* the work */, SLACK_AFTER /* it, before the answer */ };

struct fake_slack {
	struct fake_server server;
	int port;
	char url[64];       /* http://127.0.0.1:PORT/api */
	char hook_url[128]; /* of a webhook into the first channel */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct slack_channel channels[32];
	size_t channel_count;
	struct slack_user users[32];
	size_t user_count;
	struct slack_message *messages;
	size_t message_count;
	struct slack_event *events;
	size_t event_count;
	FILE *bodies; /* a line a request: METHOD ARGUMENTS (JSON); NULL: nobody wants them */
	/* Knobs: under slack_lock once it runs. */
	const volatile int64_t *passed_ms; /* by so much more time went by; NULL: none */
	int64_t ahead_ms;                  /* of its wall clock */
	char mark[64];                     /* of what happens from now on: "Monday 10:05" */
	struct slack_failure failures[SLACK_VERBS];
	int permille; /* of requests that fail somehow; drawn from seed */
	uint64_t seed;
	int64_t gap_ms;          /* between messages of a channel: 1000 */
	bool no_tiers;           /* no limit of requests a minute */
	int64_t latency_ms;      /* of each answer */
	const char *scopes;      /* of the token */
	const char *token_error; /* of all requests: "token_revoked"; NULL: the token is valid */
	int page_max;            /* of a list; 0: as many as are asked for */
	struct {
		enum slack_verb verb;
		enum slack_point point;
		int skip; /* so many first */
		bool armed, holds, lose;
	} hold;
	/* What it did. */
	int asked[SLACK_VERBS], limited[SLACK_VERBS];
	int at_once, most_at_once;
	int64_t minute[SLACK_VERBS]; /* which one `in_minute` counts */
	int in_minute[SLACK_VERBS];
	int64_t last_ts_us;
	int drawn[8];
};

/* With the channels #builds (C0BUILDS, first) and #other (C0OTHER), and nobody in it. Port 0: any. */
void fake_slack_start(struct fake_slack *fake);
void fake_slack_stop(struct fake_slack *fake);
void slack_lock(struct fake_slack *fake);
void slack_unlock(struct fake_slack *fake);
/* The index of the new one. Names without #. */
size_t slack_add_channel(struct fake_slack *fake, const char *id, const char *name);
void slack_add_user(struct fake_slack *fake, const char *id, const char *email);
/* People talk in the channel: so many messages, which are no events. */
void slack_chatter(struct fake_slack *fake, size_t channel, int messages);
void slack_fail(struct fake_slack *fake, enum slack_verb verb, struct slack_failure failure);
int slack_asked(struct fake_slack *fake, enum slack_verb verb);
void slack_mark(struct fake_slack *fake, const char *mark);
/* Messages posted, edits made. */
size_t slack_posted(struct fake_slack *fake);
size_t slack_edited(struct fake_slack *fake);

/* Holds one request of that verb, after `skip` others. */
void slack_hold(struct fake_slack *fake, enum slack_verb verb, enum slack_point point, int skip);
bool slack_holds(struct fake_slack *fake);
/* Lets it go; lose: without an answer, and when it was held before its work, without that. */
void slack_let_go(struct fake_slack *fake, bool lose);

/* The conversation of a channel (id; NULL: all), heap, a line an event:
 *   [mark] #builds 1: text
 *   [mark] #builds 1 > 2: text of a reply       (>> when the channel sees it too)
 *   [mark] #builds 1 = text after an edit
 * Messages are numbered from 1 in each channel; line ends in texts become " | ". whole: what the blocks show
 * follows, each line after "    ". */
char *slack_conversation(struct fake_slack *fake, const char *channel, bool whole);
/* The conversation as it stands now: messages in order, replies under their parents, no history. */
char *slack_standing(struct fake_slack *fake, const char *channel);
/* A message as it stands, by its number in the channel: heap JSON {text, ts, blocks, attachments, metadata}.
 */
char *slack_message_json(struct fake_slack *fake, const char *channel, int number);

/* What a text does besides being read. */
struct slack_live {
	int users, channels, styles, emoji;
	int specials; /* <!channel> and the like, and groups; not <!date^…> */
	int links;    /* that somebody wrote as such */
	int bare;     /* addresses that become links, unless the text is verbatim */
};
/* Counts what Slack would make of text in mrkdwn: mentions, <!channel>, links (also bare ones), *bold*. */
void slack_parse(const char *text, bool mrkdwn, struct slack_live *live);
/* What people see: entities resolved, <url|label> as label (url), <!channel> as @channel. Heap. */
char *slack_plain(const char *text, bool mrkdwn);

/* Between the files of the fake; under the lock. */
struct slack_request {
	enum slack_verb verb;
	const char *path, *authorization;
	bool json;            /* the arguments came as a JSON body */
	bool no_charset;      /* which did not say its charset */
	bool broken;          /* the body could not be read */
	yyjson_mut_doc *args; /* an object */
};
struct slack_reply {
	long code; /* 0: the connection ends */
	char *body;
	const char *content_type;
	int64_t retry_after_s; /* 0: none */
	char accepted[64];     /* scopes that the method takes */
};
struct slack_method {
	const char *name;
	enum slack_verb verb;
	bool takes_json;
	int tier;             /* requests a minute; 0: not limited */
	const char *scope;    /* for public channels; NULL: none */
	const char *private;  /* for private ones; NULL: the same */
	const char *args[20]; /* that it has */
	void (*serve)(struct fake_slack *fake, const struct slack_request *request,
		      struct slack_reply *reply);
};
extern const struct slack_method slack_methods[];
extern const size_t slack_method_count;
const struct slack_method *slack_method_of(enum slack_verb verb);

/* {"ok": false, "error": WORD} with what else the format adds: `,"needed":"x"`. */
void slack_error(struct slack_reply *reply, const char *error, const char *more, ...)
	__attribute__((format(printf, 3, 4)));
/* {"ok": true} and what the document's root has; takes over the document. */
void slack_answer(struct slack_reply *reply, yyjson_mut_doc *doc);
yyjson_mut_doc *slack_ok(void);
/* Whether it is one of names, which end with NULL. */
bool slack_is_named(const char *const *names, const char *name);
void slack_serve(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply);
/* Waits where the test wants it; false: without an answer. */
bool slack_wait_at(struct fake_slack *fake, enum slack_verb verb, enum slack_point point);

/* NULL: not there. */
const char *slack_arg(const struct slack_request *request, const char *name);
bool slack_arg_bool(const struct slack_request *request, const char *name);
int64_t slack_arg_int(const struct slack_request *request, const char *name, int64_t otherwise);
/* A value in JSON, also when it came as text: heap; NULL: not there. broken: it is not JSON. */
char *slack_arg_json(const struct slack_request *request, const char *name, bool *broken);

int64_t slack_now_ms(const struct fake_slack *fake);   /* wall */
int64_t slack_ticks_ms(const struct fake_slack *fake); /* monotonic */
/* By id, or by name where `by_name`; NULL, with the error said. */
struct slack_channel *slack_channel_of(struct fake_slack *fake, const struct slack_request *request,
				       struct slack_reply *reply, bool by_name);
bool slack_has_scope(const struct fake_slack *fake, const char *scope);
bool slack_scope_fits(const struct fake_slack *fake, const struct slack_method *method,
		      const struct slack_channel *channel, struct slack_reply *reply);

void slack_post(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_update(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_history(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_replies(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_permalink(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_info(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_list(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_members(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_lookup(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_user(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_auth(struct fake_slack *, const struct slack_request *, struct slack_reply *);
void slack_webhook(struct fake_slack *, const struct slack_request *, struct slack_reply *);

/* The content of a message, checked against Slack's limits; freed by slack_content_fini. */
struct slack_content {
	char *text, *blocks, *attachments, *metadata; /* NULL: not given */
};
/* False: reply has the error. */
bool slack_content_read(const struct slack_request *request, struct slack_content *content,
			struct slack_reply *reply);
void slack_content_fini(struct slack_content *content);
/* Stores what was checked; takes over the texts of content. Lives until the next one is stored. */
struct slack_message *slack_store(struct fake_slack *fake, struct slack_channel *channel,
				  struct slack_content *content, const char *thread_ts, bool broadcast);
/* Not sooner than a second after the one before; false, with the error said. */
bool slack_may_post(struct fake_slack *fake, struct slack_channel *channel, struct slack_reply *reply);
struct slack_message *slack_find(struct fake_slack *fake, const struct slack_channel *channel,
				 const char *ts);
void slack_happened(struct fake_slack *fake, int kind, const struct slack_message *message);
/* Checks blocks; false: complaint says what, with a JSON pointer; *characters grows by its texts. */
bool slack_blocks_fit(yyjson_val *blocks, char complaint[static 300], size_t *characters);
bool slack_blocks_type(yyjson_val *blocks); /* is it Block Kit at all */
