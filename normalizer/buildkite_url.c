/* SPDX-License-Identifier: MIT */
#include "normalizer/buildkite_url.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether at holds valid UTF-8: the decoded bytes become texts of a record. */
static bool is_utf8(const unsigned char *at, size_t size)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};

	for (size_t i = 0; i < size;) {
		unsigned char c = at[i++];
		int more = c < 0x80 ? 0 : c >= 0xf0 && c < 0xf8 ? 3 : c >= 0xe0 ? 2 : 1;
		uint32_t point = more == 0 ? c : c & (0x3fu >> more);

		if (c >= 0xf8 || (c >= 0x80 && c < 0xc0) || size - i < (size_t)more) {
			return false;
		}
		for (int left = more; left > 0; left--, i++) {
			if ((at[i] & 0xc0) != 0x80) {
				return false;
			}
			point = point << 6 | (at[i] & 0x3fu);
		}
		if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
			return false;
		}
	}
	return true;
}

/* A part that isn't properly encoded stays as it is. */
static struct text decode(struct arena *arena, struct text part)
{
	char *out, *to;

	if (!part.size || !memchr(part.at, '%', part.size)) {
		return part;
	}
	out = to = arena_alloc(arena, part.size);
	for (size_t i = 0; out && i < part.size; i++) {
		if (part.at[i] != '%') {
			*to++ = part.at[i];
			continue;
		}
		if (part.size - i < 3 || hex(part.at[i + 1]) < 0 || hex(part.at[i + 2]) < 0) {
			return part;
		}
		*to++ = (char)(hex(part.at[i + 1]) << 4 | hex(part.at[i + 2]));
		i += 2;
	}
	if (!out || !is_utf8((unsigned char *)out, (size_t)(to - out))) {
		return part;
	}
	return (struct text){out, (size_t)(to - out)};
}

/* Takes "<name>/<part>" from the front of *rest. */
static bool take(struct text *rest, const char *name, struct text *part)
{
	size_t size = strlen(name);
	const char *end;

	if (rest->size <= size || memcmp(rest->at, name, size) != 0) {
		return false;
	}
	rest->at += size;
	rest->size -= size;
	for (end = rest->at; end < rest->at + rest->size && !strchr("/?#", *end); end++) {
	}
	*part = (struct text){rest->at, (size_t)(end - rest->at)};
	rest->size -= part->size;
	rest->at = end;
	return part->size > 0;
}

static int64_t read_number(struct text text)
{
	int64_t out = 0;

	if (text.size > 18) {
		return INT_NULL;
	}
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] < '0' || text.at[i] > '9') {
			return INT_NULL;
		}
		out = out * 10 + (text.at[i] - '0');
	}
	return out;
}

void buildkite_address(struct arena *arena, struct text url, struct buildkite_address *out)
{
	static const char first[] = "/organizations/";
	const char *at = url.at ? memmem(url.at, url.size, first, sizeof first - 1) : NULL;
	struct text rest, organization = {0}, pipeline = {0}, number = {0};

	if (!at) {
		return;
	}
	rest = (struct text){at, url.size - (size_t)(at - url.at)};
	if (take(&rest, first, &organization) && !out->organization.at) {
		out->organization = decode(arena, organization);
	}
	if (take(&rest, "/pipelines/", &pipeline) && !out->pipeline.at) {
		out->pipeline = decode(arena, pipeline);
	}
	if (pipeline.at && take(&rest, "/builds/", &number) && out->number == INT_NULL) {
		out->number = read_number(number);
	}
}
