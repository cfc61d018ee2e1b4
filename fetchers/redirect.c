/* SPDX-License-Identifier: MIT */
#include "fetchers/redirect.h"

#include "common/http/redirect.h"
#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIRECTS_MAX 5

/* How much of the two paths is the same at their end, from a slash on. */
static size_t common_tail(const char *a, size_t a_size, const char *b, size_t b_size)
{
	size_t size = 0, whole = 0;

	while (size < a_size && size < b_size && a[a_size - 1 - size] == b[b_size - 1 - size]) {
		size++;
		whole = a[a_size - size] == '/' ? size : whole;
	}
	return whole;
}

/* "…/pipelines/web/builds" → "…/pipelines/shop/builds": web is shop, for all requests of the visit. */
static void learn(struct visit *visit, const char *from, const char *to)
{
	size_t from_size = strcspn(from, "?"), to_size = strcspn(to, "?");
	size_t tail = common_tail(from, from_size, to, to_size);

	if (tail == 0 || (from_size == to_size && strncmp(from, to, from_size) == 0)) {
		return;
	}
	redirect_forget(visit);
	visit->moved_from = strndup(from, from_size - tail);
	visit->moved_to = strndup(to, to_size - tail);
}

static void tell(struct visit *visit)
{
	struct source *source = visit->source;

	if (visit->moved_to && once_say(&source->moved, visit->slug, visit->moved_to)) {
		log_warn("fetch.moved", STR("target", visit->lease->target), STR("to", visit->moved_to));
	}
}

enum status redirect_follow(struct request *request, const struct http_answer *answer, struct err *err)
{
	char *to;

	if (++request->redirects > REDIRECTS_MAX) {
		request->redirects = 0; /* if it is tried again, from its own address */
		return err_set(err, ERR_CONFIG, "the API redirects in a circle (%ld): check api_url",
			       answer->code);
	}
	to = answer->location ? http_redirect_within(request->url, answer->location) : NULL;
	if (!to) {
		request->redirects = 0;
		return err_set(err, ERR_CONFIG,
			       "the API redirects to another place (%ld), where the token must not go: check "
			       "api_url and the slugs",
			       answer->code);
	}
	learn(request->visit, request->url, to);
	tell(request->visit);
	free(request->url);
	request->url = to;
	return ERR_AGAIN;
}

char *redirect_url(const struct visit *visit, const char *path)
{
	size_t size = visit->moved_from && visit->moved_to ? strlen(visit->moved_from) : 0;
	char *url, *moved;

	if (asprintf(&url, "%s%s", visit->source->info.api_url, path) < 0) {
		return NULL;
	}
	if (size == 0 || strncmp(url, visit->moved_from, size) != 0 || !strchr("/?", url[size])) {
		return url;
	}
	if (asprintf(&moved, "%s%s", visit->moved_to, url + size) < 0) {
		moved = NULL;
	}
	free(url);
	return moved;
}

void redirect_forget(struct visit *visit)
{
	free(visit->moved_from);
	free(visit->moved_to);
	visit->moved_from = visit->moved_to = NULL;
}
