/* Shared by the files of the Buildkite fetcher. facts of the API:
 * https://buildkite.com/docs/apis/rest-api/builds */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/arena.h"
#include "fetchers/buildkite/config.h"
#include "fetchers/fetcher.h"
#include "fetchers/walk.h"

#define PER_PAGE       100 /* the most that the API gives */
#define DUE_MAX        256
#define SLUG_MAX       100
#define PATH_MAX_BYTES 1024

enum phase { PHASE_LIVE, PHASE_DUE, PHASE_BACK };

struct discovery {
	struct text *slugs;
	size_t count;
	int page;
};

struct buildkite_visit {
	char organization[SLUG_MAX * 3 + 1], pipeline[SLUG_MAX * 3 + 1]; /* percent-encoded */
	enum phase phase;
	struct walk walk;
	bool missing;         /* the API doesn't know the pipeline */
	bool resumed;         /* the live walk was begun by an earlier visit */
	bool links;           /* the API says in Link headers where a list ends */
	int asked[WALK_LEGS]; /* a page of that many builds of that leg is under way; 0: none */
	int size[WALK_LEGS];  /* builds a page that were asked for last; 0: not in this visit */
	bool bare[WALK_LEGS]; /* that page is one build, too big with its jobs */
	int per_page;         /* less than PER_PAGE after answers that were too large */
	int most_per_page;    /* and after some that never came */
	int back_pages;
	int skipped;
	int64_t date;           /* newest Date of this visit; WALK_NONE */
	bool due_seen[DUE_MAX]; /* came in a page of this visit */
	struct discovery discovery;
	struct arena found; /* texts of the discovery */
	struct details *details;
};

/* path.c */
struct path {
	char text[PATH_MAX_BYTES];
	size_t size;
};
/* False: not a slug (empty, too long). out has room for SLUG_MAX * 3 + 1 bytes. */
bool path_encode(const char *text, size_t size, char *out);
void path_builds(struct path *path, const struct buildkite_visit *state, int slot);
void path_build(struct path *path, const struct buildkite_visit *state, const char *number);
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
};
/* The answer's builds, newest first. ERR_DATA: not a list of builds; the sentence says where it breaks. */
enum status page_read(struct arena *arena, struct text body, struct element **elements, size_t *count,
		      struct err *err) MUST_CHECK;
/* The same for one build. */
enum status page_read_one(struct arena *arena, struct text body, struct element *element,
			  struct err *err) MUST_CHECK;
/* The build as JSON, without what redact names; lives until the next call. at NULL: it is too big. */
struct text element_json(struct arena *scratch, const struct element *element,
			 const struct config_list *redact);
/* Slugs of a list of pipelines that are not archived; texts live in arena found. */
enum status page_read_pipelines(struct arena *arena, struct text body, struct arena *found,
				struct discovery *discovery, size_t *count, struct err *err) MUST_CHECK;

/* visit.c */
enum status pipeline_start(struct visit *visit, struct err *err) MUST_CHECK;

/* details.c */
enum status details_start(struct visit *visit, struct err *err) MUST_CHECK;
void details_free(struct details **details);

/* discover.c */
enum status discover_start(struct visit *visit, struct err *err) MUST_CHECK;
