/* SPDX-License-Identifier: MIT */
#include "compose/builds.h"
#include "common/config.h"
#include "common/time.h"
#include "compose/builds_table.h"
#include "compose/command.h"
#include "compose/terminal.h"
#include "compose/width.h"
#include "sinks/store/db.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT_DEFAULT 20
#define BUSY_MS       2000
#define COMMIT_SHOWN  8

struct listing {
	sqlite3 *db;
	sqlite3_stmt *statement;
	struct columns columns;
	struct builds_table table;
	char *path;
};

/* Names are qualified: SQLite takes an unknown "name" alone for a string. */
static char *select_sql(const struct columns *columns, bool filtered)
{
	sqlite3_str *sql = sqlite3_str_new(NULL);

	sqlite3_str_appendall(sql, "SELECT ");
	for (size_t i = 0; i < columns->count; i++) {
		sqlite3_str_appendf(sql, "%sbuilds.\"%w\"", i ? ", " : "", columns->at[i].name);
	}
	sqlite3_str_appendall(sql, " FROM builds");
	if (filtered) {
		sqlite3_str_appendall(sql,
				      " WHERE pipeline IN (?2, ?3) AND (pipeline = ?2 OR organization = ?4)");
	}
	sqlite3_str_appendall(sql, " ORDER BY created_at DESC, number DESC, id DESC LIMIT ?1");
	return sqlite3_str_finish(sql);
}

static void bind_filter(sqlite3_stmt *statement, const char *pipeline)
{
	const char *slash = strrchr(pipeline, '/');

	sqlite3_bind_text(statement, 2, pipeline, -1, SQLITE_STATIC);
	if (slash) {
		sqlite3_bind_text(statement, 3, slash + 1, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 4, pipeline, (int)(slash - pipeline), SQLITE_STATIC);
	}
}

static int cant_read(const struct listing *listing)
{
	int code = sqlite3_errcode(listing->db);
	bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;

	return command_fail(EXIT_REFUSED, "%s can't be read: %s%s", listing->path,
			    sqlite3_errmsg(listing->db),
			    damaged ? ": it is damaged, its sink says what to do" : "");
}

static int open_db(struct listing *listing)
{
	sqlite3_stmt *ask = NULL;
	int application = 0;

	if (access(listing->path, F_OK) != 0 && errno == ENOENT) {
		return command_fail(
			EXIT_REFUSED,
			"no builds are stored yet: there is no %s (`buildbus up` fills it, with a "
			"store among the destinations)",
			listing->path);
	}
	if (sqlite3_open_v2(listing->path, &listing->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK) {
		return cant_read(listing);
	}
	sqlite3_busy_timeout(listing->db, BUSY_MS);
	if (sqlite3_prepare_v2(listing->db, "PRAGMA application_id", -1, &ask, NULL) != SQLITE_OK) {
		return cant_read(listing);
	}
	application = sqlite3_step(ask) == SQLITE_ROW ? sqlite3_column_int(ask, 0) : 0;
	sqlite3_finalize(ask);
	if (sqlite3_errcode(listing->db) != SQLITE_OK) {
		return cant_read(listing);
	}
	return application == STORE_APPLICATION_ID
		       ? EXIT_DONE
		       : command_fail(EXIT_REFUSED, "%s is not a store of buildbus, or still being made",
				      listing->path);
}

static int open_statement(struct listing *listing, const struct builds_options *options)
{
	char *sql;
	int code;

	columns_init(&listing->columns, build_fields);
	sql = select_sql(&listing->columns, options->pipeline != NULL);
	code = sqlite3_prepare_v2(listing->db, sql ? sql : "", -1, &listing->statement, NULL);
	sqlite3_free(sql);
	if (code != SQLITE_OK || !listing->statement) {
		return cant_read(listing);
	}
	sqlite3_bind_int64(listing->statement, 1, options->count ? options->count : COUNT_DEFAULT);
	if (options->pipeline) {
		bind_filter(listing->statement, options->pipeline);
	}
	return EXIT_DONE;
}

static int print_json(struct listing *listing)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char *text = NULL;
	int index = 0;

	if (doc) {
		yyjson_mut_doc_set_root(doc, columns_json(doc, build_fields, listing->statement, &index));
		text = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	}
	yyjson_mut_doc_free(doc);
	if (!text) {
		return command_fail(EXIT_REFUSED, "out of memory for a record");
	}
	puts(text);
	free(text);
	return EXIT_DONE;
}

static int column_named(const struct listing *listing, const char *name)
{
	for (size_t i = 0; i < listing->columns.count; i++) {
		if (strcmp(listing->columns.at[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* "" for null. Lives until the next row. */
static struct text text_at(const struct listing *listing, const char *name)
{
	int index = column_named(listing, name);
	const char *text = (const char *)sqlite3_column_text(listing->statement, index);

	return text ? (struct text){text, (size_t)sqlite3_column_bytes(listing->statement, index)} : TEXT("");
}

static int64_t int_at(const struct listing *listing, const char *name)
{
	int index = column_named(listing, name);

	return sqlite3_column_type(listing->statement, index) == SQLITE_NULL
		       ? INT_NULL
		       : sqlite3_column_int64(listing->statement, index);
}

static char *text_cell(const struct listing *listing, const char *name)
{
	struct text text = text_at(listing, name);

	return width_clean(text.at, text.size);
}

static char *first_text(const struct listing *listing, const char *name, const char *otherwise)
{
	return text_cell(listing, text_at(listing, name).size ? name : otherwise);
}

static char *pipeline_cell(const struct listing *listing)
{
	struct text organization = text_at(listing, "organization"), pipeline = text_at(listing, "pipeline");
	char *whole = NULL, *clean;

	if (!organization.size) {
		return text_cell(listing, "pipeline");
	}
	if (asprintf(&whole, "%.*s/%.*s", TEXT_FMT(organization), TEXT_FMT(pipeline)) < 0) {
		return NULL;
	}
	clean = width_clean(whole, strlen(whole));
	free(whole);
	return clean;
}

static char *number_cell(const struct listing *listing)
{
	int64_t number = int_at(listing, "number");
	char text[32] = "";

	if (number != INT_NULL) {
		snprintf(text, sizeof text, "%lld", (long long)number);
	}
	return width_clean(text, strlen(text));
}

static char *commit_cell(const struct listing *listing)
{
	struct text commit = text_at(listing, "commit");

	return width_clean(commit.at, commit.size < COMMIT_SHOWN ? commit.size : COMMIT_SHOWN);
}

static char *duration_cell(const struct listing *listing, const char *name)
{
	int64_t ms = int_at(listing, name);
	char text[32] = "";

	if (ms != INT_NULL) {
		duration_format(ms, text);
	}
	return width_clean(text, strlen(text));
}

/* 2026-11-21 00:43, because seconds and milliseconds say nothing in a list. */
static char *created_cell(const struct listing *listing)
{
	int64_t ms = int_at(listing, "created_at");
	char text[32] = "";

	if (ms != INT_NULL && time_format(ms, text) > 16) {
		text[10] = ' ';
		text[16] = '\0';
	}
	return width_clean(text, strlen(text));
}

static int add_row(struct listing *listing)
{
	struct builds_row *row = builds_table_add(&listing->table);

	if (!row) {
		return command_fail(EXIT_REFUSED, "out of memory for a row");
	}
	row->cells[BUILDS_PIPELINE] = pipeline_cell(listing);
	row->cells[BUILDS_NUMBER] = number_cell(listing);
	row->cells[BUILDS_RESULT] = first_text(listing, "result", "state");
	row->cells[BUILDS_BRANCH] = first_text(listing, "branch", "tag");
	row->cells[BUILDS_COMMIT] = commit_cell(listing);
	row->cells[BUILDS_AUTHOR] = first_text(listing, "author_name", "author_login");
	row->cells[BUILDS_QUEUED] = duration_cell(listing, "queue_ms");
	row->cells[BUILDS_DURATION] = duration_cell(listing, "duration_ms");
	row->cells[BUILDS_CREATED] = created_cell(listing);
	row->cells[BUILDS_MESSAGE] = text_cell(listing, "message");
	row->cells[BUILDS_URL] = text_cell(listing, "url");
	return EXIT_DONE;
}

static int print_all(struct listing *listing, const struct builds_options *options)
{
	int code = EXIT_DONE, step;

	while (code == EXIT_DONE && (step = sqlite3_step(listing->statement)) == SQLITE_ROW) {
		code = options->json ? print_json(listing) : add_row(listing);
	}
	if (code == EXIT_DONE && step != SQLITE_DONE) {
		code = cant_read(listing);
	}
	if (code == EXIT_DONE && !options->json && listing->table.count == 0) {
		fprintf(stderr, "buildbus: no builds%s%s are stored yet\n", options->pipeline ? " of " : "",
			options->pipeline ? options->pipeline : "");
	} else if (code == EXIT_DONE && !options->json) {
		builds_table_print(&listing->table, stdout, terminal_width(), terminal_coloured());
	}
	if (fflush(stdout) != 0) {
		code = command_fail(EXIT_REFUSED, "can't write the list: %s", strerror(errno));
	}
	return code;
}

int builds_run(const struct builds_options *options)
{
	struct listing listing = {0};
	int code;

	if (asprintf(&listing.path, "%s/" STORE_FILE, options->state_dir) < 0) {
		return command_fail(EXIT_REFUSED, "out of memory for a path");
	}
	code = open_db(&listing);
	if (code == EXIT_DONE) {
		code = open_statement(&listing, options);
	}
	if (code == EXIT_DONE) {
		code = print_all(&listing, options);
	}
	builds_table_fini(&listing.table);
	sqlite3_finalize(listing.statement);
	sqlite3_close(listing.db);
	free(listing.path);
	return code;
}

struct arguments {
	const char *config_file, *pipeline;
	int64_t count;
	bool json;
};

static int builds_main(const void *given, char *const *operands)
{
	const struct arguments *arguments = given;
	struct builds_options options = {
		.pipeline = arguments->pipeline, .count = arguments->count, .json = arguments->json};
	struct config config = {0};
	struct err err = {0};
	int code;

	(void)operands;
	if (config_load(&config, arguments->config_file, &err) == OK) {
		options.state_dir = config.bus.state_dir;
		code = builds_run(&options);
	} else {
		code = command_fail_err(&err);
	}
	config_fini(&config);
	return code;
}

static const struct option_row builds_rows[] = {
	OPTION_CONFIG_FILE(struct arguments, config_file),
	{"pipeline", 'p', OPTION_TEXT, offsetof(struct arguments, pipeline), "SLUG",
	 "only this pipeline: its slug, or organization/slug", 0, 0},
	{"count", 'n', OPTION_INT, offsetof(struct arguments, count), "N", "at most N builds (default 20)", 1,
	 100000000},
	{"json", 0, OPTION_FLAG, offsetof(struct arguments, json), NULL, "one record a line, all keys", 0, 0},
	OPTION_END,
};

const struct command builds_command = {
	.name = "builds",
	.summary = "list the builds in the embedded store, newest first",
	.options = builds_rows,
	.options_size = sizeof(struct arguments),
	.exits = "  0  listed\n"
		 "  1  there is no store yet, or it can't be read\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus builds --pipeline web -n 50",
	.run = builds_main,
};
