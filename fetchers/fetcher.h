/* What a provider's fetcher is: one struct, and what it may ask the engine for during a visit.
 *
 * A visit is one lease: the fetcher asks for answers (visit_get), hands over builds (visit_build), cuts pages
 * with the cursor that holds once they are stored (visit_page), and ends (visit_done). The engine owns
 * everything else: claiming, windows, request budgets, retries, back-off, redaction, publishing, logs,
 * draining. Callbacks never block. docs/adding-a-provider.md shows the way. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "common/check.h"
#include "common/config.h"
#include "common/http/http.h"
#include "common/record.h"
#include "common/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct visit;

/* What the engine must know of a source. Texts live as long as the config that they were taken from. */
struct source_info {
	const char *api_url;       /* without trailing slash; requests and their credentials go there only */
	const char *authorization; /* "Bearer <token>": kept by the engine, which copies and hides it; NULL:
				      none */
	const char *authorization_header; /* its name; NULL: Authorization */
	const char *accept;               /* NULL: application/json */
	const char *files_domain; /* the provider keeps files at its hosts, for those with the authorization;
				     NULL: nowhere but at api_url */
	int64_t poll_interval_ms;
	size_t targets; /* how many the config names; "*" is one */
};

struct source_check;

struct fetcher {
	const char *name;              /* the provider: its folder, its key under `sources:` */
	const struct config_row *rows; /* of its section */
	size_t config_size;
	size_t visit_size;        /* zeroed state for each visit */
	const char *token_hint;   /* ends the sentence of a refused token: what to check */
	const char *details_hint; /* the same where only details are refused; NULL: it has none */
	/* Once for each source, when the config is read. buffer is for what must be put together, e.g. the
	 * authorization. ERR_CONFIG: a section that can't be used. */
	enum status (*source)(const void *config, char *buffer, size_t size, struct source_info *out,
			      struct err *err);
	/* A lease is there. Starts requests, or ends the visit. ERR_CONFIG: a target that can't be (a long
	 * back-off); other errors: tried again later. */
	enum status (*start)(struct visit *visit, struct err *err);
	/* `--check`, for each source: asks with check_get whether everything that the visits will ask for is
	 * permitted, says what it finds with check_tell. Over when nothing is asked for any more. NULL: it
	 * can't be asked. */
	enum status (*check)(struct source_check *check, struct err *err);
	size_t check_size; /* zeroed state of a check, which it frees itself when it frees anything */
	/* Frees what the state holds: after visit_done, a failure or the loss of the lease. May be NULL. */
	void (*stop)(struct visit *visit);
};

/* Of the visit; lives as long as it. */
void *visit_state(struct visit *visit);
const void *visit_config(const struct visit *visit);
const char *visit_slug(const struct visit *visit);   /* the target without its source */
struct text visit_cursor(const struct visit *visit); /* at NULL: the first visit */
size_t visit_due_count(const struct visit *visit);
const char *visit_due_key(const struct visit *visit, size_t index);
/* Of a live walk: it was away for so long that others read what it missed. */
bool visit_is_anew(const struct visit *visit);
/* Of a first visit, where the destinations know builds already: so many of the newest builds, whatever
 * `since` says (-1: as that says), and all that finished since then (ms; INT_NULL: nothing more). */
int64_t visit_newest(const struct visit *visit);
int64_t visit_finished_from(const struct visit *visit);
/* The lease is not on a pipeline: its due keys are finished builds, "<address in the API>@<finish>", whose
 * details are to be read: visit_begin_details. */
bool visit_is_for_details(const struct visit *visit);
int64_t visit_age_ms(const struct visit *visit); /* since the lease */
/* Memory for what a callback makes of an answer, shared by all visits and emptied after each callback. */
struct arena *visit_arena(struct visit *visit);
struct arena *visit_scratch(struct visit *visit); /* for one build of many: reset it as you go */

enum answer_kind {
	ANSWER_OK,
	ANSWER_NOT_FOUND,
	ANSWER_TOO_LARGE, /* over the client's limit: ask for less */
	ANSWER_UNUSABLE,  /* after several tries there is none that can be used: err holds why */
	ANSWER_REFUSED,   /* of a detail: the token may not read it */
};

/* Lives during the callback. */
struct visit_answer {
	enum answer_kind kind;
	struct text body; /* NUL-terminated */
	int64_t date_ms;  /* INT_NULL: no Date header */
	bool next_page;
	int64_t last_page; /* as the Link header says; 0: it doesn't */
};

/* Called once for each visit_get, unless the visit ends before. OK: it was used. ERR_DATA, ERR_REMOTE: the
 * answer is unusable (truncated, wrong shape): the request is repeated a few times, then called back with
 * ANSWER_UNUSABLE, and an error to that ends the visit.
 * ERR_CONFIG: an operator must act, err says what to do. Must change nothing when it fails. */
typedef enum status visit_callback(struct visit *visit, intptr_t tag, const struct visit_answer *answer,
				   struct err *err);

enum visit_priority { VISIT_LIVE, VISIT_BACKFILL }; /* back-fill leaves a part of the budget to what is new */

/* Whether the visit may read back-fill now. Before each round of requests for it: only some visits at once
 * have a turn, and a turn ends. */
bool visit_backfill(struct visit *visit);
/* It has had its turn: others wait. */
bool visit_late(const struct visit *visit);
/* When a visit that has more back-fill to read should be due again; for visit_done. */
int64_t visit_next_turn(const struct visit *visit);

/* Starts GET <api_url><path>; path is copied. Sent once the window, the budget and the connections allow. */
enum status visit_get(struct visit *visit, const char *path, enum visit_priority priority,
		      visit_callback *callback, intptr_t tag, struct err *err) MUST_CHECK;
/* The same for what a build can do without: it leaves a part of the budget to the builds, comes after those
 * of its kind, is tried less often, and stops nothing when it is refused. A redirect, as to the signed URL of
 * a file, is followed to the other host without the token. path may be the whole URL of a file, as an answer
 * says: of another host, it gets the token only within source_info.files_domain. What comes from another host
 * has at most 1 MiB. */
enum status visit_get_detail(struct visit *visit, const char *path, visit_callback *callback, intptr_t tag,
			     struct err *err) MUST_CHECK;
/* Whether a file may be asked for at url, as an answer says: at the API's own host, or at another by https.
 */
bool visit_may_get(const struct visit *visit, const char *url);
/* Requests started and not yet answered. */
int visit_waiting(const struct visit *visit);

/* One build for the open page. json: as the provider sent it, redacted already. url: of its API, the query is
 * cut off. observed_at: earliest Date of the answers that it was made of. */
struct visit_build {
	const char *key;
	const char *url;
	int64_t observed_at;
	enum build_origin origin;
	struct text json; /* at NULL: the provider answered 404 for the key */
	bool oversize;    /* too big even to be fetched: only its key travels */
};
enum status visit_build(struct visit *visit, const struct visit_build *build, struct err *err) MUST_CHECK;
enum detail_result {
	DETAIL_FOUND,
	DETAIL_NONE,      /* the build has none */
	DETAIL_TOO_LARGE, /* none that can be used */
	DETAIL_LATER, /* it can't be had now: the hub asks again, ever less often, and gives up in the end */
};
/* Asks for the details of one due key (visit_get_detail), whose end is one visit_detail. */
typedef enum status visit_begin_detail(struct visit *visit, size_t index, struct err *err);
/* Of a lease on details, from start: begin is called for each due key, a few at a time. The visit ends with
 * the last of them. */
enum status visit_begin_details(struct visit *visit, visit_begin_detail *begin, struct err *err) MUST_CHECK;
struct visit_detail {
	size_t index; /* of the due key */
	int64_t observed_at;
	enum detail_result result;
	struct text
		json; /* of DETAIL_FOUND: an object, e.g. {"coverage_summary": "<the text of the artifact>"};
			 its keys are those of normalizer/coverage.h and normalizer/test_counts.h */
};
/* What came of a due key, once: published. Further ones begin, or the visit ends. */
enum status visit_detail(struct visit *visit, const struct visit_detail *detail, struct err *err) MUST_CHECK;
/* What comes of a due key of which an answer is of that kind. */
enum detail_result visit_detail_result(enum answer_kind kind);
/* ANSWER_REFUSED, the token may not read details: says so once, and ends the visit for a while. */
void visit_details_refused(struct visit *visit, const struct visit_answer *answer);
/* Cuts the page; cursor holds once it is stored. */
enum status visit_page(struct visit *visit, struct text cursor, struct err *err) MUST_CHECK;
/* What a discovery found: the whole list of slugs, copied. */
enum status visit_targets(struct visit *visit, const struct text *slugs, size_t count,
			  struct err *err) MUST_CHECK;
/* The source can do without this visit: where the provider refuses it, it fails alone. */
void visit_spare(struct visit *visit);
/* The visit is over; nothing may be asked for afterwards. next_due_ms: 0 is at once; VISIT_SETTLED the
 * source's poll_interval or, as nothing is left to read but what will be new, later when the hub finds it
 * enough; VISIT_LATER the poll_interval, and there is more to read. */
#define VISIT_SETTLED (-1)
#define VISIT_LATER   (-2)
void visit_done(struct visit *visit, int64_t next_due_ms);

/* Of a check; lives as long as it. */
void *check_state(struct source_check *check);
const void *check_config(const struct source_check *check);
struct arena *check_arena(struct source_check *check); /* emptied after each callback */
/* kind: OK, NOT_FOUND, REFUSED (the token may not), UNUSABLE; why: the sentence of the last two. */
typedef void check_callback(struct source_check *check, intptr_t tag, const struct visit_answer *answer,
			    const struct err *why);
/* GET <api_url><path>, once and soon: a failure is an answer. Calls back later, never from inside. */
void check_get(struct source_check *check, const char *path, check_callback *callback, intptr_t tag);
/* A line of common/check.h about this source. */
void check_tell(struct source_check *check, enum check_word word, const char *format, ...) PRINTF(3, 4);

/* The whole of a fetcher's main. Returns the exit code. */
int fetcher_main(const struct fetcher *fetcher, int argc, char **argv);
