/* `buildbus slack preview`: what the rules of a slack destination would have said about past builds. This
 * program holds no token and has no HTTP client: nothing leaves the machine. */
/* SPDX-License-Identifier: MIT */
#include "common/config_private.h"
#include "common/process.h"
#include "common/time.h"
#include "compose/command.h"
#include "compose/from.h"
#include "compose/slack_builds.h"
#include "compose/slack_print.h"

#include <stdlib.h>
#include <string.h>

#define FROM_DEFAULT "7d"
/* What was red before the beginning is known, and what was usual. */
#define BEFORE_MS (7 * DAY_MS)

struct slack_options {
	const char *config_file, *from, *sink;
	bool json;
};

/* No credential is read, so none need be there. */
static bool is_secret(const struct config_row *row)
{
	return row->type == CONFIG_SECRET || row->type == CONFIG_URL;
}

static void rows_without_secrets(struct config_row rows[static 32])
{
	size_t count = 0;

	for (const struct config_row *row = slack_config_rows; row->key && count < 31; row++) {
		if (!is_secret(row)) {
			rows[count++] = *row;
		}
	}
	rows[count] = (struct config_row){.key = NULL};
}

/* Is the key there, whatever it says? */
static bool is_given(const struct config *config, const struct config_section *section, const char *key)
{
	const struct config_place *place = section->node;
	char from_file[32];

	snprintf(from_file, sizeof from_file, "%s_file", key);
	return doc_get(config->document, place->options, key) ||
	       doc_get(config->document, place->options, from_file);
}

static enum status read_rules(const struct config *config, const struct config_section *section,
			      struct slack_config *rules, struct err *err)
{
	static struct config_row rows[32];
	enum status status;

	rows_without_secrets(rows);
	status = config_read_part(config, section, rows, rules, err);
	if (status == OK) {
		rules->token = is_given(config, section, "token") ? strdup("not needed") : NULL;
		rules->webhook_url = is_given(config, section, "webhook_url") ? strdup("not needed") : NULL;
		status = slack_config_check(rules, config, err);
		if (status != OK) {
			return err_prefix(err, "%s:%d: %s", config->path, section->line, section->name);
		}
	}
	return status;
}

/* Without --sink: the only one. */
static enum status find_section(const struct config *config, const char *name,
				const struct config_section **out, struct err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < config->section_count; i++) {
		const struct config_section *section = &config->sections[i];

		if (section->side == SECTION_DESTINATION && strcmp(section->kind, "slack") == 0 &&
		    (!name || strcmp(section->name, name) == 0)) {
			*out = section;
			found++;
		}
	}
	if (found == 1) {
		return OK;
	}
	return err_set(
		err, ERR_CONFIG,
		found > 1 ? "%s has %zu slack destinations: say which one with --sink NAME"
		: name    ? "%s has no slack destination of that name: see --sink"
		       : "%s has no slack destination: add `- slack: {token: …, channel: \"#builds\"}` to "
			 "destinations",
		config->path, found);
}

static enum status read_past(const struct bus_config *bus, const struct slack_from *from,
			     struct slack_builds *builds, struct err *err)
{
	struct err away;
	enum status status = slack_read_hub(bus, from, builds, &away);

	if (status != ERR_AGAIN) {
		*err = away;
		return status;
	}
	status = slack_read_file(bus, from, builds, err);
	if (status == ERR_AGAIN) {
		return err_set(err, ERR_REMOTE, "%s (and there is no hub.db in %s)", away.text,
			       bus->state_dir);
	}
	if (status == OK) {
		fprintf(stderr, "buildbus: no normalizer runs; what its file in %s has is read\n",
			bus->state_dir);
	}
	return status;
}

static void print_end(const struct slack_print *print, const struct slack_builds *builds)
{
	FILE *out = print->json ? stderr : stdout;

	if (!print->json && print->posts + print->replies + print->edits > 0) {
		fputc('\n', out);
	}
	slack_print_counts(print, out);
	fprintf(out, ", of %zu builds that a rule matches (%lld records read); nothing was sent\n",
		builds->count, (long long)builds->read);
}

static enum status preview(const struct slack_config *rules, const struct bus_config *bus,
			   const struct slack_options *options, struct err *err)
{
	struct slack_from from = {0};
	struct slack_builds builds;
	struct slack_print print;
	enum status status =
		from_read(options->from ? options->from : FROM_DEFAULT, &from.seq, &from.time_ms, err);

	slack_builds_init(&builds, rules);
	slack_print_init(&print, rules, options->json);
	print.from_ms = from.time_ms;
	if (from.time_ms) {
		from.time_ms = from.time_ms > BEFORE_MS ? from.time_ms - BEFORE_MS : 1;
	}
	if (status == OK) {
		status = read_past(bus, &from, &builds, err);
	}
	if (status == OK) {
		const struct preview_builds past = {builds.records, builds.count};

		status = preview_run(rules, &past, wall_ms(), slack_print_said, &print, err);
	}
	if (status == OK) {
		print_end(&print, &builds);
	}
	slack_builds_fini(&builds);
	return status;
}

static int preview_main(const struct slack_options *options)
{
	const struct config_section *section = NULL;
	struct slack_config rules = {0};
	struct config config = {0};
	struct err err = {0};
	enum status status = config_load(&config, options->config_file, &err);

	if (status == OK) {
		status = find_section(&config, options->sink, &section, &err);
	}
	if (status == OK) {
		status = read_rules(&config, section, &rules, &err);
	}
	if (status == OK) {
		status = preview(&rules, &config.bus, options, &err);
	}
	config_free(slack_config_rows, &rules);
	config_fini(&config);
	return status == OK ? EXIT_DONE : command_fail_err(&err);
}

static int slack_main(const void *given, char *const *operands)
{
	if (!operands[0] || strcmp(operands[0], "preview") != 0 || operands[1]) {
		return command_fail(EXIT_USAGE,
				    "slack: say `buildbus slack preview` (see buildbus slack --help)");
	}
	return preview_main(given);
}

static const struct option_row slack_rows[] = {
	OPTION_CONFIG_FILE(struct slack_options, config_file),
	{"from", 0, OPTION_TEXT, offsetof(struct slack_options, from), "SEQ|TIME",
	 "begin with that record, that time, or so long ago (default " FROM_DEFAULT ")", 0, 0},
	{"sink", 0, OPTION_TEXT, offsetof(struct slack_options, sink), "NAME",
	 "which slack destination, where there are several", 0, 0},
	{"json", 0, OPTION_FLAG, offsetof(struct slack_options, json), NULL,
	 "one message, reply or edit a line", 0, 0},
	OPTION_END,
};

const struct command slack_command = {
	.name = "slack",
	.summary = "preview: what the rules of a slack destination would have said",
	.operands = "preview",
	.options = slack_rows,
	.options_size = sizeof(struct slack_options),
	.notes = "Reads the builds that the normalizer has, or, when none runs, its hub.db, and prints the "
		 "messages, "
		 "replies (↳)\nand edits (✎) that the rules make of them, in the order of time. The number "
		 "before a "
		 "message is its\nthread. Neither the token nor any other variable of the section is needed, "
		 "and nothing "
		 "is sent.\n",
	.exits = "  0  printed\n"
		 "  1  the builds can't be had\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus slack preview --from 14d",
	.run = slack_main,
};
