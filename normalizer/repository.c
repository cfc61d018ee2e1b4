/* SPDX-License-Identifier: MIT */
#include "normalizer/repository.h"

static struct text after(struct text text, size_t count)
{
	return (struct text){text.at + count, text.size - count};
}

static size_t find(struct text text, char c)
{
	const char *at = text.size ? memchr(text.at, c, text.size) : NULL;

	return at ? (size_t)(at - text.at) : text.size;
}

static bool starts_with(struct text text, const char *start)
{
	return text.size >= strlen(start) && memcmp(text.at, start, strlen(start)) == 0;
}

/* After the last @ of the authority: a password may hold one that isn't encoded. */
static struct text without_user(struct text authority)
{
	for (size_t i = authority.size; i > 0; i--) {
		if (authority.at[i - 1] == '@') {
			return after(authority, i);
		}
	}
	return authority;
}

/* [user@]host:path, with a host of at least two letters: `C:\repo` is a drive. */
static struct text from_scp(struct arena *arena, struct text repository)
{
	size_t colon = find(repository, ':');
	struct text authority = {repository.at, colon}, host = without_user(authority), path;

	if (colon == repository.size || host.size < 2 || find(authority, '/') < authority.size) {
		return repository;
	}
	path = after(repository, colon + 1);
	while (starts_with(path, "/")) {
		path = after(path, 1);
	}
	host = arena_join(arena, TEXT("https://"), host, TEXT("/"));
	return host.at ? arena_join(arena, host, path, (struct text){0}) : host;
}

struct text repository_url(struct arena *arena, struct text repository)
{
	const char *scheme_end = repository.at ? memmem(repository.at, repository.size, "://", 3) : NULL;
	struct text scheme, host, path;
	bool rewritten;

	if (!scheme_end) {
		return repository.at ? from_scp(arena, repository) : repository;
	}
	scheme = (struct text){repository.at, (size_t)(scheme_end - repository.at) + 3};
	rewritten = starts_with(scheme, "ssh://") || starts_with(scheme, "git://") ||
		    starts_with(scheme, "git+ssh://");
	path = after(repository, scheme.size);
	host = (struct text){path.at, find(path, '/')};
	path = after(path, host.size);
	if (!rewritten && find(host, '@') == host.size) {
		return repository;
	}
	host = without_user(host);
	if (rewritten) {
		host.size = find(host, ':'); /* the port is ssh's */
		scheme = TEXT("https://");
	}
	return arena_join(arena, scheme, host, path);
}
