/* SPDX-License-Identifier: MIT */
#include "sinks/store/query/names.h"
#include "sinks/store/query/statement.h"

#include <xxhash.h>

int names_open(struct names *names, sqlite3 *db, const char *find, const char *add)
{
	int code = sqlite3_prepare_v3(db, find, -1, SQLITE_PREPARE_PERSISTENT, &names->find, NULL);

	names->db = db;
	return code == SQLITE_OK
		       ? sqlite3_prepare_v3(db, add, -1, SQLITE_PREPARE_PERSISTENT, &names->add, NULL)
		       : code;
}

void names_close(struct names *names)
{
	sqlite3_finalize(names->find);
	sqlite3_finalize(names->add);
	*names = (struct names){0};
}

void names_forget(struct names *names)
{
	for (int i = 0; i < NAMES_KEPT; i++) {
		names->kept[i].id = 0;
	}
}

static int look_up(struct names *names, struct text text, int64_t *id)
{
	int code;

	sqlite3_bind_text64(names->find, 1, text.at, text.size, SQLITE_STATIC, SQLITE_UTF8);
	code = sqlite3_step(names->find);
	if (code == SQLITE_ROW) {
		*id = sqlite3_column_int64(names->find, 0);
		code = SQLITE_OK;
	}
	sqlite3_reset(names->find);
	return code;
}

static int add(struct names *names, struct text text, int64_t *id)
{
	int code;

	sqlite3_bind_text64(names->add, 1, text.at, text.size, SQLITE_STATIC, SQLITE_UTF8);
	code = statement_run(names->add);
	*id = sqlite3_last_insert_rowid(names->db);
	return code;
}

int names_id(struct names *names, struct text text, int64_t *id)
{
	struct name *kept = &names->kept[XXH3_64bits(text.at, text.size) % NAMES_KEPT];
	int code;

	if (kept->id && text_same(text, (struct text){kept->text, kept->size})) {
		*id = kept->id;
		return SQLITE_OK;
	}
	code = look_up(names, text, id);
	if (code == SQLITE_DONE) {
		code = add(names, text, id);
	}
	if (code == SQLITE_OK && text.size <= NAME_KEPT_MAX) {
		memcpy(kept->text, text.at, text.size);
		kept->size = text.size;
		kept->id = *id;
	}
	return code;
}
