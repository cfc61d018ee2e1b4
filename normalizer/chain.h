/* The newest record of each pipeline, so that a record on the tap can name the one before it: a listener that
 * hears one pipeline of many can tell a gap. Kept in hub.db with the log, and here for those that are active.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/db.h"

#define CHAIN_SLOTS 1024

struct chain_slot {
	char *pipeline; /* an id up to and with its last slash; NULL: empty */
	size_t size;
	int64_t seq;
	bool unsaved;
};

/* Zeroed is empty. */
struct chain {
	struct chain_slot slots[CHAIN_SLOTS];
	uint16_t unsaved[CHAIN_SLOTS]; /* their indexes */
	size_t unsaved_count;
};

/* seq is the newest record of the pipeline of the build id; *prev the one before, 0: there is none. Within a
 * transaction. */
enum status chain_add(struct chain *chain, struct db *db, struct text id, int64_t seq, int64_t *prev,
		      struct err *err) MUST_CHECK;
/* Before the commit. */
enum status chain_save(struct chain *chain, struct db *db, struct err *err) MUST_CHECK;
/* The database is right (after a rollback), or nothing is needed any more. */
void chain_forget(struct chain *chain);
