/* Access tokens of Google: got in one of several ways, renewed before they end, asked for anew when they are
 * refused. One state machine for every way; a way only builds its request and reads the answer. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/err.h"
#include "common/http/http.h"

struct google_token;

/* A request of a way. Lives in the arena until it is sent. */
struct google_call {
	const char *url;
	const char *body; /* NULL: GET */
	const char *headers[4];
};

/* What a way got. Texts live in the arena. */
struct google_grant {
	const char *token;
	const char *renewal; /* to be used instead of the first request; NULL: none */
	int64_t lives_ms;
};

/* How tokens are had. Pure but for the arena and the clock of a signed request. */
struct google_way {
	/* renewal: of the last grant; NULL: from the start. ERR_CONFIG, ERR_SYS. */
	enum status (*ask)(const void *identity, const char *renewal, struct arena *arena,
			   struct google_call *call, struct err *err);
	/* A whole answer, of any code. ERR_CONFIG: an operator must act. ERR_REMOTE: later perhaps. A renewal
	 * that is refused is followed by a request from the start. */
	enum status (*read)(const void *identity, const struct http_answer *answer, struct arena *arena,
			    struct google_grant *grant, struct err *err);
};

/* The emulators' administrator: a token that is always there. */
extern const struct google_way google_owner;

struct google_token_options {
	const struct google_way *way;
	const void *identity; /* of the way; lives as long as the token */
	zloop_t *loop;
	int64_t timeout_ms; /* of a request; 0: 20 s */
	/* A request ended: OK, there is a bearer; else why not, and google_token_bearer asks again. From the
	 * loop. */
	void (*settled)(void *owner, enum status status, const struct err *err);
	void *owner;
};

enum status google_token_new(struct google_token **out, const struct google_token_options *options,
			     struct err *err) MUST_CHECK;
/* Accepts NULL; nulls the pointer. */
void google_token_free(struct google_token **token);
/* The header "Authorization: Bearer …", valid until the loop goes on; NULL: there is none now, `settled` will
 * be called. A token near its end is renewed in the background meanwhile. */
const char *google_token_bearer(struct google_token *token);
/* The service refused this bearer (HTTP 401): forgotten, unless another took its place. */
void google_token_refused(struct google_token *token, const char *bearer);
/* Requests that brought a token. */
int64_t google_token_count(const struct google_token *token);
