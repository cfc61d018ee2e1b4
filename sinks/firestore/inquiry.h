/* What a `buildbus sync` wants of Firestore beside writing builds. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/firestore/document.h"

struct firestore;
struct known;
struct settle;

#define IN_PROGRESS_TIMEOUT_MS INT64_C(7200000) /* --in-progress-timeout, unless it is given */

/* The option as this run has it. */
int64_t inquiry_timeout_ms(void);

/* known.c: what is there before anything is fetched; struct sink's `known`. */
void firestore_known(void *state);
/* Whether the document is there just so, or in a later state, as it was read for firestore_known. */
bool known_has(const struct known *known, const struct document *document);
void known_free(struct known **known);

/* settle.c: what is in progress for too long becomes unknown; struct sink's `settle`. */
void firestore_settle(void *state);
void settle_free(struct settle **settle);
