/* SPDX-License-Identifier: MIT */
#include "sinks/slack/book_private.h"
#include "sinks/slack/escape.h"

#include <stdlib.h>

#define ARENA_BYTES (4 << 20)

enum status book_open(struct book **out, const char *path, const struct slack_config *config, struct err *err)
{
	struct book *book = *out = calloc(1, sizeof *book);

	if (!book) {
		return err_sys(err, "memory for alerts");
	}
	book->config = config;
	book->none = (struct slack_rule){.after_failures = 1, .clear_after = 1};
	arena_init(&book->arena, ARENA_BYTES);
	return db_open(&book->db, path, err);
}

void book_free(struct book **book)
{
	if (*book) {
		db_close(&(*book)->db);
		arena_fini(&(*book)->arena);
		free(*book);
		*book = NULL;
	}
}

void book_remember(struct book *book, enum book_memory memory)
{
	db_run(&book->db, "UPDATE counters SET value = ? WHERE name = 'fresh'", "i", (int64_t)memory);
}

void book_doubt(struct book *book, bool doubt)
{
	book->doubt = doubt;
}

enum book_memory book_memory(struct book *book)
{
	return (enum book_memory)db_int(&book->db, BOOK_KNOWS,
					"SELECT value FROM counters WHERE name = 'fresh'", "");
}

enum status book_begin(struct book *book, struct err *err)
{
	return db_begin(&book->db, err);
}

enum status book_commit(struct book *book, struct err *err)
{
	return db_commit(&book->db, err);
}

int64_t book_dirty(struct book *book)
{
	db_run(&book->db, "UPDATE counters SET value = value + 1 WHERE name = 'dirty'", "");
	return db_int(&book->db, 0, "SELECT value FROM counters WHERE name = 'dirty'", "");
}

int64_t book_red(struct book *book)
{
	return db_int(&book->db, 0,
		      "SELECT count(*) FROM alerts WHERE kind = 0 AND state = 0 AND message > 0", "");
}

int64_t book_waiting(struct book *book)
{
	return db_int(&book->db, 0, "SELECT count(*) FROM messages WHERE dirty > 0", "");
}

static bool is_failed(const struct job *job)
{
	return !job->superseded && !job->soft_failed &&
	       (job->result == RESULT_FAILURE || job->result == RESULT_ERROR ||
		job->result == RESULT_TIMEOUT);
}

static void keep_failed_jobs(struct book *book, const struct build *from, struct build *to,
			     int64_t *failed_jobs)
{
	struct job *kept = arena_alloc(&book->arena, JOBS_KEPT * sizeof *kept);

	*failed_jobs = 0;
	to->jobs = (struct field_list){.items = kept};
	for (size_t i = 0; kept && i < from->jobs.count; i++) {
		const struct job *job = (const struct job *)from->jobs.items + i;

		if (!is_failed(job)) {
			continue;
		}
		if (to->jobs.count < JOBS_KEPT) {
			kept[to->jobs.count++] = *job;
		}
		++*failed_jobs;
	}
}

struct text book_pack(struct book *book, const struct build *build, int64_t *failed_jobs)
{
	struct build kept = *build;
	msgpack_sbuffer out;
	struct text packed = {0};
	char *copy;

	keep_failed_jobs(book, build, &kept, failed_jobs);
	kept.attempts = (struct field_list){0};
	kept.message.size = kept.message.at ? first_line_size(kept.message) : 0;
	msgpack_sbuffer_init(&out);
	build_pack(&kept, &out, NULL);
	copy = arena_alloc(&book->arena, out.size);
	if (copy) {
		memcpy(copy, out.data, out.size);
		packed = (struct text){copy, out.size};
	}
	msgpack_sbuffer_destroy(&out);
	return packed;
}

bool book_unpack(struct book *book, struct text bytes, struct build *build)
{
	struct err err;

	return bytes.size > 0 && build_unpack(bytes.at, bytes.size, &book->arena, build, &err) == OK;
}

const char *book_key(struct book *book, const struct build *build, const struct slack_rule *rule)
{
	size_t size = build->id.size;

	while (size > 0 && build->id.at[size - 1] != '/') {
		size--;
	}
	return arena_format(&book->arena, "%.*s\n%.*s\n%x", (int)size, build->id.at, TEXT_FMT(build->branch),
			    rule->triggers);
}

const struct slack_rule *book_rule(struct book *book, int64_t alert)
{
	sqlite3_stmt *row = db_ask(&book->db, "SELECT first FROM alerts WHERE id = ?", "i", alert);
	const struct slack_rule *rule = NULL;
	struct build build;

	if (db_row(&book->db, row)) {
		rule = book_unpack(book, db_text(row, 0), &build) ? rules_find(book->config, &build) : NULL;
		db_end(row);
	}
	return rule ? rule : &book->none;
}
