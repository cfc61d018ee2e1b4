/* SPDX-License-Identifier: MIT */
#include "compose/validate.h"
#include "compose/command.h"
#include "compose/validate_online.h"

#include "common/check.h"
#include "common/config_private.h"
#include "common/config_value.h"
#include "common/log.h"
#include "fetchers/buildkite/config.h"
#include "fetchers/circleci/config.h"
#include "sinks/bigquery/config.h"
#include "sinks/firestore/config.h"
#include "sinks/slack/config.h"
#include "sinks/store/config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What reads the options of a kind: a line for each that config_kinds.c has as available. */
static const struct reading {
	enum section_kind side;
	const char *kind;
	const struct config_row *rows;
	size_t size; /* of what the rows fill */
	/* What rows can't say of it; NULL: nothing. */
	enum status (*check)(const void *target, const struct config *config, struct err *err);
} readings[] = {
	{SECTION_SOURCE, "buildkite", buildkite_config_rows, sizeof(struct buildkite_config), NULL},
	{SECTION_SOURCE, "circleci", circleci_config_rows, sizeof(struct circleci_config), NULL},
	{SECTION_DESTINATION, "bigquery", bigquery_config_rows, sizeof(struct bigquery_config),
	 bigquery_config_check},
	{SECTION_DESTINATION, "firestore", firestore_config_rows, sizeof(struct firestore_config),
	 firestore_config_check},
	{SECTION_DESTINATION, "slack", slack_config_rows, sizeof(struct slack_config), slack_config_check},
	{SECTION_DESTINATION, "store", store_config_rows, sizeof(struct store_config), store_config_check},
};

struct finding {
	int line; /* 0: of no line */
	char *sentence;
};

/* What is wrong, told at the end in the order of its lines. */
struct findings {
	struct finding *items;
	size_t count;
};

/* Takes its place behind those of the same line. */
static void add_finding(void *arg, int line, const char *sentence)
{
	struct findings *findings = arg;
	struct finding *more = reallocarray(findings->items, findings->count + 1, sizeof *more);
	size_t at = findings->count;

	findings->items = more ? more : findings->items;
	if (!more) {
		fprintf(stderr, "bad  %s\n", sentence);
		return;
	}
	for (; at > 0 && more[at - 1].line > line; at--) {
		more[at] = more[at - 1];
	}
	more[at] = (struct finding){line, strdup(sentence)};
	findings->count++;
}

static void print_findings(struct findings *findings)
{
	fflush(stdout); /* both on one terminal: in order */
	for (size_t i = 0; i < findings->count; i++) {
		fprintf(stderr, "bad  %s\n", findings->items[i].sentence ? findings->items[i].sentence : "");
		free(findings->items[i].sentence);
	}
	free(findings->items);
}

static void hide_controls(char *value)
{
	for (; *value; value++) {
		*value = iscntrl((unsigned char)*value) ? '?'
							: *value; /* a value must not steer the terminal */
	}
}

static void print_items(const char *where, const struct config_row *row, const struct config_items *items)
{
	char text[512];

	for (size_t i = 0; i < items->count; i++) {
		config_item_text(row->items, (const char *)items->items + i * row->item_size, text,
				 sizeof text);
		hide_controls(text);
		printf("ok   %s: %s[%zu] %s\n", where, row->key, i, *text ? text : "all defaults");
	}
}

static void note_short_secret(const char *where, const struct config_row *row, const char *secret)
{
	if (secret && strlen(secret) < LOG_SECRET_MIN) {
		printf("note %s: %s is so short that logs can't hide it (less than %d bytes): is it whole?\n",
		       where, row->key, LOG_SECRET_MIN);
	}
}

static void print_values(const char *where, const struct config_row *rows, void *target)
{
	char value[256];

	for (; rows->key; rows++) {
		config_value_text(rows, (const char *)target + rows->offset, value, sizeof value);
		hide_controls(value);
		if (rows->type == CONFIG_ITEMS) {
			print_items(where, rows, (const void *)((const char *)target + rows->offset));
		}
		if (*value) {
			printf("ok   %s: %s %s\n", where, rows->key, value);
		}
		if (rows->type == CONFIG_SECRET) {
			note_short_secret(where, rows, *(char **)((char *)target + rows->offset));
		}
	}
}

static const struct reading *find_reading(const struct config_section *section)
{
	for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
		if (readings[i].side == section->side && strcmp(readings[i].kind, section->kind) == 0) {
			return &readings[i];
		}
	}
	return NULL;
}

/* What goes beyond single keys: `<file>:<line>: destinations[0].firestore: <sentence>`. */
static enum status check_whole(const struct reading *reading, const struct config *config,
			       const struct config_section *section, const void *target, struct err *err)
{
	const struct config_place *place = section->node;
	enum status status = reading->check ? reading->check(target, config, err) : OK;

	return status == OK ? OK : err_prefix(err, "%s:%d: %s", config->path, section->line, place->where);
}

static void print_section(const struct config_section *section, const struct reading *reading, void *target)
{
	char where[CHECK_PLACE_SIZE];

	check_place(section, where);
	if (strcmp(section->name, section->kind) != 0) {
		printf("ok   %s: name %s\n", where, section->name);
	}
	print_values(where, reading->rows, target);
}

static void check_section(const struct config *config, const struct config_section *section,
			  struct findings *findings)
{
	struct config_problems problems = {.report = add_finding, .arg = findings};
	const struct reading *reading = find_reading(section);
	void *target = reading ? calloc(1, reading->size) : NULL;
	struct err err;

	if (!target) {
		add_finding(findings, section->line, reading ? "out of memory" : "no rows for this kind");
		return;
	}
	if (config_read_all(config, section, reading->rows, target, &problems) == OK) {
		print_section(section, reading, target);
	}
	/* Where a value is missing, what it should go with would be told of for nothing. */
	if (problems.count == problems.checked && check_whole(reading, config, section, target, &err) != OK) {
		add_finding(findings, section->line, err.text);
	}
	config_free(reading->rows, target);
	free(target);
}

static void print_sum(const struct config *config, size_t problem_count)
{
	size_t sources = config_count(config, SECTION_SOURCE);

	fflush(stdout);
	if (problem_count > 0) {
		fprintf(stderr, "bad  %s: %zu problem%s\n", config->path, problem_count,
			problem_count == 1 ? "" : "s");
		return;
	}
	if (sources == 0) {
		printf("note %s: names no source, so nothing will be fetched\n", config->path);
	}
	printf("ok   %s: sources %zu, destinations %zu\n", config->path, sources,
	       config->section_count - sources);
}

int validate_run(const char *config_path, bool online)
{
	struct findings findings = {0};
	struct config_problems problems = {.report = add_finding, .arg = &findings};
	struct config config;
	size_t problem_count;
	int code;

	if (config_load_all(&config, config_path, config_kinds, &problems) == OK) {
		print_values("bus", bus_config_rows, &config.bus);
	}
	for (size_t i = 0; i < config.section_count; i++) {
		check_section(&config, &config.sections[i], &findings);
	}
	problem_count = findings.count;
	print_findings(&findings);
	print_sum(&config, problem_count);
	code = problem_count > 0 ? EXIT_USAGE : online ? validate_online(&config) : EXIT_DONE;
	config_fini(&config);
	return code;
}

enum status validate_sections(const struct config *config, struct err *err)
{
	enum status status = OK;

	for (size_t i = 0; i < config->section_count && status == OK; i++) {
		const struct config_section *section = &config->sections[i];
		const struct reading *reading = find_reading(section);
		void *target = reading ? calloc(1, reading->size) : NULL;

		if (!target) {
			return err_set(err, ERR_SYS, "%s: %s", section->kind,
				       reading ? "out of memory" : "no rows for this kind");
		}
		status = config_read(config, section, reading->rows, target, err);
		if (status == OK) {
			status = check_whole(reading, config, section, target, err);
		}
		config_free(reading->rows, target);
		free(target);
	}
	return status;
}

struct validate_options {
	const char *config_file;
	bool online;
};

static int validate_main(const void *given, char *const *operands)
{
	const struct validate_options *options = given;

	(void)operands;
	return validate_run(options->config_file, options->online);
}

static const struct option_row validate_rows[] = {
	OPTION_CONFIG_FILE(struct validate_options, config_file),
	{"online", 0, OPTION_FLAG, offsetof(struct validate_options, online), NULL,
	 "then ask providers and destinations whether all of it is permitted", 0, 0},
	OPTION_END,
};

const struct command validate_command = {
	.name = "validate",
	.summary = "check every key of the configuration, a line each",
	.options = validate_rows,
	.options_size = sizeof(struct validate_options),
	.notes =
		"Values that come from variables are looked up; secrets are printed as ***. Without --online "
		"nobody is asked; with it nothing is changed, neither here nor there.\n",
	.exits = "  0  the configuration can be used\n"
		 "  1  somebody refuses what it needs (--online)\n"
		 "  2  it can't: every problem is told with its line\n",
	.example = "buildbus validate --online -c buildbus.yml",
	.run = validate_main,
};
