/* The hub's dead letters, as it answers questions about them. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/ask.h"

/* The numbers of letters: those that were named, or all of a kind. */
struct letters {
	int64_t *numbers;
	size_t count, capacity;
};
/* False: out of memory. */
bool letters_add(struct letters *letters, int64_t number);
void letters_fini(struct letters *letters);

/* Calls each with every letter's map, in the order of their numbers. sink NULL: all there are. The map lives
 * during the call. */
enum status letters_read(struct asker *asker, const char *sink,
			 void (*each)(void *context, const msgpack_object_map *letter), void *context,
			 struct err *err) MUST_CHECK;
/* All of them, or those of one sink. */
enum status letters_gather(struct asker *asker, const char *sink, struct letters *letters,
			   struct err *err) MUST_CHECK;
/* What a letter's map says under key; NULL: it does not. */
const msgpack_object *letter_at(const msgpack_object_map *letter, const char *key);
