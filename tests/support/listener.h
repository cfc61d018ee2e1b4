/* A hand-written listener of the tap (docs/protocol.md section 5), which shares no code with the product:
 *
 *   hears(listener, "build.buildkite.acme.web.running", "$epoch 1 0 _");
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/support/notation.h"

#include "common/text.h"

struct listener;

/* Connects a SUB with room for so many messages of its own, and subscribes to topic. */
struct listener *listener_new(const char *endpoint, const char *topic, int room);
void listener_free(struct listener **listener);
void listener_subscribe(struct listener *listener, const char *topic);
/* Subscribes to hello.<name> and waits for the answer, whose place must be as noted. */
#define greets(listener, name, place) greets_at(HERE, listener, name, place)
void greets_at(struct spot spot, struct listener *listener, const char *name, const char *place);
/* Waits for the next message; fails unless it has this topic and its place is as noted. */
#define hears(listener, topic, place) hears_at(HERE, listener, topic, place)
void hears_at(struct spot spot, struct listener *listener, const char *topic, const char *place);
/* The next message, if one comes in time. */
bool listener_wait(struct listener *listener, int64_t timeout_ms);
/* Of what was heard last. */
struct text listener_topic(const struct listener *listener);
struct text listener_record(const struct listener *listener);
int64_t listener_place(const struct listener *listener, uint32_t index);
