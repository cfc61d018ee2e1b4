/* Shared by the files of the Buildkite fetcher. facts of the API:
 * https://buildkite.com/docs/apis/rest-api/builds */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "fetchers/buildkite/config.h"
#include "fetchers/fetcher.h"
#include "fetchers/path.h"
#include "fetchers/walk.h"

#define PER_PAGE 100 /* the most that the API gives */
#define DUE_MAX  256
#define SLUG_MAX 100

/* Beside the legs of the walk: the list of what is open now, which has no watermark. */
#define SLOT_OPEN WALK_LEGS
#define SLOTS     (WALK_LEGS + 1)

enum phase { PHASE_LIVE, PHASE_DUE, PHASE_BACK };

struct discovery {
	struct text *slugs;
	size_t count;
	int page;
};

struct buildkite_visit {
	char organization[SLUG_MAX * 3 + 1], pipeline[SLUG_MAX * 3 + 1]; /* percent-encoded */
	enum phase phase;
	bool live;                 /* of the whole organization */
	struct config_since since; /* the source's, or less */
	struct walk walk;
	struct walk open;  /* one leg: SLOT_OPEN */
	bool resized;      /* walk.open_size is another one than when the visit began */
	bool looked;       /* that was begun in this visit */
	bool missing;      /* the API doesn't know the pipeline */
	bool resumed;      /* the live walk was begun by an earlier visit */
	bool links;        /* the API says in Link headers where a list ends */
	int asked[SLOTS];  /* a page of that many builds of that leg is under way; 0: none */
	int size[SLOTS];   /* builds a page that were asked for last; 0: not in this visit */
	bool bare[SLOTS];  /* that page is one build, too big with its jobs */
	int per_page;      /* less than PER_PAGE after answers that were too large */
	int most_per_page; /* and after some that never came */
	int back_pages;
	int skipped;
	int64_t date;            /* newest Date of this visit; WALK_NONE */
	bool due_seen[DUE_MAX];  /* came in a page of this visit */
	bool due_large[DUE_MAX]; /* was over the limit once */
	struct discovery discovery;
	struct arena found; /* texts of the discovery */
	struct details *details;
};

/* path.c */
/* False: not a slug (empty, too long). out has room for SLUG_MAX * 3 + 1 bytes. */
bool path_encode(const char *text, size_t size, char *out);
void path_builds(struct path *path, const struct buildkite_visit *state, int slot);
/* key: "17", or "web#17" in the visit of an organization. */
void path_build(struct path *path, const struct buildkite_visit *state, const char *key);
void path_pipelines(struct path *path, const struct buildkite_visit *state, int page);

/* Of what an answer names by its address, e.g. "/organizations/acme/pipelines/web/builds/49"; an @ ends it.
 * False: it is no address of this API. */
bool path_below(struct path *path, const char *api_url, const char *url);
void path_of_build(struct path *path, const struct path *build);
void path_artifacts(struct path *path, const struct path *build, int page);

/* page.c */
/* One build of an answer. Lives in the arena that the answer was read into. */
struct element {
	yyjson_val *value;
	const char *key;
	const char *url;
	int64_t created_at; /* WALK_NONE */
	int64_t number;     /* WALK_NONE */
	bool finished;
	bool foreign; /* of a pipeline that the source does not follow */
};
/* The answer's builds, newest first. ERR_DATA: not a list of builds; the sentence says where it breaks. */
enum status page_read(struct arena *arena, struct text body, struct element **elements, size_t *count,
		      struct err *err) MUST_CHECK;
/* The same for one build. */
enum status page_read_one(struct arena *arena, struct text body, struct element *element,
			  struct err *err) MUST_CHECK;
/* The slug of its pipeline; NULL: it tells none. */
const char *element_pipeline(const struct element *element);
/* The build as JSON, without what redact names; lives until the next call. at NULL: it is too big. */
struct text element_json(struct arena *scratch, const struct element *element,
			 const struct config_list *redact);
/* Slugs of a list of pipelines that are not archived; texts live in arena found. */
enum status page_read_pipelines(struct arena *arena, struct text body, struct arena *found,
				struct discovery *discovery, size_t *count, struct err *err) MUST_CHECK;

/* pages.c */
struct walk *slot_walk(struct buildkite_visit *state, int slot);
struct walk_leg *slot_leg(struct buildkite_visit *state, int slot);
/* The leg of slot_walk that a slot is. */
int slot_of_walk(int slot);
/* Asks for a page of every leg among first..last that is open and has none under way. */
enum status pages_ask(struct visit *visit, int first, int last, struct err *err) MUST_CHECK;
int64_t observed_at(const struct visit_answer *answer);
enum status publish_one(struct visit *visit, const struct element *element, enum build_origin origin,
			bool bare, const struct visit_answer *answer, struct err *err) MUST_CHECK;

/* A page of a leg was read: its builds and the cursor are published. */
enum status pages_take(struct visit *visit, int slot, const struct element *elements, size_t count,
		       const struct visit_answer *answer, struct err *err) MUST_CHECK;

/* deep.c */
/* Asks for the one build that a leg sweeps for. */
enum status deep_ask(struct visit *visit, int slot, struct err *err) MUST_CHECK;
/* A page was refused for its depth. True: there is another way. */
bool deep_begins(struct visit *visit, int slot);

/* due.c */
enum status due_ask(struct visit *visit, struct err *err) MUST_CHECK;

/* visit.c */
enum status visit_begin(struct visit *visit, struct err *err) MUST_CHECK;
/* An answer was used: what comes next, the end included. */
enum status visit_advance(struct visit *visit, struct err *err) MUST_CHECK;

/* live.c */
#define LIVE_PART "@live"
enum status live_start(struct visit *visit, struct err *err) MUST_CHECK;
/* Gives the builds of a page the keys of the pipelines that they belong to. */
enum status live_assign(struct visit *visit, struct element *elements, size_t count,
			struct err *err) MUST_CHECK;
/* The visit's end where there is no such list. */
enum status live_missing(struct visit *visit, struct err *err) MUST_CHECK;
/* Begins the list of what is open. */
void look_open(struct buildkite_visit *state);

/* details.c */
enum status details_start(struct visit *visit, struct err *err) MUST_CHECK;
void details_free(struct visit *visit);

/* check.c */
struct buildkite_check {
	char organization[SLUG_MAX * 3 + 1]; /* percent-encoded */
	bool reads_builds, reads_pipelines, reads_organizations;
};
enum status buildkite_check(struct source_check *check, struct err *err) MUST_CHECK;

/* discover.c */
enum status discover_start(struct visit *visit, struct err *err) MUST_CHECK;
