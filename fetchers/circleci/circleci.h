/* Shared by the files of the CircleCI fetcher. Facts of the API: https://circleci.com/docs/api/v2 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "fetchers/circleci/config.h"
#include "fetchers/circleci/cursor.h"
#include "fetchers/fetcher.h"

#define PATH_BYTES  2048
#define SLUG_BYTES  1024
#define SKIPPED_MAX 3 /* pipelines of one visit that the API may fail to give */

/* answer.c */
/* One object of an answer: its JSON as text on the heap, and what of it decides what to ask next. */
struct item {
	char *json;
	size_t size;
	char id[ID_BYTES];
	int64_t created_at; /* INT_NULL */
	int64_t number;     /* of a job: job_number; INT_NULL */
	uint64_t print;     /* of id, status and times: another one when it went on */
	bool ended;         /* of a workflow: it will not go on */
	bool passed;        /* of a workflow */
	bool started;       /* of a job */
	bool approval;      /* of a job */
	bool errored;       /* of a pipeline: it has no workflows and will have none */
	char project[160];  /* of a pipeline: its project's slug, "" where there is none */
	bool coming;        /* of a pipeline: further workflows will come */
};

struct items {
	struct item *at;
	size_t count;
};

void items_fini(struct items *items);
/* Appends the items of a list to items and says where it goes on ("" : nowhere). ERR_DATA: no such list;
 * items is as it was. */
enum status answer_read_list(struct arena *arena, struct text body, struct items *items,
			     char next[static TOKEN_BYTES], struct err *err) MUST_CHECK;
/* The one object that the answer is. */
enum status answer_read_item(struct arena *arena, struct text body, struct item *item,
			     struct err *err) MUST_CHECK;
/* Slugs of a list of organizations, as "gh/acme"; texts live in arena. */
enum status answer_read_organizations(struct arena *arena, struct text body, struct text **slugs,
				      size_t *count, struct err *err) MUST_CHECK;
void item_fini(struct item *item);

/* path.c */
struct path {
	char text[PATH_BYTES];
	size_t size;
};
/* token: of the page, "": the first. */
void path_pipelines(struct path *path, const char *slug, const char *token);
void path_pipeline(struct path *path, const char *id);
void path_workflows(struct path *path, const char *id, const char *token);
void path_jobs(struct path *path, const char *workflow, const char *token);
void path_job(struct path *path, const char *slug, int64_t number);
void path_organizations(struct path *path);
void path_followed(struct path *path, const char *organization, const char *token);

/* work.c */
/* Of one job. */
struct detail {
	struct work *work;
	struct item item; /* json NULL: none */
};

/* A workflow of a pipeline that is being read. */
struct flow {
	struct work *work;
	const struct item *item; /* in work->workflows */
	struct items jobs;
	char token[TOKEN_BYTES];
	struct detail *details; /* of each job; NULL: not asked for */
};

enum stage { STAGE_WORKFLOWS, STAGE_JOBS, STAGE_DETAILS };

/* A pipeline that is being read: its workflows, then their jobs, and once all has ended their details. */
struct work {
	struct work *next;
	struct visit *visit;
	char id[ID_BYTES];
	struct item pipeline; /* json NULL: not known yet */
	struct items workflows;
	char token[TOKEN_BYTES];
	struct flow *flows;
	enum stage stage;
	int waiting;             /* for so many answers of the stage */
	enum answer_kind failed; /* of one of them; ANSWER_OK */
	struct err why;
	int64_t observed_at;
	enum build_origin origin;
};

/* Adds a pipeline to what this visit reads. Takes item's JSON, if there is any. */
enum status work_add(struct visit *visit, const char *id, struct item *item, enum build_origin origin,
		     struct err *err) MUST_CHECK;
/* Asks for the workflows of all that were added. */
enum status work_start(struct visit *visit, struct err *err) MUST_CHECK;
bool work_has(const struct visit *visit, const char *id);
void work_free_all(struct work **works);

/* body.c */
/* The raw record, without what redact names; lives until the next call. at NULL: it is too big. */
struct text body_of(struct arena *scratch, const struct work *work, const struct circleci_config *config);

/* discover.c */
struct discovery;
enum status discover_start(struct visit *visit, struct err *err) MUST_CHECK;
void discovery_free(struct discovery **discovery);

/* visit.c */
enum phase { PHASE_LIVE, PHASE_DUE, PHASE_BACK };

struct circleci_visit {
	char slug[SLUG_BYTES];
	struct cursor cursor;
	struct config_since since;
	int64_t finished_from; /* all that was created since then is wanted too; INT_NULL */
	enum phase phase;
	struct work *works;
	struct items page;
	char token[TOKEN_BYTES]; /* of the page that is asked for */
	char next[TOKEN_BYTES];  /* of the one below it */
	int64_t date;            /* newest Date of this visit; INT_NULL */
	int64_t top;             /* newest created_at of the live walk */
	bool bottom;             /* `since` ends on this page */
	bool again;              /* the list goes back to its top: the token has expired */
	int skipped, pages;
	int64_t counted; /* of the page, for `since` */
	struct discovery *discovery;
};

enum status visit_begin(struct visit *visit, struct err *err) MUST_CHECK;
/* Nothing is being read any more: what comes next, the end included. */
enum status visit_advance(struct visit *visit, struct err *err) MUST_CHECK;
/* The cursor as it is now, with what was handed over. */
enum status visit_commit(struct visit *visit, struct err *err) MUST_CHECK;
/* Date of the answer, and the visit's time goes on. */
int64_t visit_date(struct visit *visit, const struct visit_answer *answer);
