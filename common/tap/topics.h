/* What a listener wants to hear. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "common/text.h"

struct topic_rule {
	char *text;
	bool parts; /* whole parts anywhere, else the beginning of a topic */
};

/* Zeroed: everything. */
struct topics {
	struct topic_rule *rules;
	size_t count;
};

/* Adds one of the forms of buildbus-tap.h. "" is everything. */
enum status topics_add(struct topics *topics, const char *wanted, struct err *err) MUST_CHECK;
/* Accepts zeroed. */
void topics_fini(struct topics *topics);
bool topics_all(const struct topics *topics);
/* What to subscribe to for a rule: wide enough for every state of each pipeline that it is about, because a
 * record's `prev` counts them all. Bytes at the beginning of the text; they follow "build." if there are
 * none. */
struct text topics_subscription(const struct topics *topics, size_t index);
bool topics_match(const struct topics *topics, struct text topic);
/* Whether it is about the pipeline of this topic, in any state. */
bool topics_about(const struct topics *topics, struct text topic);

/* The topic of a record by its id and state: `build.<provider>.<slug parts>.<state>`. Heap. */
char *topic_of(struct text id, struct text state);
/* Up to the state. */
struct text topic_pipeline(struct text topic);
