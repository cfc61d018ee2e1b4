/* `buildbus up --show`: each build whenever it changes, a line on stdout. It reads the feed without a name,
 * so the hub keeps nothing for it and what it misses harms nobody. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/record.h"

#include <czmq.h>

struct show;

/* Shows what changes from now on. The hub may come later. */
enum status show_new(struct show **out, zloop_t *loop, const struct bus_config *bus,
		     struct err *err) MUST_CHECK;
/* Accepts NULL; nulls the pointer. */
void show_free(struct show **show);

/* `acme/web #17  failure  1m 5s  main  Fix the login`, clean, cut to width columns (0: not), without a line
 * end. Heap; NULL: out of memory. Pure. */
char *show_line(const struct build *build, size_t width);
