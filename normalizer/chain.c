/* SPDX-License-Identifier: MIT */
#include "normalizer/chain.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static struct text pipeline_of(struct text id)
{
	const char *slash = memrchr(id.at, '/', id.size);

	return slash ? (struct text){id.at, (size_t)(slash - id.at) + 1} : id;
}

static bool is_of(const struct chain_slot *slot, struct text pipeline)
{
	return slot->pipeline && text_same((struct text){slot->pipeline, slot->size}, pipeline);
}

static enum status save(const struct chain_slot *slot, struct db *db, struct err *err)
{
	return db_run(db, SQL_CHAIN_PUT, err, "ti", (struct text){slot->pipeline, slot->size}, slot->seq);
}

/* Makes slot the pipeline's, as the database has it. */
static enum status load(struct chain_slot *slot, struct db *db, struct text pipeline, struct err *err)
{
	enum status status = slot->unsaved ? save(slot, db, err) : OK;
	char *copy = strndup(pipeline.at, pipeline.size);
	sqlite3_stmt *row;

	if (status == OK && !copy) {
		status = err_set(err, ERR_SYS, "out of memory for a pipeline");
	}
	if (status == OK && (status = db_query(db, SQL_CHAIN_GET, &row, err, "t", pipeline)) == OK) {
		free(slot->pipeline);
		slot->pipeline = copy;
		slot->size = pipeline.size;
		slot->seq = row ? sqlite3_column_int64(row, 0) : 0;
		copy = NULL;
	}
	db_done(db, SQL_CHAIN_GET);
	free(copy);
	return status;
}

enum status chain_add(struct chain *chain, struct db *db, struct text id, int64_t seq, int64_t *prev,
		      struct err *err)
{
	struct text pipeline = pipeline_of(id);
	size_t index = XXH3_64bits(pipeline.at, pipeline.size) % CHAIN_SLOTS;
	struct chain_slot *slot = &chain->slots[index];
	enum status status = is_of(slot, pipeline) ? OK : load(slot, db, pipeline, err);

	if (status != OK) {
		return status;
	}
	*prev = slot->seq;
	slot->seq = seq;
	if (!slot->unsaved) {
		slot->unsaved = true;
		chain->unsaved[chain->unsaved_count++] = (uint16_t)index;
	}
	return OK;
}

enum status chain_save(struct chain *chain, struct db *db, struct err *err)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < chain->unsaved_count; i++) {
		struct chain_slot *slot = &chain->slots[chain->unsaved[i]];
		status = save(slot, db, err);
		slot->unsaved = false;
	}
	chain->unsaved_count = 0;
	return status;
}

void chain_forget(struct chain *chain)
{
	for (size_t i = 0; i < CHAIN_SLOTS; i++) {
		free(chain->slots[i].pipeline);
	}
	memset(chain, 0, sizeof *chain);
}
