/* `--check`: one source after the other asks its provider, once. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct source_check {
	struct source_checks *all;
	struct source *source;
	char place[CHECK_PLACE_SIZE];
	void *state;
	int waiting;
};

struct source_checks {
	struct engine *engine;
	struct alarm alarm; /* the next source */
	size_t next;        /* section of the configuration */
	struct source_check now;
	bool bad;
};

/* A request on its way. */
struct question {
	struct source_check *check;
	check_callback *callback;
	intptr_t tag;
};

void *check_state(struct source_check *check)
{
	return check->state;
}

const void *check_config(const struct source_check *check)
{
	return check->source->config;
}

struct arena *check_arena(struct source_check *check)
{
	return &check->all->engine->arena;
}

void check_tell(struct source_check *check, enum check_word word, const char *format, ...)
{
	char sentence[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	check->all->bad |= !check_say(word, check->place, "%s", sentence);
}

static enum answer_kind kind_of(const struct http_answer *answer)
{
	switch (answer->class) {
	case HTTP_OK:
		return ANSWER_OK;
	case HTTP_NOT_FOUND:
		return ANSWER_NOT_FOUND;
	case HTTP_REFUSED:
		return ANSWER_REFUSED;
	default:
		return ANSWER_UNUSABLE;
	}
}

static void settle(struct source_check *check)
{
	if (--check->waiting == 0) {
		alarm_by(&check->all->alarm, zclock_mono());
	}
}

static void on_answer(void *context, const struct http_answer *answer)
{
	struct question question = *(struct question *)context;
	struct source_check *check = question.check;
	const struct visit_answer seen = {
		.kind = kind_of(answer),
		.body = {answer->body ? answer->body : "", answer->body ? answer->body_size : 0},
		.date_ms = INT_NULL,
		.next_page = answer->next_page,
		.last_page = answer->last_page,
	};
	struct err why = {0};

	free(context);
	if (seen.kind == ANSWER_REFUSED || seen.kind == ANSWER_UNUSABLE) {
		answer_explain(check->source, answer, &why);
	}
	question.callback(check, question.tag, &seen, &why);
	arena_reset(check_arena(check));
	settle(check);
}

void check_get(struct source_check *check, const char *path, check_callback *callback, intptr_t tag)
{
	struct source *source = check->source;
	const char *const headers[] = {source->accept, source->authorization, NULL};
	struct question *question = malloc(sizeof *question);
	struct err err = {.text = "out of memory"};
	char *url = NULL;

	if (question && asprintf(&url, "%s%s", source->info.api_url, path) >= 0) {
		*question = (struct question){check, callback, tag};
		check->waiting += http_send(source->http, "GET", url, headers, NULL, 0, on_answer, question,
					    &err) != NULL;
		free(url);
		if (check->waiting > 0) {
			return;
		}
	}
	free(question);
	check_tell(check, CHECK_BAD, "%s", err.text);
}

static struct source *next_source(struct source_checks *checks, char place[static CHECK_PLACE_SIZE])
{
	const struct config *config = &checks->engine->context->config;

	while (checks->next < config->section_count) {
		const struct config_section *section = &config->sections[checks->next++];
		struct source *source = source_find(checks->engine, text_of(section->name));

		if (section->side == SECTION_SOURCE && source) {
			check_place(section, place);
			return source;
		}
	}
	return NULL;
}

static void on_next(void *context)
{
	struct source_checks *checks = context;
	struct source_check *check = &checks->now;
	const struct fetcher *fetcher = checks->engine->fetcher;
	struct err err;

	do {
		free(check->state);
		*check = (struct source_check){.all = checks, .state = calloc(1, fetcher->check_size + 1)};
		check->source = check->state ? next_source(checks, check->place) : NULL;
		if (!check->source) {
			process_stop(checks->engine->context, checks->bad ? ERR_REMOTE : OK, NULL);
			return;
		}
		if (!fetcher->check) {
			check_tell(check, CHECK_NOTE, "%s is not asked by this version", fetcher->name);
		} else if (fetcher->check(check, &err) != OK) {
			check_tell(check, CHECK_BAD, "%s", err.text);
		}
	} while (check->waiting == 0);
}

enum status sources_check(struct engine *engine, struct err *err)
{
	struct source_checks *checks = calloc(1, sizeof *checks);

	if (!checks) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	engine->checks = checks;
	checks->engine = engine;
	alarm_init(&checks->alarm, engine->context->loop, on_next, checks);
	alarm_by(&checks->alarm, zclock_mono());
	return OK;
}

void source_checks_free(struct source_checks **pointer)
{
	struct source_checks *checks = *pointer;

	if (checks) {
		alarm_fini(&checks->alarm);
		free(checks->now.state);
	}
	free(checks);
	*pointer = NULL;
}
