/* SPDX-License-Identifier: MIT */
#include "common/tap/topics.h"

#include <ctype.h>
#include <stdlib.h>

#define ALL         "build."
#define STATE_WORDS 4
#define TOPIC_MAX   4096

static const char *const states[STATE_WORDS] = {"queued", "running", "blocked", "finished"};

/* Percent-encodes what no topic has, but for `*`; `/` parts the words. */
static char *put_word(char *to, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	if (isalnum(c) || strchr("_-*/%", c)) {
		*to++ = (char)c;
	} else {
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return to;
}

static char *words_of(const char *wanted)
{
	char *out = malloc(strlen(wanted) * 3 + 1), *to = out;

	for (; out && *wanted; wanted++) {
		to = put_word(to, (unsigned char)*wanted);
	}
	if (out) {
		*to = '\0';
	}
	return out;
}

/* `build`, `build.…`, or the beginning of that: as the socket knows it. */
static bool is_prefix(const char *wanted)
{
	size_t size = strlen(wanted), all = strlen(ALL);

	return strncmp(wanted, ALL, size < all ? size : all) == 0;
}

enum status topics_add(struct topics *topics, const char *wanted, struct err *err)
{
	struct topic_rule *rules;
	struct topic_rule rule = {.parts = !is_prefix(wanted)};

	if (strlen(wanted) > TOPIC_MAX) {
		return err_set(err, ERR_CONFIG, "a topic has at most %d bytes", TOPIC_MAX);
	}
	if (rule.parts && (*wanted == '/' || strstr(wanted, "//"))) {
		return err_set(err, ERR_CONFIG, "%s: a topic has no empty part", wanted);
	}
	rule.text = rule.parts ? words_of(wanted) : strdup(wanted);
	rules = realloc(topics->rules, (topics->count + 1) * sizeof *rules);
	if (rules) {
		topics->rules = rules;
	}
	if (!rules || !rule.text) {
		free(rule.text);
		return err_set(err, ERR_SYS, "out of memory for a topic");
	}
	if (rule.parts && rule.text[strlen(rule.text) - 1] == '/') {
		rule.text[strlen(rule.text) - 1] = '\0';
	}
	topics->rules[topics->count++] = rule;
	return OK;
}

void topics_fini(struct topics *topics)
{
	for (size_t i = 0; i < topics->count; i++) {
		free(topics->rules[i].text);
	}
	free(topics->rules);
	*topics = (struct topics){0};
}

bool topics_all(const struct topics *topics)
{
	for (size_t i = 0; i < topics->count; i++) {
		if (!topics->rules[i].parts && strlen(topics->rules[i].text) <= strlen(ALL)) {
			return true;
		}
	}
	return topics->count == 0;
}

/* A last part like `run` or `finished` may be a state: others of the pipeline must come too. */
static bool may_be_state(struct text part)
{
	for (size_t i = 0; i < STATE_WORDS; i++) {
		if (part.size <= strlen(states[i]) && memcmp(part.at, states[i], part.size) == 0) {
			return part.size > 0;
		}
	}
	return false;
}

struct text topics_subscription(const struct topics *topics, size_t index)
{
	const struct topic_rule *rule = &topics->rules[index];
	struct text start = {rule->text, strcspn(rule->text, "*")};
	const char *dot;

	if (rule->parts) {
		return TEXT(ALL);
	}
	dot = memrchr(start.at, '.', start.size);
	if (dot) {
		size_t size = (size_t)(dot + 1 - start.at);
		struct text last = {dot + 1, start.size - size};

		start.size = may_be_state(last) ? size : start.size;
	}
	return start.size < strlen(ALL) ? TEXT(ALL) : start;
}

/* `*` matches within a part; only the last one that was met is tried again, so that many cost little. whole:
 * the part must end with the pattern. */
static bool glob(const char *pattern, const char *pattern_end, const char *at, const char *end, bool whole)
{
	const char *star = NULL, *back = NULL; /* behind the last `*`, and where it ends in the topic */

	for (;;) {
		if (pattern < pattern_end && *pattern == '*') {
			star = ++pattern;
			back = at;
		} else if (pattern == pattern_end && (!whole || at == end || *at == '.')) {
			return true;
		} else if (pattern < pattern_end && at < end && *at == *pattern) {
			pattern++;
			at++;
		} else if (star && back < end && *back != '.') {
			at = ++back;
			pattern = star;
		} else {
			return false;
		}
	}
}

/* The words, parted by `/`, beginning with the part at `at`. */
static bool parts_match(const char *word, const char *at, const char *end)
{
	while (*word) {
		size_t size = strcspn(word, "/");

		if (at > end || !glob(word, word + size, at, end, true)) {
			return false;
		}
		at += strcspn(at, ".") + 1;
		word += size + (word[size] == '/');
	}
	return true;
}

static bool parts_anywhere(const char *words, const char *at, const char *end)
{
	for (; at < end; at += strcspn(at, ".") + 1) {
		if (parts_match(words, at, end)) {
			return true;
		}
	}
	return false;
}

/* topic: NUL-terminated. */
static bool match(const struct topics *topics, const char *topic)
{
	const char *end = topic + strlen(topic);
	const char *first = strncmp(topic, ALL, strlen(ALL)) == 0 ? topic + strlen(ALL) : topic;
	bool matched = topics->count == 0;

	for (size_t i = 0; i < topics->count && !matched; i++) {
		const char *text = topics->rules[i].text;

		matched = topics->rules[i].parts ? parts_anywhere(text, first, end)
						 : glob(text, text + strlen(text), topic, end, false);
	}
	return matched;
}

bool topics_match(const struct topics *topics, struct text topic)
{
	char *copy = topics->count > 0 ? strndup(topic.at, topic.size) : NULL;
	bool matched = !copy || match(topics, copy);

	free(copy);
	return matched;
}

struct text topic_pipeline(struct text topic)
{
	const char *dot = memrchr(topic.at, '.', topic.size);

	return (struct text){topic.at, dot ? (size_t)(dot + 1 - topic.at) : topic.size};
}

bool topics_about(const struct topics *topics, struct text topic)
{
	struct text pipeline = topic_pipeline(topic);
	char *other = topics->count > 0 ? malloc(pipeline.size + 16) : NULL;
	bool matched = !other;

	for (size_t i = 0; i < STATE_WORDS && !matched; i++) {
		memcpy(other, pipeline.at, pipeline.size);
		strncpy(other + pipeline.size, states[i], 16);
		matched = match(topics, other);
	}
	free(other);
	return matched;
}

char *topic_of(struct text id, struct text state)
{
	const char *slash = memrchr(id.at, '/', id.size);
	size_t size = slash ? (size_t)(slash - id.at) : id.size;
	char *out = malloc(strlen(ALL) + size * 3 + state.size + 2), *to = out;

	if (!out) {
		return NULL;
	}
	to = stpcpy(to, ALL);
	for (size_t i = 0; i < size; i++) {
		if (id.at[i] == '.' || id.at[i] == '~') {
			to = stpcpy(to, id.at[i] == '.' ? "%2E" : "%7E");
		} else {
			*to++ = id.at[i] == '/' ? '.' : id.at[i];
		}
	}
	*to++ = '.';
	memcpy(to, state.at ? state.at : "", state.size);
	to[state.size] = '\0';
	return out;
}
