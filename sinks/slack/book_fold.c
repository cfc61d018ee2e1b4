/* What a build means for its branch (branch.c counts, this file keeps the row), and so for the outage
 * there: it begins, goes on, or is over. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/book_private.h"

#include <stdio.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* A row of `branches`. */
struct known {
	struct branch branch;
	int64_t alert; /* of the outage; 0: none */
};

static struct known load(struct book *book, const char *key)
{
	sqlite3_stmt *row = db_ask(
		&book->db,
		"SELECT id, commit_hash, created, number, version, color, fails, passes, first_commit, "
		"mixed, alert FROM branches WHERE key = ?",
		"s", key);
	struct known known = {0};
	struct branch *branch = &known.branch;

	if (!db_row(&book->db, row)) {
		branch->newest.created_at = INT64_MIN;
		return known;
	}
	branch->newest = (struct fact){
		.id = (uint64_t)sqlite3_column_int64(row, 0),
		.commit = (uint64_t)sqlite3_column_int64(row, 1),
		.created_at = sqlite3_column_int64(row, 2),
		.number = sqlite3_column_int64(row, 3),
		.version = sqlite3_column_int64(row, 4),
		.color = (enum color)sqlite3_column_int(row, 5),
	};
	branch->fails = sqlite3_column_int64(row, 6);
	branch->passes = sqlite3_column_int64(row, 7);
	branch->first_commit = (uint64_t)sqlite3_column_int64(row, 8);
	branch->mixed = sqlite3_column_int(row, 9);
	known.alert = sqlite3_column_int64(row, 10);
	db_end(row);
	return known;
}

static void store(struct book *book, const char *key, const struct known *known)
{
	const struct branch *branch = &known->branch;
	const struct fact *newest = &branch->newest;

	db_run(&book->db,
	       "INSERT INTO branches (key, id, commit_hash, created, number, version, color, fails, passes, "
	       "first_commit, mixed, alert) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "
	       "ON CONFLICT (key) DO UPDATE SET id = ?2, commit_hash = ?3, created = ?4, number = ?5, "
	       "version = ?6, color = ?7, fails = ?8, passes = ?9, first_commit = ?10, mixed = ?11, alert = "
	       "?12",
	       "siiiiiiiiiii", key, (int64_t)newest->id, (int64_t)newest->commit, newest->created_at,
	       newest->number, newest->version, (int64_t)newest->color, branch->fails, branch->passes,
	       (int64_t)branch->first_commit, (int64_t)branch->mixed, known->alert);
}

static uint64_t hash(struct text text)
{
	return text.size ? XXH3_64bits(text.at, text.size) | 1 : 0;
}

static enum color color_of(const struct build *build, const struct slack_rule *rule)
{
	if (build->state != STATE_FINISHED) {
		return COLOR_NONE;
	}
	return build->result == RESULT_SUCCESS    ? COLOR_GREEN
	       : rule_is_red(rule, build->result) ? COLOR_RED
						  : COLOR_NONE;
}

static struct fact fact_of(const struct build *build, const struct slack_rule *rule)
{
	return (struct fact){
		.id = hash(build->id),
		.commit = hash(build->commit),
		.created_at = build->created_at == INT_NULL ? 0 : build->created_at,
		.number = build->number == INT_NULL ? 0 : build->number,
		.version = build->version,
		.color = color_of(build, rule),
	};
}

/* The newest build that passed, for "last green". */
static void note_green(struct book *book, const char *key, const struct fact *fact, const struct build *build)
{
	if (fact->color == COLOR_GREEN) {
		db_run(&book->db,
		       "UPDATE branches SET green_number = ?2, green_at = ?3, green_created = ?4, green_url "
		       "= "
		       "?5 WHERE key = ?1 AND (green_created IS NULL OR green_created <= ?4)",
		       "siiit", key, fact->number, build->finished_at, fact->created_at, &build->url);
	}
}

static void on_failed(struct book *book, const char *key, struct known *known, struct alert_change *change)
{
	if (known->alert == 0) {
		known->alert = alert_add(book, ALERT_BREAK, key, change);
	}
	change->alert = known->alert;
	alert_more(book, change);
}

static void on_over(struct book *book, struct known *known, struct alert_change *change,
		    enum alert_state state)
{
	change->alert = known->alert;
	if (known->alert) {
		alert_close(book, change, state);
	}
	known->alert = 0;
}

static void act(struct book *book, enum turn turn, const char *key, struct known *known,
		struct alert_change *change)
{
	switch (turn) {
	case TURN_FAILED:
		on_failed(book, key, known, change);
		break;
	case TURN_FIXED:
		on_over(book, known, change, ALERT_FIXED);
		break;
	case TURN_FLAKE:
		on_over(book, known, change, ALERT_FLAKE);
		break;
	case TURN_NONE:
	case TURN_GREEN:
	case TURN_PASSED:
		break;
	}
}

/* Some end without saying when: then when it was seen. */
static struct build with_end(const struct build *build)
{
	struct build ended = *build;

	if (ended.state == STATE_FINISHED && ended.finished_at == INT_NULL) {
		ended.finished_at = ended.version;
	}
	return ended;
}

void book_fold(struct book *book, const struct build *given, int64_t now_ms, bool silent)
{
	const struct build ended = with_end(given), *build = &ended;
	const struct slack_rule *rule = rules_find(book->config, build);
	struct alert_change change = {.build = build, .rule = rule, .now_ms = now_ms, .silent = silent};
	struct known known;
	struct fact fact;
	enum turn turn;
	const char *key;

	arena_reset(&book->arena);
	key = rule ? book_key(book, build, rule) : NULL;
	if (!key) {
		return;
	}
	stuck_fold(book, key, &change);
	fact = fact_of(build, rule);
	if (fact.color == COLOR_NONE) {
		return;
	}
	known = load(book, key);
	turn = branch_fold(&known.branch, &fact, rule->clear_after);
	act(book, turn, key, &known, &change);
	if (turn != TURN_NONE || known.branch.newest.version == fact.version) {
		store(book, key, &known);
	}
	if (turn == TURN_GREEN || turn == TURN_FIXED || turn == TURN_FLAKE || turn == TURN_PASSED) {
		slow_fold(book, key, &change);
	}
	note_green(book, key, &fact, build);
}
