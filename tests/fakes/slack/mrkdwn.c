/* Slack's mrkdwn, read as Slack reads it (its page "formatting text for app surfaces"), independent of
 * whatever wrote it: <@U1>, <#C1>, <!channel>, <url|label>; *bold* _italic_ ~strike~ `code`; :emoji:;
 * addresses that stand there bare. Only &lt; &gt; &amp; are entities. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct slack_live *live;
	char *out; /* what people see */
	size_t size;
	const char *start; /* of the text */
};

static void put(struct reading *reading, const char *text, size_t size)
{
	memcpy(reading->out + reading->size, text, size);
	reading->size += size;
	reading->out[reading->size] = '\0';
}

/* "label (address)"; an address alone as it is. */
static void put_link(struct reading *reading, const char *at, size_t size)
{
	const char *bar = memchr(at, '|', size);

	reading->live->links++;
	if (bar) {
		put(reading, bar + 1, (size_t)(at + size - bar - 1));
		put(reading, " (", 2);
		put(reading, at, (size_t)(bar - at));
		put(reading, ")", 1);
	} else {
		put(reading, at, size);
	}
}

static void put_angle(struct reading *reading, const char *at, size_t size)
{
	const char *bar = memchr(at, '|', size);
	size_t name = bar ? (size_t)(bar - at) : size;

	if (*at == '@') {
		reading->live->users++;
		put(reading, at, name);
	} else if (*at == '#') {
		reading->live->channels++;
		put(reading, at, name);
	} else if (*at == '!') {
		reading->live->specials += size < 6 || memcmp(at, "!date^", 6) != 0;
		put(reading, "@", 1);
		put(reading, at + 1, name - 1);
	} else {
		put_link(reading, at, size);
	}
}

static bool is_word(unsigned char c)
{
	return isalnum(c) || c >= 0x80;
}

/* Up to the mark's twin on the same line, when the mark begins and the twin ends a word; 0: it is only a
 * character. */
static size_t styled(const struct reading *reading, const char *at)
{
	const char *end = strpbrk(at + 1, "\n");
	const char *twin = strchr(at + 1, *at);

	if ((at > reading->start && is_word((unsigned char)at[-1])) || at[1] == *at ||
	    isspace((unsigned char)at[1]) || !twin || (end && twin > end)) {
		return 0;
	}
	return is_word((unsigned char)twin[1]) || isspace((unsigned char)twin[-1]) ? 0 : (size_t)(twin - at);
}

/* Size of :name:; 0: it is none. */
static size_t emoji(const char *at)
{
	size_t size = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz0123456789_+-");

	return size > 0 && at[size + 1] == ':' && strspn(at + 1, "0123456789") < size ? size + 2 : 0;
}

static size_t entity(const char *at, char *out)
{
	static const struct {
		const char *name;
		char c;
	} entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}};

	for (size_t i = 0; i < 3; i++) {
		if (strncmp(at, entities[i].name, strlen(entities[i].name)) == 0) {
			*out = entities[i].c;
			return strlen(entities[i].name);
		}
	}
	return 0;
}

/* Of an address that Slack makes a link of by itself; 0: it is none. */
static size_t bare(const struct reading *reading, const char *at)
{
	size_t size = strcspn(at, " \t\n<>|\"");
	bool begins = at == reading->start || !is_word((unsigned char)at[-1]);

	return begins && (strncasecmp(at, "https://", 8) == 0 || strncasecmp(at, "http://", 7) == 0 ||
			  strncasecmp(at, "mailto:", 7) == 0 || strncasecmp(at, "slack://", 8) == 0)
		       ? size
		       : 0;
}

/* What begins at `at` and is more than characters: its size, its text put. 0: nothing. */
static size_t special(struct reading *reading, const char *at, bool mrkdwn)
{
	size_t size;
	char c;

	if ((size = entity(at, &c)) > 0) {
		put(reading, &c, 1);
		return size;
	}
	if (mrkdwn && *at == '<' && (size = strcspn(at, ">")) > 1 && at[size] == '>') {
		put_angle(reading, at + 1, size - 1);
		return size + 1;
	}
	if ((size = bare(reading, at)) > 0) {
		reading->live->bare++;
		put(reading, at, size);
		return size;
	}
	if (*at == ':' && (size = emoji(at)) > 0) {
		reading->live->emoji++;
		put(reading, at, size);
		return size;
	}
	return 0;
}

static void read_all(struct reading *reading, const char *text, bool mrkdwn)
{
	size_t size;

	reading->start = text;
	while (*text) {
		if ((size = special(reading, text, mrkdwn)) > 0) {
			text += size;
			continue;
		}
		if (mrkdwn && strchr("*_~`", *text) && styled(reading, text) > 0) {
			reading->live->styles++;
		}
		put(reading, text++, 1);
	}
}

static char *read_text(const char *text, bool mrkdwn, struct slack_live *live)
{
	struct reading reading = {.live = live, .out = calloc(1, 3 * strlen(text) + 8)};

	*live = (struct slack_live){0};
	read_all(&reading, text, mrkdwn);
	return reading.out;
}

void slack_parse(const char *text, bool mrkdwn, struct slack_live *live)
{
	free(read_text(text, mrkdwn, live));
}

char *slack_plain(const char *text, bool mrkdwn)
{
	struct slack_live live;

	return read_text(text, mrkdwn, &live);
}
