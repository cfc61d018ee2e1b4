/* Dead letters for people, and as JSON. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"
#include "compose/table.h"

#include <msgpack.h>
#include <stdbool.h>

void letter_table(struct table *table);
void letter_row(struct table *table, const msgpack_object_map *letter);
/* One object, one line. */
void letter_json(const msgpack_object_map *letter);
/* All of it, with what could not be used: body at NULL: nothing of that is kept. */
void letter_show(const msgpack_object_map *letter, struct text body, bool json);
