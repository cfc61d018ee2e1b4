/* The hub's status, asked again and again: nothing else sees fetchers and sinks at once. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

#include <czmq.h>
#include <stdbool.h>
#include <yyjson.h>

struct status_watch;

/* Asks every interval_ms; calls on_status from the loop with each status (docs/protocol.md section 3), from
 * when the hub answers until it returns true. */
enum status status_watch_new(struct status_watch **out, zloop_t *loop, const struct bus_config *bus,
			     size_t interval_ms, bool (*on_status)(void *context, yyjson_mut_val *status),
			     void *context, struct err *err) MUST_CHECK;
/* Something has happened: asks again very soon, then less and less soon. */
void status_watch_soon(struct status_watch *watch);
/* Sends a request without fields, whose answer is of no interest ("release"). */
void status_watch_tell(struct status_watch *watch, const char *command);
/* Accepts NULL; nulls the pointer. */
void status_watch_free(struct status_watch **watch);
