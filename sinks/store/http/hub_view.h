/* The hub's answers as JSON for the page. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/http/watch.h"

/* Asks the hub; connects where *asker is NULL, and lets go when it does not answer. Blocks, about 2 s at
 * most. Heap; NULL: no memory. {unreachable: true, said} when there is no answer. */
char *hub_view(struct asker **asker, const struct bus_config *bus, enum watch_view view, size_t *size);
char *hub_silence(const char *said, size_t *size);
void hub_leave(struct asker **asker);
