/* `buildbus dead`: what could not be read or was refused, to look at, try again or throw away. */
/* SPDX-License-Identifier: MIT */
#include "compose/dead.h"
#include "compose/command.h"
#include "compose/dead_print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static void list_one(void *context, const msgpack_object_map *letter)
{
	struct dead *dead = context;

	dead->shown++;
	dead->options->json ? letter_json(letter) : letter_row(&dead->table, letter);
}

static int dead_list(struct dead *dead)
{
	struct err err = {0};
	enum status status;

	letter_table(&dead->table);
	status = letters_read(&dead->asker, dead->options->sink, list_one, dead, &err);
	if (status == OK && dead->shown == 0 && !dead->options->json) {
		puts("no dead letters");
	} else if (!dead->options->json && dead->shown > 0) {
		table_print(&dead->table, stdout);
	}
	table_fini(&dead->table);
	return status == OK ? EXIT_DONE : command_fail_err(&err);
}

static enum status read_number(const char *word, int64_t *number, struct err *err)
{
	char *end;

	errno = 0;
	*number = strtoll(word, &end, 10);
	return errno || end == word || *end || *number < 1
		       ? err_set(err, ERR_CONFIG,
				 "dead: %s is no id of a dead letter: `buildbus dead list` has them", word)
		       : OK;
}

enum status dead_choose(struct dead *dead, struct err *err)
{
	const struct dead_options *options = dead->options;
	enum status status = OK;
	int64_t number;

	if ((*dead->operands != NULL) == (options->all || options->sink)) {
		return err_set(err, ERR_CONFIG, "dead: name letters by their ids, or --sink NAME, or --all");
	}
	if (!*dead->operands) {
		return letters_gather(&dead->asker, options->sink, &dead->chosen, err);
	}
	for (char *const *word = dead->operands; status == OK && *word; word++) {
		status = read_number(*word, &number, err);
		if (status == OK && !letters_add(&dead->chosen, number)) {
			status = err_set(err, ERR_SYS, "out of memory");
		}
	}
	return status;
}

static int show_one(struct dead *dead, int64_t number)
{
	struct answer answer = {0};
	struct wire_head head;
	struct err err = {0};
	int code = EXIT_DONE;

	wire_begin(&head, "dead", 2);
	wire_put_string(&head, "show");
	wire_put_int(&head, number);
	if (ask(&dead->asker, "dead", &head, &answer, &err) != OK) {
		code = command_fail_err(&err);
	} else if (!wire_map(&answer.fields, 1, &answer.map)) {
		code = command_fail(EXIT_REFUSED, "%" PRId64 ": no such dead letter", number);
	} else {
		letter_show(answer.map,
			    wire_body_count(&answer.message) ? wire_body_at(&answer.message, 0)
							     : (struct text){0},
			    dead->options->json);
	}
	ask_fini(&answer);
	return code;
}

static int dead_show(struct dead *dead)
{
	struct err err = {0};
	int code = EXIT_DONE;

	if (dead_choose(dead, &err) != OK) {
		return command_fail_err(&err);
	}
	for (size_t i = 0; i < dead->chosen.count; i++) {
		int one = show_one(dead, dead->chosen.numbers[i]);
		code = one > code ? one : code;
	}
	return code;
}

static const struct {
	const char *name;
	int (*run)(struct dead *dead);
} verbs[] = {
	{"list", dead_list},
	{"show", dead_show},
	{"retry", dead_retry},
	{"drop", dead_drop},
};

static int run_verb(const struct dead_options *options, char *const *operands, const struct config *config)
{
	struct dead dead = {.options = options, .operands = operands + 1};
	struct err err = {0};
	int code = EXIT_USAGE;

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(*operands, verbs[i].name) == 0) {
			code = asker_open(&dead.asker, &config->bus, &err) == OK ? verbs[i].run(&dead)
										 : command_fail_err(&err);
			asker_close(&dead.asker);
			letters_fini(&dead.chosen);
			return code;
		}
	}
	return command_fail(EXIT_USAGE,
			    "dead: %s: give it list, show, retry or drop (see buildbus dead --help)",
			    *operands);
}

static int dead_main(const void *given, char *const *operands)
{
	const struct dead_options *options = given;
	struct config config = {0};
	struct err err = {0};
	int code;

	if (!*operands) {
		return command_fail(EXIT_USAGE, "dead: list, show, retry or drop (see buildbus dead --help)");
	}
	code = config_load(&config, options->config_file, &err) == OK ? run_verb(options, operands, &config)
								      : command_fail_err(&err);
	config_fini(&config);
	return code;
}

static const struct option_row dead_rows[] = {
	OPTION_CONFIG_FILE(struct dead_options, config_file),
	{"all", 0, OPTION_FLAG, offsetof(struct dead_options, all), NULL, "every dead letter", 0, 0},
	{"sink", 0, OPTION_TEXT, offsetof(struct dead_options, sink), "NAME", "those that this sink refused",
	 0, 0},
	{"json", 0, OPTION_FLAG, offsetof(struct dead_options, json), NULL, "a JSON object a line", 0, 0},
	OPTION_END,
};

const struct command dead_command = {
	.name = "dead",
	.summary = "dead letters: what could not be read, or was refused by a sink",
	.operands = "list|show|retry|drop [ID…]",
	.options = dead_rows,
	.options_size = sizeof(struct dead_options),
	.notes = "  list   id, since when, where from, key and reason of each\n"
		 "  show   all of it, as it is kept\n"
		 "  retry  once more: raw records through the normalizer, from what is stored; others to "
		 "their\n"
		 "         sink. None that is newer is overwritten\n"
		 "  drop   throws letters away\n",
	.exits = "  0  done\n"
		 "  1  no normalizer answers, there is no such letter, or it was refused again\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus dead list --sink store",
	.run = dead_main,
};
