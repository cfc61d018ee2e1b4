/* Notes on their way to the hub: each is asked for once a session until it is durable. */
/* SPDX-License-Identifier: MIT */
#include "sinks/engine.h"

#include <stdlib.h>

enum status sink_note(struct sink_context *context, struct text text, void (*kept)(void *user), void *user)
{
	struct engine_note **last = &context->engine->notes;
	struct engine_note *note = malloc(sizeof *note + text.size);

	if (!note) {
		return ERR_SYS;
	}
	*note = (struct engine_note){.kept = kept, .user = user, .size = text.size};
	memcpy(note->bytes, text.at, text.size);
	while (*last) {
		last = &(*last)->next;
	}
	*last = note;
	notes_tell(context->engine);
	return OK;
}

/* A note may build on what was refused: that must be known first. */
static bool is_refusal_untold(const struct engine *engine)
{
	const struct window *window = &engine->window;

	for (uint64_t i = window->first; engine->refused && i < window->end; i++) {
		const struct entry *entry = window_at(window, i);
		if (entry->state == ENTRY_REFUSED && entry->told != engine->session) {
			return true;
		}
	}
	return false;
}

void notes_tell(struct engine *engine)
{
	if (engine->notes && is_refusal_untold(engine)) {
		return;
	}
	for (struct engine_note *note = engine->notes; note; note = note->next) {
		if (!note->asked) {
			if (feed_client_note(engine->feed, (struct text){note->bytes, note->size}) != OK) {
				return;
			}
			note->asked = true;
		}
	}
}

void notes_ask_again(struct engine *engine)
{
	for (struct engine_note *note = engine->notes; note; note = note->next) {
		note->asked = false;
	}
}

void notes_kept(struct engine *engine)
{
	struct engine_note *note = engine->notes;

	if (note && note->asked) {
		engine->notes = note->next;
		note->kept(note->user);
		free(note);
	}
}

void notes_close(struct engine *engine)
{
	struct engine_note *note;

	while ((note = engine->notes)) {
		engine->notes = note->next;
		free(note);
	}
}
