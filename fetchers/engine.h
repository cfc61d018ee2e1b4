/* The parts of the engine, for its own files. A fetcher includes fetchers/fetcher.h. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/alarm.h"
#include "common/denial.h"
#include "common/ingest_client.h"
#include "common/process.h"
#include "fetchers/budget.h"
#include "fetchers/fetcher.h"
#include "fetchers/once.h"

#define DETAILS_SLUG "+details" /* of the hub's target for all details of a source */

#define FETCH_LEASES      8 /* visits at once */
#define FETCH_CONNECTIONS 8 /* requests at once, of one source */

#define FETCH_ARENA_BYTES   (128 << 20) /* what is made of one answer */
#define FETCH_SCRATCH_BYTES (48 << 20)  /* what is made of one build */
#define FETCH_BODY_BYTES    (32 << 20)  /* of one answer; a fetcher asks for less then */

/* One entry of `sources:`. After SIGHUP the old one lives on until its last visit is over. */
struct source {
	struct source *next;
	struct engine *engine;
	char *name;
	void *config;
	char buffer[1024]; /* what the fetcher put together for info */
	struct source_info info;
	char *authorization, *accept; /* headers */
	struct http *http;
	struct http *elsewhere; /* for what the API redirects to; NULL: not needed yet */
	struct budget budget;
	int64_t *built;           /* builds that it brought, a metric */
	int ahead;                /* requests sent since the last page of back-fill, up to a maximum */
	int failures;             /* visits in a row */
	int64_t failing_since_ms; /* the first of them */
	int refusals;             /* in a row */
	bool worked;              /* a visit went through */
	bool refused;             /* the token was */
	int64_t refused_until_ms; /* and is not tried again before */
	bool details_refused;     /* it is not permitted to read details; told once */
	struct once refused_targets, moved;
	int visits;
	bool retired;
};

struct request {
	struct request *next;
	struct visit *visit;
	char *url;
	char *moved; /* where it was redirected to last, signed: never to be logged; NULL: nowhere */
	int hops;
	bool elsewhere; /* url is no part of the API */
	enum visit_priority priority;
	bool detail;
	visit_callback *callback;
	intptr_t tag;
	int tries, limited, redirects;
	int64_t not_before_ms;
	struct http_request *sent; /* NULL: waits */
};

struct visit {
	struct visit *next;
	struct source *source;
	struct ingest_lease *lease;  /* NULL: lost or done */
	char *moved_from, *moved_to; /* starts of URLs: the provider redirects; NULL: it does not */
	void *state;
	char *slug;
	char *cursor; /* NULL: first visit */
	size_t cursor_size;
	char **due_keys;
	size_t due_count;
	bool sync, backfill, anew;
	int64_t newest, finished_from;
	int64_t started_ms;
	int64_t turn_ms; /* when its turn of back-fill began */
	int waiting, requests, builds;
	struct details *details; /* of a lease on details; NULL: not begun */
	bool spare;
	bool backfilling; /* it has a turn */
	bool over;        /* freed at the end of this turn */
};

struct engine {
	const struct fetcher *fetcher;
	struct process_context *context;
	struct ingest_client *ingest;
	struct alarm alarm;
	struct source *sources;
	struct visit *visits;
	struct request *requests; /* in the order of their start */
	int64_t answers, builds;  /* since the start */
	int64_t refused_turn_ms;  /* when a visit last found no turn for its back-fill; 0: never */
	struct denial denial;
	struct once refusals;         /* of the hub, since it last took something */
	struct source_checks *checks; /* NULL: it works */
	bool draining;
	bool failed; /* err: an operator must act; stops once the leases are given back */
	struct err err;
	struct arena arena, scratch;
};

/* source.c */
/* Reads every section of this kind. ERR_CONFIG: none, or one that can't be used. */
enum status sources_open(struct engine *engine, const struct config *config, struct err *err) MUST_CHECK;
/* Takes over what a valid new config says; sections that can't be read keep their old form, and are logged.
 */
void sources_reload(struct engine *engine, const struct config *config);
void sources_free(struct engine *engine);
struct source *source_find(struct engine *engine, struct text name);
/* Frees the retired sources without visits. Not from inside a callback of their clients. */
void sources_reap(struct engine *engine);

/* visit.c */
void visit_open(struct engine *engine, struct ingest_lease *lease, const struct ingest_grant *grant);
/* So many requests a minute (-1: unknown) are this worker's part of what the visit's source allows. True:
 * that is news. */
bool visit_share(struct visit *visit, int64_t per_min);
/* Frees the visits that are over. Not from inside their callbacks. */
void visits_reap(struct engine *engine);

/* visit_end.c */
/* A lease that this worker can't use for now comes back so soon: another worker may, or this one after
 * SIGHUP. */
#define USELESS_DUE_MS 10000
/* The lease was lost: no word to the hub. */
void visit_lose(struct visit *visit);
/* Ends the visit: its committed cursor stays. */
void visit_fail(struct visit *visit, const struct err *err);
/* Everything is given back, the process is going to stop. */
void visits_end_all(struct engine *engine);

/* backfill.c */
/* How long back-fill may hold a lease: what is new of that pipeline waits for its end. */
int64_t visit_turn_ms(const struct visit *visit);
/* Ends the visits that hold a lease only to wait: in vain, or beyond their turn. They go on another time. */
void backfill_yield(struct engine *engine, int64_t now);

/* request.c */
/* Sends what the windows, the budgets and the connections allow. */
void requests_pump(struct engine *engine);
/* Leaves a part of the budget to what is new. */
bool request_is_low(const struct request *request);
/* Drops what a visit still waits for. */
void requests_drop(struct visit *visit);
/* Hands the answer to the fetcher. OK: used. ERR_AGAIN: it will be sent again. Others end the visit. */
enum status request_answer(struct request *request, const struct http_answer *answer, enum answer_kind kind,
			   struct err *err) MUST_CHECK;
/* Once more, later, from the start; a few times. err says why, and what is left then. */
enum status request_retry(struct request *request, struct err *err) MUST_CHECK;
/* The fetcher may do without it. */
enum status request_give_up(struct request *request, struct err *err) MUST_CHECK;
/* What the handling of an answer came to. request is gone if that ended its visit. */
void request_settle(struct visit *visit, struct request *request, enum status status, const struct err *err);

/* judge.c */
/* OK: used. ERR_AGAIN: it will be sent again. Others end the visit. */
enum status request_judge(struct request *request, const struct http_answer *answer,
			  struct err *err) MUST_CHECK;

/* The sentence for an answer that can't be used: neither OK nor NOT_FOUND. */
void answer_explain(const struct source *source, const struct http_answer *answer, struct err *err);

/* check.c: instead of leases and visits. */
struct source_checks;
enum status sources_check(struct engine *engine, struct err *err) MUST_CHECK;
void source_checks_free(struct source_checks **checks);

/* details.c */
void visit_details_free(struct details **details);

/* elsewhere.c */
/* Sends a request that is, outside of the API's budget. */
enum status request_send_elsewhere(struct request *request, struct err *err) MUST_CHECK;
/* A redirected detail is asked for there. ERR_AGAIN: it is on its way. */
enum status request_follow(struct request *request, const struct http_answer *answer,
			   struct err *err) MUST_CHECK;
