/* SPDX-License-Identifier: MIT */
#include "compose/command.h"
#include "common/config_problems.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 24, FLAG_HELP = 1000, FLAG_ROW = 1001, HELP_COLUMN = 30 };

/* What getopt_long wants to know, made from the rows. */
struct flags {
	struct option longs[ROWS_MAX + 2];
	char letters[3 * ROWS_MAX + 8];
};

static void flags_build(struct flags *flags, const struct option_row *rows)
{
	size_t used = 0, i = 0;

	memset(flags, 0, sizeof *flags);
	flags->letters[used++] = ':'; /* tells a missing value from an unknown option */
	for (; rows[i].name && i < ROWS_MAX; i++) {
		bool takes = rows[i].type != OPTION_FLAG;

		flags->longs[i] = (struct option){rows[i].name, takes, NULL, FLAG_ROW + (int)i};
		if (rows[i].letter) {
			flags->letters[used++] = rows[i].letter;
			flags->letters[used] = ':';
			used += takes;
			flags->letters[used] = '\0';
		}
	}
	flags->longs[i] = (struct option){"help", no_argument, NULL, FLAG_HELP};
}

/* NULL: getopt's answer was not one of the rows. */
static const struct option_row *row_of(const struct option_row *rows, int flag)
{
	if (flag >= FLAG_ROW) {
		return &rows[flag - FLAG_ROW];
	}
	for (; rows->name; rows++) {
		if (rows->letter == flag) {
			return rows;
		}
	}
	return NULL;
}

static enum status read_int(const struct option_row *row, const char *text, int64_t *target, struct err *err)
{
	char *end;
	int64_t value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < row->min || value > row->max) {
		return err_set(err, ERR_CONFIG, "--%s %s: give it a number from %" PRId64 " to %" PRId64,
			       row->name, text, row->min, row->max);
	}
	*target = value;
	return OK;
}

static enum status read_each(const struct option_row *row, const char *text, struct option_list *list,
			     struct err *err)
{
	if (list->count == OPTION_LIST_MAX) {
		return err_set(err, ERR_CONFIG, "--%s: given more than %d times", row->name, OPTION_LIST_MAX);
	}
	list->items[list->count++] = text;
	return OK;
}

static enum status read_value(const struct option_row *row, const char *text, void *options, struct err *err)
{
	void *target = (char *)options + row->offset;

	switch (row->type) {
	case OPTION_FLAG:
		*(bool *)target = true;
		return OK;
	case OPTION_TEXT:
		*(const char **)target = text;
		return OK;
	case OPTION_INT:
		return read_int(row, text, target, err);
	case OPTION_EACH:
		return read_each(row, text, target, err);
	}
	return OK;
}

void command_unknown(struct err *err, const char *what, const struct nearest *nearest)
{
	struct config_problems problems = {.file = nearest->word, .first = err};

	problem_unknown(&problems, 0, NULL, what, nearest);
}

/* After getopt_long answered '?': optopt is the letter, a long option's value, or 0 when there is none such.
 */
static enum status unknown_option(const struct option_row *rows, char **argv, struct err *err)
{
	struct nearest nearest = {.word = argv[optind - 1]};
	char words[ROWS_MAX][64];

	if (optopt >= FLAG_HELP) {
		return err_set(err, ERR_CONFIG, "%s: takes no value", argv[optind - 1]);
	}
	if (optopt > 0) {
		return err_set(err, ERR_CONFIG, "-%c: no such option", optopt);
	}
	for (size_t i = 0; rows[i].name && i < ROWS_MAX; i++) {
		snprintf(words[i], sizeof words[i], "--%s", rows[i].name);
		nearest_offer(&nearest, words[i], strlen(words[i]));
	}
	command_unknown(err, "no such option", &nearest);
	return ERR_CONFIG;
}

/* *help is set when --help was among the options. */
static enum status read_options(const struct command *command, int argc, char **argv, void *options,
				bool *help, struct err *err)
{
	const struct option_row *row;
	struct flags flags;
	enum status status = OK;
	int flag;

	flags_build(&flags, command->options);
	opterr = 0;
	optind = 0; /* 0, not 1: glibc starts over completely */
	while (status == OK && (flag = getopt_long(argc, argv, flags.letters, flags.longs, NULL)) != -1) {
		row = row_of(command->options, flag);
		if (flag == FLAG_HELP) {
			*help = true;
		} else if (flag == ':') {
			row = row_of(command->options, optopt);
			status = err_set(err, ERR_CONFIG, "--%s needs a value: %s", row->name, row->value);
		} else if (!row) {
			status = unknown_option(command->options, argv, err);
		} else {
			status = read_value(row, optarg, options, err);
		}
	}
	if (status == OK && !*help && optind < argc && !command->operands) {
		return err_set(err, ERR_CONFIG, "%s: takes no arguments", argv[optind]);
	}
	return status;
}

static void print_row(char letter, const char *name, const char *value, const char *help)
{
	char left[64];
	int width;

	snprintf(left, sizeof left, "  %c%c%s --%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
		 letter ? "," : " ", name, value ? " " : "", value ? value : "");
	width = printf("%-*s", HELP_COLUMN, left);
	printf("%s%s\n", width > HELP_COLUMN ? "  " : "", help);
}

static void print_help(const struct command *command)
{
	const struct option_row *row;

	printf("buildbus %s: %s\n\nusage: buildbus %s [OPTION…]%s%s\n\n", command->name, command->summary,
	       command->name, command->operands ? " " : "", command->operands ? command->operands : "");
	for (row = command->options; row->name; row++) {
		print_row(row->letter, row->name, row->value, row->help);
	}
	print_row(0, "help", NULL, "print this");
	if (command->notes) {
		printf("\n%s", command->notes);
	}
	printf("\nexit codes:\n%s\nexample:\n  %s\n", command->exits, command->example);
}

int command_main(const struct command *command, int argc, char **argv)
{
	struct err err = {0};
	void *options = calloc(1, command->options_size + 1);
	bool help = false;
	int code;

	if (!options) {
		return command_fail(EXIT_REFUSED, "out of memory");
	}
	if (read_options(command, argc, argv, options, &help, &err) != OK) {
		code = command_fail(EXIT_USAGE, "%s: %s (see buildbus %s --help)", command->name, err.text,
				    command->name);
	} else if (help) {
		print_help(command);
		code = EXIT_DONE;
	} else {
		code = command->run(options, argv + optind);
	}
	free(options);
	return code;
}

int command_fail(int code, const char *format, ...)
{
	va_list values;
	char sentence[1024];

	va_start(values, format);
	vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	fprintf(stderr, "buildbus: %s\n", sentence);
	return code;
}

int command_fail_err(const struct err *err)
{
	return command_fail(err->status == ERR_CONFIG ? EXIT_USAGE : EXIT_REFUSED, "%s", err->text);
}
