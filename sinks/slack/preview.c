/* SPDX-License-Identifier: MIT */
#include "sinks/slack/preview.h"

#include "sinks/slack/preview_events.h"
#include "sinks/slack/rules.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_MAX (64 << 20)

struct preview {
	const struct slack_config *config;
	struct book *book;
	struct arena arena;
	preview_callback *each;
	void *owner;
	struct place {
		int64_t number, talk; /* 0: not said yet */
	} * places;                   /* by the book's number of a message */
	size_t place_count;
	int64_t said, talks;
};

static bool make_room(struct preview *preview, int64_t message)
{
	size_t wanted = (size_t)message + 1, count = preview->place_count;
	struct place *more = preview->places;

	if (wanted <= count) {
		return true;
	}
	more = reallocarray(more, wanted * 2, sizeof *more);
	if (!more) {
		return false;
	}
	for (; count < wanted * 2; count++) {
		more[count] = (struct place){0};
	}
	preview->places = more;
	preview->place_count = count;
	return true;
}

/* Nobody is looked up. */
static void keep_unknown(struct preview *preview, const struct operation *operation)
{
	book_user(preview->book, operation->email, NULL, INT64_MAX);
}

static void say(struct preview *preview, const struct operation *operation, int64_t now_ms)
{
	struct preview_said said = {.at_ms = now_ms, .operation = operation};
	struct place *place = &preview->places[operation->message];
	const struct place *parent = operation->thread ? &preview->places[operation->thread] : NULL;
	char ts[32];

	if (place->number == 0) {
		place->number = ++preview->said;
		place->talk = parent ? parent->talk : ++preview->talks;
	}
	said.number = place->number;
	said.talk = place->talk;
	said.thread = parent ? parent->number : 0;
	preview->each(preview->owner, &said);
	snprintf(ts, sizeof ts, "%lld", (long long)place->number);
	book_said(preview->book, operation, ts, NULL);
}

static enum status say_all(struct preview *preview, int64_t now_ms, struct err *err)
{
	struct operation operation;
	enum status status = OK;

	while (status == OK && book_next(preview->book, NULL, now_ms, &operation)) {
		if (!make_room(preview, operation.message)) {
			return err_set(err, ERR_SYS, "out of memory");
		}
		if (operation.email) {
			keep_unknown(preview, &operation);
		} else {
			say(preview, &operation, now_ms);
		}
	}
	return status;
}

/* What time alone brings, up to then. */
static enum status pass_time(struct preview *preview, int64_t from_ms, int64_t to_ms, struct err *err)
{
	enum status status = OK;

	while (status == OK) {
		int64_t tick_ms = book_next_ms(preview->book), due_ms = book_due_ms(preview->book, from_ms);
		int64_t next_ms = tick_ms < due_ms ? tick_ms : due_ms;

		if (next_ms > to_ms) {
			return OK;
		}
		from_ms = next_ms > from_ms ? next_ms : from_ms;
		book_tick(preview->book, from_ms);
		status = say_all(preview, from_ms, err);
	}
	return status;
}

static enum status play(struct preview *preview, const struct preview_builds *builds, int64_t until_ms,
			struct err *err)
{
	struct preview_events events;
	enum status status = preview_events_init(&events, builds, &preview->arena, err);
	int64_t now_ms = events.count ? events.items[0].at_ms : until_ms;

	for (size_t i = 0; status == OK && i < events.count && events.items[i].at_ms <= until_ms; i++) {
		struct build build;

		status = pass_time(preview, now_ms, events.items[i].at_ms, err);
		now_ms = events.items[i].at_ms;
		arena_reset(&preview->arena);
		if (status == OK && preview_event_build(&events.items[i], builds, &preview->arena, &build)) {
			book_fold(preview->book, &build, now_ms, false);
			status = say_all(preview, now_ms, err);
		}
	}
	if (status == OK) {
		status = pass_time(preview, now_ms, until_ms, err);
	}
	preview_events_fini(&events);
	return status;
}

enum status preview_run(const struct slack_config *config, const struct preview_builds *builds,
			int64_t until_ms, preview_callback *each, void *owner, struct err *err)
{
	struct preview preview = {.config = config, .each = each, .owner = owner};
	enum status status = book_open(&preview.book, NULL, config, err);

	arena_init(&preview.arena, ARENA_MAX);
	if (status == OK) {
		status = book_begin(preview.book, err);
	}
	if (status == OK) {
		status = play(&preview, builds, until_ms, err);
	}
	if (status == OK) {
		status = book_commit(preview.book, err);
	}
	book_free(&preview.book);
	arena_fini(&preview.arena);
	free(preview.places);
	return status;
}
