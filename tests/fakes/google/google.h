/* Just enough of Firestore, Identity Toolkit, the token servers and the metadata server, in the test's own
 * process, for what Google's emulators can't do: tokens that end, 401, quotas, contention, size limits, a
 * clock that is off. What it says is what they say (facts of the REST APIs); documents are checked against
 * preconditions as there. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/server.h"
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FAKE_EMAIL    "ci@example.com"
#define FAKE_PASSWORD "pass-w0rd-c0ffee"
#define FAKE_KEY      "AIzaC0ffee-key"

enum fake_verb { FAKE_READ, FAKE_COMMIT, FAKE_SIGN_IN, FAKE_RENEW, FAKE_GRANT, FAKE_VERBS };

/* The next `times` requests of a verb are answered so instead. */
struct fake_failure {
	int times; /* -1: for ever */
	long code;
	const char *status,
		*message; /* status NULL: message is the whole body; code 0: the connection ends */
};

struct fake_document {
	char *name, *fields; /* fields: JSON */
	int64_t version;     /* of updateTime */
	int writes;
};

struct fake_google {
	struct fake_server server;
	int port;
	char url[64];
	pthread_mutex_t mutex;
	struct fake_document *documents;
	size_t count;
	int64_t version;
	FILE *bodies; /* each commit as a line; NULL: nobody wants them */
	/* Knobs: under fake_lock once it runs. */
	struct fake_failure failures[FAKE_VERBS];
	int64_t ahead_ms;       /* the server's clock before the test's */
	size_t commit_max;      /* larger commits are refused; 0: none */
	bool like_emulator;     /* in the emulator's words, else in production's */
	const char *poison;     /* part of the name of documents that can't be stored */
	const char *forbidden;  /* and that the rules refuse; "" all */
	int lookups_max;        /* projects that the rules look up for one commit; 0: any number */
	int lives_s;            /* of tokens; 0: 3600 */
	bool any_token;         /* "Bearer owner" and whatever else */
	const char *public_key; /* PEM: assertions are checked with it; NULL: they are not */
	/* What it did. */
	int asked[FAKE_VERBS];
	int token;                 /* number of the newest; older ones are valid too */
	int valid_from;            /* tokens with a smaller number are refused with 401 */
	int most_at_once, at_once; /* commits */
	char assertion[4096];      /* the last one */
};

void fake_google_start(struct fake_google *google);
void fake_google_stop(struct fake_google *google);
void fake_lock(struct fake_google *google);
void fake_unlock(struct fake_google *google);
void fake_fail(struct fake_google *google, enum fake_verb verb, int times, long code, const char *status,
	       const char *message);
int fake_asked(struct fake_google *google, enum fake_verb verb);
/* Every token until now is refused from now on. */
void fake_revoke(struct fake_google *google);
/* Stores a document as somebody else would; fields is JSON with ' for ". */
void fake_put(struct fake_google *google, const char *name, const char *fields);
/* The fields as JSON, heap; NULL: there is no such document. name: of the last part, `web_17`. */
char *fake_get(struct fake_google *google, const char *name);
int fake_writes(struct fake_google *google, const char *name);
/* Documents whose name holds part. */
size_t fake_count(struct fake_google *google, const char *part);

/* Between the files of the fake; under the lock. */
struct fake_reply {
	long code; /* 0: the connection ends */
	char *body;
};
void fake_error(struct fake_reply *reply, long code, const char *status, const char *message);
void fake_documents(struct fake_google *google, enum fake_verb verb, const char *body, size_t size,
		    struct fake_reply *reply);
void fake_tokens(struct fake_google *google, enum fake_verb verb, const char *key, const char *body,
		 struct fake_reply *reply);
/* The token in an Authorization header is valid. */
bool fake_token_fits(const struct fake_google *google, const char *header);
