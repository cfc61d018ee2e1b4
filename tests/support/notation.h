/* Messages as a person writes them, in msgpack and back:
 *
 *   12 -3     integers               'text'  a string          b'text'  bytes (in what is heard, ' matches
 * both) nil true false                   [ … ]   an array          { k v … } a map $name     an integer: what
 * is heard first gives it its value, from then on it stands for that value _         anything (heard only)  …
 * and whatever follows (heard only; also written ...)
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/fail.h"

#include <msgpack.h>
#include <stdbool.h>

/* Packs every value of text, one after the other; returns how many. */
uint32_t notation_pack(struct spot spot, const char *text, msgpack_sbuffer *out);
/* Compares the values of an array from index first on. Names that are new get their value only when all
 * matches. */
bool notation_matches(struct spot spot, const char *text, const msgpack_object_array *values, uint32_t first);
/* The value of $name; fails when it has none. */
#define value_of(name) value_of_at(HERE, name)
int64_t value_of_at(struct spot spot, const char *name);
void value_set(const char *name, int64_t value);
/* $name has no value any more. */
void value_forget(const char *name);
