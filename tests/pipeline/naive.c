/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/naive.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define NUMBERS_MAX 4096

struct naive {
	enum naive_kind kind;
	const struct simulator *sim;
	int per_page;
	int64_t last;                 /* highest number stored */
	char states[NUMBERS_MAX][16]; /* of the build with that number; "": not stored */
	bool finished[NUMBERS_MAX];
};

struct naive *naive_new(enum naive_kind kind, const struct simulator *sim, int per_page)
{
	struct naive *naive = calloc(1, sizeof *naive);

	cr_assert(naive);
	naive->kind = kind;
	naive->sim = sim;
	naive->per_page = per_page;
	return naive;
}

void naive_free(struct naive **naive)
{
	free(*naive);
	*naive = NULL;
}

static bool is_finished(yyjson_val *build)
{
	return yyjson_is_str(yyjson_obj_get(build, "finished_at")) &&
	       !yyjson_get_bool(yyjson_obj_get(build, "blocked"));
}

static void store(struct naive *naive, int64_t number, yyjson_val *build)
{
	snprintf(naive->states[number], sizeof naive->states[number], "%s",
		 yyjson_get_str(yyjson_obj_get(build, "state")));
	naive->finished[number] = is_finished(build);
	naive->last = number > naive->last ? number : naive->last;
}

/* False: nothing below is wanted. */
static bool take_page(struct naive *naive, yyjson_val *page, int64_t last)
{
	bool fresh = false;
	size_t i, count;
	yyjson_val *build;

	yyjson_arr_foreach(page, i, count, build)
	{
		int64_t number = yyjson_get_sint(yyjson_obj_get(build, "number"));

		cr_assert(number > 0 && number < NUMBERS_MAX);
		if (naive->kind == NAIVE_LAST_NUMBER && number <= last) {
			return false;
		}
		fresh |= !*naive->states[number];
		if (naive->kind == NAIVE_BY_PAGE || is_finished(build)) {
			store(naive, number, build);
		}
	}
	return count == (size_t)naive->per_page && (fresh || naive->kind == NAIVE_LAST_NUMBER);
}

static yyjson_doc *ask(const struct naive *naive, int page)
{
	char url[256], *body;
	yyjson_doc *doc;
	long status;

	snprintf(url, sizeof url, "%s/organizations/acme/pipelines/web/builds?per_page=%d&page=%d",
		 naive->sim->api, naive->per_page, page);
	body = web_ask("GET", url, SIM_TOKEN, NULL, &status);
	doc = status == 200 ? yyjson_read(body, strlen(body), 0) : NULL;
	free(body);
	return doc;
}

void naive_poll(struct naive *naive, int pages_max)
{
	int64_t last = naive->last;
	bool more = true;

	for (int page = 1; more && (pages_max == 0 || page <= pages_max); page++) {
		yyjson_doc *doc = ask(naive, page);

		/* Refused, e.g. a page number beyond what the API serves: it gives up, as they do. */
		more = doc && take_page(naive, yyjson_doc_get_root(doc), last);
		yyjson_doc_free(doc);
	}
}

static bool has(const struct naive *naive, yyjson_val *truth)
{
	int64_t number = yyjson_get_sint(yyjson_obj_get(truth, "number"));
	const char *word = yyjson_get_str(yyjson_obj_get(truth, "provider_state"));
	const char *state = yyjson_get_str(yyjson_obj_get(truth, "state"));

	return strcmp(naive->states[number], word) == 0 &&
	       naive->finished[number] == (strcmp(state, "finished") == 0);
}

int naive_lost(const struct naive *naive, const char *truth)
{
	int lost = 0;

	for (const char *end; (end = strchr(truth, '\n')); truth = end + 1) {
		yyjson_doc *doc = yyjson_read(truth, (size_t)(end - truth), 0);

		lost += !has(naive, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
	}
	return lost;
}
