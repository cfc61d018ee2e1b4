/* SPDX-License-Identifier: MIT */
#include "sinks/slack/sentence.h"

struct sentence {
	struct page *page;
	const struct alert_shown *alert;
	struct words *out;
	bool linked;
};

static void say_number(const struct sentence *sentence, const struct build *build)
{
	sentence->linked ? phrase_number_link(sentence->out, build) : phrase_number(sentence->out, build);
}

static void say_place(const struct sentence *sentence)
{
	const struct build *build = &sentence->alert->first;

	sentence->linked ? phrase_place_link(sentence->out, build) : phrase_place(sentence->out, build);
}

static void say_first(const struct sentence *sentence)
{
	say_number(sentence, &sentence->alert->first);
}

static void say_last(const struct sentence *sentence)
{
	say_number(sentence, &sentence->alert->last);
}

static void say_fixed(const struct sentence *sentence)
{
	say_number(sentence, &sentence->alert->fixed);
}

static void say_this(const struct sentence *sentence)
{
	say_number(sentence, &sentence->page->newest);
}

static void say_by(const struct sentence *sentence)
{
	phrase_author(sentence->out, &sentence->page->newest);
}

static void say_more(const struct sentence *sentence)
{
	phrase_more(sentence->out, sentence->alert->count);
}

static void say_outage(const struct sentence *sentence)
{
	phrase_duration(sentence->out, sentence->alert->closed_at - sentence->alert->opened_at);
}

static void say_so_far(const struct sentence *sentence)
{
	phrase_duration(sentence->out, sentence->page->now_ms - sentence->alert->opened_at);
}

static void say_waited(const struct sentence *sentence)
{
	const struct alert_shown *alert = sentence->alert;
	int64_t until = alert->fixed.started_at != INT_NULL ? alert->fixed.started_at : alert->closed_at;

	phrase_duration(sentence->out, until - alert->opened_at);
}

static void say_took(const struct sentence *sentence)
{
	phrase_duration(sentence->out, sentence->alert->last.duration_ms);
}

static void say_usual(const struct sentence *sentence)
{
	phrase_duration(sentence->out, sentence->alert->usual_ms);
}

static void say_still(const struct sentence *sentence)
{
	phrase_more(sentence->out, sentence->page->still);
	words_add(sentence->out, sentence->page->still > 1 ? " are" : " is");
}

static const struct {
	const char *name;
	void (*say)(const struct sentence *sentence);
} tokens[] = {
	{"place}", say_place},   {"first}", say_first}, {"last}", say_last},     {"fixed}", say_fixed},
	{"this}", say_this},     {"by}", say_by},       {"more}", say_more},     {"outage}", say_outage},
	{"so_far}", say_so_far}, {"took}", say_took},   {"waited}", say_waited}, {"usual}", say_usual},
	{"still}", say_still},
};

/* Behind its opening brace; returns what follows the token. */
static const char *say_token(const struct sentence *sentence, const char *at)
{
	for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
		size_t size = strlen(tokens[i].name);

		if (strncmp(at, tokens[i].name, size) == 0) {
			tokens[i].say(sentence);
			return at + size;
		}
	}
	return at;
}

static void say(const struct sentence *sentence, const char *template)
{
	while (*template) {
		size_t size = strcspn(template, "{");

		words_format(sentence->out, "%.*s", (int)size, template);
		template += size;
		if (*template) {
			template = say_token(sentence, template + 1);
		}
	}
}

void page_say(struct page *page, const struct alert_shown *alert, const char *template)
{
	struct sentence sentence = {page, alert, page->text, false};

	say(&sentence, template);
	sentence.out = page_section(page);
	sentence.linked = true;
	say(&sentence, template);
}
