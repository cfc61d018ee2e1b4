/* SPDX-License-Identifier: MIT */
#include "sinks/slack/phrase.h"
#include "common/time.h"

#include <ctype.h>
#include <stdio.h>

#define TITLE_MAX_CHARACTERS 150
#define MORE_MAX_CHARACTERS  60 /* of the line that counts the rest */

/* A workflow is part of the id where each is a build of its own. */
static bool has_workflow(const struct build *build)
{
	size_t end = build->id.size, size = build->workflow.size;

	while (end > 0 && build->id.at[end - 1] != '/') {
		end--;
	}
	return size > 0 && end > size + 1 && build->id.at[end - size - 2] == '/' &&
	       memcmp(build->id.at + end - size - 1, build->workflow.at, size) == 0;
}

static void add_name(struct words *words, const struct build *build)
{
	words_add_text(words, build->organization, NAME_MAX_CHARACTERS);
	words_add(words, "/");
	words_add_text(words, build->pipeline, NAME_MAX_CHARACTERS);
	if (has_workflow(build)) {
		words_add(words, "/");
		words_add_text(words, build->workflow, NAME_MAX_CHARACTERS);
	}
}

static void add_branch(struct words *words, const struct build *build)
{
	if (build->branch.size) {
		words_add(words, " ");
		words_add_text(words, build->branch, NAME_MAX_CHARACTERS);
	}
}

void phrase_place(struct words *words, const struct build *build)
{
	add_name(words, build);
	add_branch(words, build);
}

void phrase_place_link(struct words *words, const struct build *build)
{
	words_add(words, "*");
	add_name(words, build);
	words_add(words, "*");
	add_branch(words, build);
}

static struct text number_text(const struct build *build, char out[static 24])
{
	snprintf(out, 24, "#%lld", build->number == INT_NULL ? 0LL : (long long)build->number);
	return text_of(out);
}

void phrase_number(struct words *words, const struct build *build)
{
	char number[24];

	words_add_text(words, number_text(build, number), sizeof number);
}

void phrase_number_link(struct words *words, const struct build *build)
{
	char number[24];

	words_add_link(words, build->url, number_text(build, number), sizeof number);
}

void phrase_duration(struct words *words, int64_t ms)
{
	static const struct {
		int64_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
	size_t first = 0;
	int64_t rest;

	ms = ms < 0 ? 0 : ms;
	while (first < 3 && ms < units[first].ms) {
		first++;
	}
	words_format(words, "%lld %s", (long long)(ms / units[first].ms), units[first].unit);
	rest = ms % units[first].ms;
	/* Two units from an hour on. */
	if (first < 2 && rest >= units[first + 1].ms) {
		words_format(words, " %lld %s", (long long)(rest / units[first + 1].ms),
			     units[first + 1].unit);
	}
}

void phrase_author(struct words *words, const struct build *build)
{
	struct text name = build->author.name.size    ? build->author.name
			   : build->author.login.size ? build->author.login
						      : build->author.email;

	if (name.size) {
		words_add(words, " by ");
		words_add_text(words, name, NAME_MAX_CHARACTERS);
	}
}

void phrase_time(struct words *words, int64_t at_ms)
{
	char text[32];

	time_format(at_ms, text);
	text[10] = ' ';
	words_format(words, "<!date^%lld^{date_short_pretty} {time}|%.16sZ>", (long long)(at_ms / 1000),
		     text);
}

void phrase_more(struct words *words, int64_t count)
{
	if (count > 1) {
		words_format(words, " and %lld more", (long long)(count - 1));
	}
}

void phrase_commit(struct words *words, const struct build *build)
{
	struct text title = {build->message.at, build->message.at ? first_line_size(build->message) : 0};
	size_t size = 0;

	while (size < build->commit.size && size < 8 && isxdigit((unsigned char)build->commit.at[size])) {
		size++;
	}
	if (size >= 7) {
		words_format(words, "`%.*s`", (int)size, build->commit.at);
	}
	if (title.size) {
		words_add(words, size >= 7 ? " " : "");
		words_add_text(words, title, TITLE_MAX_CHARACTERS);
	}
}

static bool has_namesake(const struct build *build, const struct job *job)
{
	const struct job *jobs = build->jobs.items;

	for (size_t i = 0; i < build->jobs.count; i++) {
		if (&jobs[i] != job && text_same(jobs[i].name, job->name)) {
			return true;
		}
	}
	return false;
}

/* False: it does not fit. */
static bool add_job(struct words *words, const struct build *build, const struct job *job)
{
	struct words mark = words_mark(words);

	words_add(words, words->size ? "\n\xe2\x80\xa2 " : "\xe2\x80\xa2 ");
	words_add_link(words, job->url, job->name.size ? job->name : TEXT("(a job without a name)"),
		       NAME_MAX_CHARACTERS);
	if (job->parallel.total > 1 && has_namesake(build, job)) {
		words_format(words, " (%lld of %lld)", (long long)job->parallel.index + 1,
			     (long long)job->parallel.total);
	}
	if (words->full) {
		words_back(words, mark);
		return false;
	}
	return true;
}

void phrase_jobs(struct words *words, const struct build *build, int64_t all)
{
	size_t shown = 0;

	words->limit -= MORE_MAX_CHARACTERS;
	while (shown < build->jobs.count &&
	       add_job(words, build, (const struct job *)build->jobs.items + shown)) {
		shown++;
	}
	words->limit += MORE_MAX_CHARACTERS;
	if (all > (int64_t)shown) {
		words_format(words, "%s\xe2\x80\xa6 and %lld more failed job%s", shown ? "\n" : "",
			     (long long)(all - (int64_t)shown), all - (int64_t)shown == 1 ? "" : "s");
	}
}
