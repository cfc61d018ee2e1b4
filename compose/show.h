/* `buildbus up --show`: each build whenever it changes, a line on stdout. It reads the feed without a name,
 * so the hub keeps nothing for it and what it misses harms nobody. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/record.h"

#include <czmq.h>
#include <stdbool.h>

struct show;

/* Shows what changes from now on. The hub may come later: on_begin is called once, as soon as nothing that
 * changes can be missed any more (or nothing will ever be shown). old: what was over before gets a line each;
 * else a line now and then says how many records there were of that. */
enum status show_new(struct show **out, zloop_t *loop, const struct bus_config *bus, bool old,
		     void (*on_begin)(void *), void *context, struct err *err) MUST_CHECK;
/* Has printed everything up to this seq, or never will. */
bool show_has(const struct show *show, int64_t seq);
/* Accepts NULL; nulls the pointer. */
void show_free(struct show **show);

/* `acme/web #17  failure  1m 5s  main  Fix the login`, clean, cut to width columns (0: not), without a line
 * end. Heap; NULL: out of memory. Pure. */
char *show_line(const struct build *build, size_t width);
