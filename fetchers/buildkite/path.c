/* Paths of the REST API below api_url. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/buildkite.h"

#include "common/time.h"

#include <stdio.h>

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_' || c == '.' || c == '~';
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* The hub's targets are encoded already, as a record's id is. */
static bool is_encoded(const char *text, size_t size)
{
	return size >= 3 && text[0] == '%' && is_hex(text[1]) && is_hex(text[2]);
}

bool path_encode(const char *text, size_t size, char *out)
{
	static const char hex[] = "0123456789ABCDEF";

	/* Dots alone would climb out of the path. */
	if (size == 0 || size > SLUG_MAX || (size <= 2 && strspn(text, ".") >= size)) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (is_plain(c) || is_encoded(text + i, size - i)) {
			*out++ = (char)c;
		} else {
			*out++ = '%';
			*out++ = hex[c >> 4];
			*out++ = hex[c & 15];
		}
	}
	*out = '\0';
	return true;
}

static void put_time(struct path *path, const char *name, int64_t ms)
{
	char text[32];

	if (ms != WALK_NONE && time_format(ms, text) > 0) {
		path_put(path, "&%s=%s", name, text);
	}
}

/* Those that the API's page of build states knows, but those that are over, and blocked: a build that waits
 * for a person may do so for ever, and shows up here when it goes on. */
static const char open_states[] =
	"&state[]=creating&state[]=scheduled&state[]=running&state[]=failing&state[]=canceling";

static void put_organization(struct path *path, const struct buildkite_visit *state)
{
	path->size = 0;
	path_put(path, "/organizations/%s", state->organization);
}

void path_builds(struct path *path, const struct buildkite_visit *state, int slot)
{
	bool open = slot == SLOT_OPEN;
	struct walk_query query = walk_query(open ? &state->open : &state->walk, open ? WALK_CREATED : slot,
					     state->asked[slot]);

	put_organization(path, state);
	if (!state->live) {
		path_put(path, "/pipelines/%s", state->pipeline);
	}
	path_put(path, "/builds?per_page=%d", state->asked[slot]);
	path_put(path, state->bare[slot] ? "&exclude_jobs=true" : "&include_retried_jobs=true");
	put_time(path, "created_from", query.created_from);
	put_time(path, "created_to", query.created_to);
	put_time(path, "finished_from", query.finished_from);
	if (query.page > 0) {
		path_put(path, "&page=%lld", (long long)query.page);
	} else if (open) { /* pages by number must count a set that stays as it is */
		path_put(path, "%s", open_states);
	}
}

void path_build(struct path *path, const struct buildkite_visit *state, const char *key)
{
	const char *mark = state->live ? strchr(key, '#') : NULL, *number = mark ? mark + 1 : key;
	char encoded[SLUG_MAX * 3 + 1];

	put_organization(path, state);
	if (mark) {
		path_put(path, "/pipelines/%.*s", (int)(mark - key), key);
	} else {
		path_put(path, "/pipelines/%s", state->pipeline);
	}
	path_put(path, "/builds/%s?include_retried_jobs=true",
		 path_encode(number, strlen(number), encoded) ? encoded : "0");
}

void path_pipelines(struct path *path, const struct buildkite_visit *state, int page)
{
	path->size = 0;
	path_put(path, "/organizations/%s/pipelines?per_page=%d&page=%d", state->organization, PER_PAGE,
		 page);
}

/* The token goes to api_url and nowhere else, whatever address an answer names. Behind a proxy that is
 * another one than the API knows of itself. */
bool path_below(struct path *path, const char *api_url, const char *url)
{
	size_t size = strlen(api_url);
	const char *below = strncmp(url, api_url, size) == 0 && url[size] == '/'
				    ? url + size
				    : strstr(url, "/organizations/");

	path->size = 0;
	if (below) {
		path_put(path, "%.*s", (int)strcspn(below, "?#@ \t\r\n"), below);
	}
	return path->size > 0;
}

void path_of_build(struct path *path, const struct path *build)
{
	path->size = 0;
	path_put(path, "%s?include_retried_jobs=true", build->text);
}

void path_artifacts(struct path *path, const struct path *build, int page)
{
	path->size = 0;
	path_put(path, "%s/artifacts?per_page=%d&page=%d", build->text, PER_PAGE, page);
}
