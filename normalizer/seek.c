/* SPDX-License-Identifier: MIT */
#include "normalizer/hub.h"
#include "normalizer/session.h"

/* The first record from seq on, if it was logged before ms; else *before is false. */
static enum status look(struct hub *hub, int64_t seq, int64_t ms, bool *before, int64_t *found,
			struct err *err)
{
	sqlite3_stmt *row;
	enum status status = db_query(&hub->db, SQL_READ_AT, &row, err, "i", seq);

	*before = row && sqlite3_column_int64(row, 1) < ms;
	*found = row ? sqlite3_column_int64(row, 0) : seq;
	db_done(&hub->db, SQL_READ_AT);
	return status;
}

/* Bisects: seqs ascend with time, but for steps of the clock. */
enum status seek_time(struct hub *hub, int64_t ms, int64_t *seq, struct err *err)
{
	int64_t low = 0, high = hub->head;
	enum status status = OK;

	while (status == OK && low < high) {
		int64_t middle = low + (high - low + 1) / 2, found;
		bool before;

		status = look(hub, middle, ms, &before, &found, err);
		low = before ? found : low;
		high = before ? high : middle - 1;
	}
	*seq = low;
	return status;
}
