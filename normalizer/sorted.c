/* The log of a hub that only lives for one `buildbus sync`: first the builds that have no end (they run, are
 * blocked, were skipped), then the others in the order in which they finished. The next run takes "what
 * finished since the newest end that a destination knows": so whatever a killed run has not written must have
 * finished later than all that it has. */
/* SPDX-License-Identifier: MIT */
#include "common/record.h"
#include "normalizer/batch.h"
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/recent.h"

#include <stdlib.h>

struct finish {
	int64_t at, seq;
	bool whole; /* its pipeline was read to its end */
};

struct finishes {
	struct finish *items;
	size_t count, capacity;
};

static int compare(const void *left, const void *right)
{
	const struct finish *a = left, *b = right;

	if (a->at != b->at) {
		return a->at < b->at ? -1 : 1;
	}
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static enum status add(struct finishes *list, struct finish finish, struct err *err)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 256;
		struct finish *items = realloc(list->items, capacity * sizeof *items);

		if (!items) {
			return err_set(err, ERR_SYS, "out of memory for the order of the builds");
		}
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = finish;
	return OK;
}

static enum status list_finishes(struct hub *hub, struct finishes *list, struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_SORT_LIST, &row, err, "i", wall_ms());

	while (status == OK && row) {
		struct text record = db_text(row, 1);
		struct build build;

		arena_reset(&hub->arena);
		status = build_unpack(record.at, record.size, &hub->arena, &build, err);
		if (status == OK) {
			bool over = build.state == STATE_FINISHED && build.finished_at != INT_NULL;

			status = add(list,
				     (struct finish){over ? build.finished_at : INT64_MIN,
						     sqlite3_column_int64(row, 0),
						     sqlite3_column_int64(row, 2) != 0},
				     err);
		}
		if (status == OK) {
			status = db_next(&hub->db, &row, err);
		}
	}
	db_done(&hub->db, SQL_SORT_LIST);
	return status;
}

/* The same record once more, at the end of the log. */
static enum status move(struct hub *hub, int64_t seq, struct err *err)
{
	int64_t now = wall_ms(), prev;
	struct text id = {0}, record = {0};
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_LOG_GET, &row, err, "i", seq);

	arena_reset(&hub->arena);
	if (row) {
		struct text old_id = db_text(row, 0), old = db_text(row, 1);

		id = (struct text){arena_text(&hub->arena, old_id.at, old_id.size), old_id.size};
		record = (struct text){arena_text(&hub->arena, old.at, old.size), old.size};
	}
	db_done(&hub->db, SQL_LOG_GET);
	if (status == OK && (!id.at || !record.at)) {
		return err_set(err, ERR_SYS, "record %lld can't be read back", (long long)seq);
	}
	if (status != OK ||
	    (status = db_run(&hub->db, SQL_LOG_ADD, err, "iitb", hub->next, now, id, record)) != OK ||
	    (status = db_run(&hub->db, SQL_SUPERSEDED_ADD, err, "ii", seq, now)) != OK ||
	    (status = db_run(&hub->db, SQL_BUILD_MOVED, err, "it", hub->next, id)) != OK ||
	    (status = chain_add(&hub->chain, &hub->db, id, hub->next, &prev, err)) != OK) {
		return status;
	}
	if (recent_put(&hub->recent, hub->next, record) != OK) {
		return err_set(err, ERR_SYS, "out of memory for record %lld", (long long)hub->next);
	}
	hub->next++;
	hub->batch.records++;
	return OK;
}

/* Of what was not read to its end the newest came first: without the rest it would be a hole. The next run
 * reads it again. */
static enum status hide(struct hub *hub, int64_t seq, struct err *err)
{
	return db_run(&hub->db, SQL_SUPERSEDED_ADD, err, "ii", seq, wall_ms());
}

enum status sort_by_finish(struct hub *hub, struct err *err)
{
	struct finishes list = {0};
	enum status status = batch_end(hub, err);

	if (status == OK) {
		status = list_finishes(hub, &list, err);
	}
	if (status == OK && list.count > 0 && (status = batch_begin(hub, err)) == OK) {
		qsort(list.items, list.count, sizeof *list.items, compare);
		for (size_t i = 0; status == OK && i < list.count; i++) {
			status = list.items[i].whole ? move(hub, list.items[i].seq, err)
						     : hide(hub, list.items[i].seq, err);
		}
		if (status != OK) {
			batch_break(hub, err);
		}
		status = batch_end(hub, err);
	}
	free(list.items);
	return status;
}
