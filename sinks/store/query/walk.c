/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/walk.h"
#include "common/process.h"

enum { LOOKS_AT_CLOCK = 256 }; /* runs between two of them */

#define COLUMNS "at, build, pipeline, side, state, result, trigger, branch, author"
#define WITHIN  "(at, build) < (?3, ?4) AND at < ?5 AND at >= ?6 ORDER BY at DESC, build DESC"

/* The statement is known by its address: two of them are open at a time. */
static const char side_sql[SIDES][sizeof "SELECT " COLUMNS
					 " FROM runs WHERE pipeline = ?1 AND side = ?2 AND " WITHIN] = {
	"SELECT " COLUMNS " FROM runs WHERE pipeline = ?1 AND side = ?2 AND " WITHIN,
	"SELECT " COLUMNS " FROM runs WHERE pipeline = ?1 AND side = ?2 AND " WITHIN,
};
/* Its side is looked at later: where one has few builds, no step of SQLite takes long. */
static const char every_sql[] = "SELECT " COLUMNS " FROM runs INDEXED BY runs_at WHERE " WITHIN;
static const char search_sql[] =
	"SELECT 1 FROM builds WHERE rowid = ?1 AND (instr(lower(message), lower(?2)) OR"
	" instr(lower(branch), lower(?2)) OR instr(lower(author_name), lower(?2)) OR"
	" instr(lower(author_login), lower(?2)) OR instr(lower(author_email), lower(?2)) OR"
	" substr(\"commit\", 1, length(?2)) = lower(?2) OR CAST(number AS TEXT) = ?2)";
static const char word_sql[] = "SELECT id FROM words WHERE word = ?1";

static enum status look_up(struct filter *filter, struct reader *reader, struct text word, int64_t *id,
			   struct err *err)
{
	sqlite3_stmt *row = word.at ? reader_statement(reader, word_sql, err) : NULL;
	enum status status = row || !word.at ? OK : err->status;

	*id = INT_NULL;
	if (!row) {
		return status;
	}
	reader_bind(row, 1, word);
	if (reader_row(reader, row, &status, err)) {
		*id = sqlite3_column_int64(row, 0);
	} else {
		filter->nothing = true;
	}
	sqlite3_reset(row);
	return status;
}

enum status filter_words(struct filter *filter, struct reader *reader, struct text author, struct err *err)
{
	enum status status = look_up(filter, reader, filter->scope.branch, &filter->branch, err);

	return status == OK ? look_up(filter, reader, author, &filter->author, err) : status;
}

bool filter_is_plain(const struct filter *filter)
{
	return !filter->nothing && filter->branch == INT_NULL && filter->author == INT_NULL &&
	       !filter->search.at && filter->triggers == ~0u && filter->from_ms == 0 &&
	       filter->to_ms == INT64_MAX;
}

static int highest_side(const struct filter *filter)
{
	return filter->scope.branch.at ? SIDE_OTHER : filter->scope.side_max;
}

static void bind_side(const struct walk *walk, sqlite3_stmt *rows, int64_t side, struct walk_place after)
{
	sqlite3_bind_int64(rows, 1, walk->filter->scope.pipeline);
	sqlite3_bind_int64(rows, 2, side);
	sqlite3_bind_int64(rows, 3, after.at_ms);
	sqlite3_bind_int64(rows, 4, after.build);
	sqlite3_bind_int64(rows, 5, walk->filter->to_ms);
	sqlite3_bind_int64(rows, 6, walk->filter->from_ms);
}

static void advance(struct walk *walk, int side, enum status *status, struct err *err)
{
	sqlite3_stmt *row = walk->sides[side];

	walk->there[side] = row && reader_row(walk->reader, row, status, err);
	if (walk->there[side]) {
		walk->heads[side] = (struct run){
			.place = {sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)},
			.pipeline = sqlite3_column_int64(row, 2),
			.side = sqlite3_column_int64(row, 3),
			.state = sqlite3_column_int(row, 4),
			.result = sqlite3_column_int(row, 5),
			.trigger = sqlite3_column_int(row, 6),
			.branch = reader_int(row, 7),
			.author = reader_int(row, 8),
		};
	}
}

enum status walk_open(struct walk *walk, struct reader *reader, const struct filter *filter,
		      struct walk_place after, struct err *err)
{
	bool every = filter->scope.pipeline == WALK_ALL;
	int last = every ? 0 : highest_side(filter);
	enum status status = OK;

	*walk = (struct walk){.reader = reader, .filter = filter, .passed = after};
	for (int side = 0; status == OK && !filter->nothing && side <= last; side++) {
		walk->sides[side] = reader_statement(reader, every ? every_sql : side_sql[side], err);
		if (!walk->sides[side]) {
			return err->status;
		}
		bind_side(walk, walk->sides[side], side, after);
		advance(walk, side, &status, err);
	}
	if (status == OK && filter->search.at) {
		walk->search = reader_statement(reader, search_sql, err);
		status = walk->search ? OK : err->status;
	}
	return status;
}

static bool is_found(struct walk *walk, int64_t build, enum status *status, struct err *err)
{
	bool found;

	if (!walk->search) {
		return true;
	}
	sqlite3_bind_int64(walk->search, 1, build);
	reader_bind(walk->search, 2, walk->filter->search);
	found = reader_row(walk->reader, walk->search, status, err);
	sqlite3_reset(walk->search);
	return found;
}

static bool passes(struct walk *walk, const struct run *run, enum status *status, struct err *err)
{
	const struct filter *filter = walk->filter;

	return run->side <= highest_side(filter) && (filter->states >> run->state & 1) &&
	       (filter->results >> run->result & 1) && (filter->triggers >> run->trigger & 1) &&
	       (filter->branch == INT_NULL || run->branch == filter->branch) &&
	       (filter->author == INT_NULL || run->author == filter->author) &&
	       is_found(walk, run->place.build, status, err);
}

static bool is_newer(const struct walk_place *a, const struct walk_place *b)
{
	return a->at_ms != b->at_ms ? a->at_ms > b->at_ms : a->build > b->build;
}

/* The newer head; -1: both sides ended. */
static int newer_side(const struct walk *walk)
{
	if (walk->there[0] && walk->there[1]) {
		return is_newer(&walk->heads[0].place, &walk->heads[1].place) ? 0 : 1;
	}
	return walk->there[0] ? 0 : walk->there[1] ? 1 : -1;
}

bool walk_next(struct walk *walk, struct run *run, enum status *status, struct err *err)
{
	int side;

	while (*status == OK && !walk->reader->late && (side = newer_side(walk)) >= 0) {
		struct run here = walk->heads[side];
		bool good = passes(walk, &here, status, err);

		if (*status != OK || walk->reader->late) {
			return false; /* it was not looked at to the end */
		}
		walk->passed = here.place;
		advance(walk, side, status, err);
		if (++walk->seen % LOOKS_AT_CLOCK == 0) {
			reader_look(walk->reader);
		}
		if (good) {
			*run = here;
			return *status == OK;
		}
	}
	return false;
}

void walk_close(struct walk *walk)
{
	for (int side = 0; side < SIDES; side++) {
		sqlite3_reset(walk->sides[side]);
	}
	sqlite3_reset(walk->search);
}
