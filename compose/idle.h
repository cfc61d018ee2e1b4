/* `buildbus up --once`: tells when the pipeline has carried what there is. The hub's status is asked again
 * and again: nothing else sees fetchers and sinks at once. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

#include <czmq.h>
#include <stdbool.h>
#include <yyjson.h>

struct idle;

/* Calls on_idle from the loop when every target was visited since the hub's start and every sink has
 * confirmed everything, with the newest seq of the hub; again until it returns true. */
enum status idle_new(struct idle **out, zloop_t *loop, const struct config *config,
		     bool (*on_idle)(void *, int64_t), void *context, struct err *err) MUST_CHECK;
/* Accepts NULL; nulls the pointer. */
void idle_free(struct idle **idle);

/* Pure: how long until all that was not visited yet is due, the provider's pauses being what they are. 0: a
 * visit is due, or lasts, or all were visited. */
int64_t idle_wait_ms(yyjson_mut_val *status);
/* Pure. sinks: so many must be attached. */
bool is_idle(yyjson_mut_val *status, size_t sinks);
