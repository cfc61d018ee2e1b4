/* Shared by the files of the CircleCI fetcher. Facts of the API: https://circleci.com/docs/api/v2 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "fetchers/circleci/config.h"
#include "fetchers/circleci/cursor.h"
#include "fetchers/fetcher.h"
#include "fetchers/path.h"

#define SLUG_BYTES  1024
#define SKIPPED_MAX 3 /* pipelines of one visit that the API may fail to give */

/* answer.c */
/* One object of an answer: its JSON as text on the heap, and what of it decides what to ask next. */
struct item {
	char *json;
	size_t size;
	char id[ID_BYTES];
	int64_t created_at, stopped_at; /* INT_NULL */
	int64_t number;                 /* of a job: job_number; INT_NULL */
	uint64_t print;                 /* of id, status and times: another one when it went on */
	uint64_t name;                  /* of its name, a hash */
	bool ended;                     /* of a workflow: it will not go on */
	bool passed;                    /* of a workflow */
	bool started;                   /* of a job */
	bool approval;                  /* of a job */
	bool errored;                   /* of a pipeline: it has no workflows and will have none */
	char project[160];              /* its project's slug, "" where it names none */
	bool coming;                    /* of a pipeline: further workflows will come */
};

struct items {
	struct item *at;
	size_t count;
};

void items_fini(struct items *items);
/* The `items` of a list. */
enum status answer_list(yyjson_val *root, yyjson_val **list, struct err *err) MUST_CHECK;
/* Where a list goes on, "": nowhere. next: the token that it was asked for with. */
enum status answer_next(yyjson_val *root, char next[static TOKEN_BYTES], struct err *err) MUST_CHECK;
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
/* A project's slug as the names of targets have it: each part percent-encoded. */
void path_slug(struct path *path, const char *project);
/* token: of the page, "": the first. */
void path_pipelines(struct path *path, const char *slug, const char *token);
void path_pipeline(struct path *path, const char *id);
void path_numbered(struct path *path, const char *slug, const char *number);
void path_workflows(struct path *path, const char *id, const char *token);
void path_jobs(struct path *path, const char *workflow, const char *token);
void path_job(struct path *path, const char *slug, int64_t number);
/* project: its slug as an answer has it; those of the others are a target's, encoded already. */
void path_tests(struct path *path, const char *project, int64_t job, const char *token);
void path_artifacts(struct path *path, const char *project, int64_t job, const char *token);
void path_organizations(struct path *path);
void path_followed(struct path *path, const char *organization, const char *token);

/* tree.c */
/* Of one job. */
struct detail {
	struct tree *tree;
	struct item item; /* json NULL: none */
	bool failed;      /* it may come another time */
};

/* A workflow of a pipeline that is being read. */
struct flow {
	struct tree *tree;
	const struct item *item; /* in tree->workflows */
	struct items jobs;
	char token[TOKEN_BYTES];
	struct detail *details; /* of each job; NULL: not asked for */
};

enum tree_way { TREE_LIVE, TREE_BACKFILL, TREE_DETAIL };
/* All that was asked for has been answered; tree->failed says whether well. */
typedef enum status tree_callback(struct tree *tree, struct err *err);

/* A pipeline's workflows and their jobs, and the requests about them that are under way. */
struct tree {
	struct visit *visit;
	char pipeline[ID_BYTES];
	struct items workflows;
	struct flow *flows; /* one for each workflow; NULL: jobs were not asked for */
	char token[TOKEN_BYTES];
	enum tree_way way;
	tree_callback *whole;
	int waiting;
	enum answer_kind failed; /* of one of them; ANSWER_OK */
	struct err why;
	int64_t observed_at;
};

void tree_init(struct tree *tree, struct visit *visit, enum tree_way way, tree_callback *whole);
void tree_fini(struct tree *tree);
enum status tree_ask_workflows(struct tree *tree, const char *pipeline, struct err *err) MUST_CHECK;
/* Of all its workflows; without any, nothing is asked for and nothing called back. */
enum status tree_ask_jobs(struct tree *tree, struct err *err) MUST_CHECK;
/* One request more; its callback ends with tree_answered. */
enum status tree_get(struct tree *tree, const char *path, visit_callback *callback, intptr_t tag,
		     struct err *err) MUST_CHECK;
/* False: the answer can't be used, which `failed` says from now on. */
bool tree_take(struct tree *tree, const struct visit_answer *answer, const struct err *err);
/* The same of what the tree can do without, unless it may be there another time. */
bool tree_take_part(struct tree *tree, const struct visit_answer *answer, const struct err *err);
/* The end of an answer's callback. Of one that is refused the visit's end. */
enum status tree_answered(struct tree *tree, const struct visit_answer *answer, struct err *err) MUST_CHECK;

/* work.c */
/* A pipeline that is being read: its workflows, then their jobs, and once all has ended their details. */
struct work {
	struct tree tree; /* first */
	struct work *next;
	char id[ID_BYTES];     /* "": only its number is known yet */
	char number[ID_BYTES]; /* the key that it was asked for by, where that is no id; else "" */
	struct item pipeline;  /* json NULL: not known yet */
	enum build_origin origin;
	bool started;
	bool due;      /* the hub asks for it */
	bool if_later; /* wanted only if it goes on or ended after what the destinations know */
};

/* Adds a pipeline to what this visit reads. Takes item's JSON. */
enum status work_add_item(struct visit *visit, struct item *item, enum build_origin origin, bool if_later,
			  struct err *err) MUST_CHECK;
/* The same of one of which only the id is known, or its number in the project. due: the hub asks for it. */
enum status work_add_key(struct visit *visit, const char *key, bool due, struct err *err) MUST_CHECK;
/* In the cursor: what it is known to be from now on. detailed: as struct follow's. */
void work_follow(const struct work *work, bool ended, uint64_t print, int64_t detailed);
/* Jobs up to this number have told all before. */
int64_t work_detailed(const struct work *work);
/* It leaves, and the visit goes on where it was the last. The cursor goes with several of them: it is large.
 */
enum status work_done(struct work *work, struct err *err) MUST_CHECK;
bool work_has(const struct visit *visit, const char *id);
void work_free_all(struct work **works);

/* pipeline.c */
/* Begins with what was added, a few at a time: each that is done lets the next begin. */
enum status work_start(struct visit *visit, struct err *err) MUST_CHECK;

/* jobs.c */
/* Whether there is more to know of it. */
bool job_has_run(const struct item *job);
/* Asks for the details of its jobs that have higher numbers, where there are any. */
enum status jobs_ask(struct work *work, int64_t detailed, struct err *err) MUST_CHECK;
/* Up to which number they are there now. */
int64_t jobs_detailed(const struct work *work, int64_t detailed);
/* Details that were asked for can't be had now. */
bool jobs_lack(const struct work *work);

/* body.c */
/* The raw record, without what redact names; lives until the next call. at NULL: it is too big. */
struct text body_of(struct arena *scratch, const struct work *work, const struct circleci_config *config);

/* details.c: test results and coverage of finished builds. */
enum status details_start(struct visit *visit, struct err *err) MUST_CHECK;
void details_free(struct visit *visit);

/* check.c */
enum status circleci_check(struct source_check *check, struct err *err) MUST_CHECK;

/* discover.c */
struct discovery;
enum status discover_start(struct visit *visit, struct err *err) MUST_CHECK;
void discovery_free(struct discovery **discovery);

struct circleci_visit;

/* page.c */
/* Asks for a page of the list; token "": the first. */
enum status page_ask(struct visit *visit, const char *token, struct err *err) MUST_CHECK;
int64_t page_oldest(const struct items *page); /* created_at; INT_NULL */
/* Nothing of the project is known yet. */
bool page_is_first(const struct circleci_visit *state);

/* visit.c */
enum phase { PHASE_LIVE, PHASE_DUE, PHASE_BACK };

struct circleci_visit {
	char slug[SLUG_BYTES];
	struct cursor cursor;
	struct config_since since;
	int64_t finished_from; /* the destinations know what finished before; INT_NULL: nothing is known */
	enum phase phase;
	struct work *works;
	struct items page;
	char token[TOKEN_BYTES]; /* of the page that is asked for */
	char next[TOKEN_BYTES];  /* of the one below it */
	int64_t date;            /* newest Date of this visit; INT_NULL */
	int64_t committed_ms;    /* age of the visit at its last page */
	int64_t top;             /* newest created_at of the live walk */
	bool bottom;             /* `since` ends on this page */
	bool again;              /* the list goes back to its top: the token has expired */
	int skipped, pages;
	int64_t counted; /* of the page, for `since` */
	struct discovery *discovery;
	struct owed *owed; /* of each due key of a lease on details; NULL: it is none */
};

enum status visit_begin(struct visit *visit, struct err *err) MUST_CHECK;
/* Nothing is being read any more: what comes next, the end included. */
enum status visit_advance(struct visit *visit, struct err *err) MUST_CHECK;
/* The cursor as it is now, with what was handed over. */
enum status visit_commit(struct visit *visit, struct err *err) MUST_CHECK;
/* Date of the answer, and the visit's time goes on. */
int64_t visit_date(struct visit *visit, const struct visit_answer *answer);
