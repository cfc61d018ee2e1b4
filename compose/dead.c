/* `buildbus dead`: what could not be read or was refused, to look at, try again or throw away. */
/* SPDX-License-Identifier: MIT */
#include "compose/command.h"
#include "compose/dead_letters.h"
#include "compose/dead_print.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define ASKED_AT_ONCE 100

struct dead_options {
	const char *config_file, *sink;
	bool json, all;
};

struct dead {
	const struct dead_options *options;
	char *const *operands; /* after the verb */
	struct asker asker;
	struct letters chosen;
	struct table table;
	size_t shown;
};

static int fail(const struct err *err)
{
	return command_fail_err(err);
}

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
	return status == OK ? EXIT_DONE : fail(&err);
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

/* Those that the command line names. */
static enum status choose(struct dead *dead, struct err *err)
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
		code = fail(&err);
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

	if (choose(dead, &err) != OK) {
		return fail(&err);
	}
	for (size_t i = 0; i < dead->chosen.count; i++) {
		int one = show_one(dead, dead->chosen.numbers[i]);
		code = one > code ? one : code;
	}
	return code;
}

static bool has_number(const msgpack_object_array *list, int64_t number)
{
	for (uint32_t i = 0; i < list->size; i++) {
		if (list->ptr[i].type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
		    (int64_t)list->ptr[i].via.u64 == number) {
			return true;
		}
	}
	return false;
}

static void put_numbers(struct wire_head *head, const int64_t *numbers, size_t count)
{
	wire_put_array(head, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		wire_put_int(head, numbers[i]);
	}
}

static enum status drop_some(struct dead *dead, const int64_t *numbers, size_t count, struct err *err)
{
	const msgpack_object_array *gone;
	struct answer answer = {0};
	struct wire_head head;
	enum status status;

	wire_begin(&head, "dead", 2);
	wire_put_string(&head, "drop");
	put_numbers(&head, numbers, count);
	status = ask(&dead->asker, "dead", &head, &answer, err);
	if (status == OK && wire_array(&answer.fields, 1, &gone)) {
		dead->shown += gone->size;
		for (size_t i = 0; i < count; i++) {
			if (!has_number(gone, numbers[i])) {
				command_fail(EXIT_REFUSED, "%" PRId64 ": no such dead letter", numbers[i]);
			}
		}
	}
	ask_fini(&answer);
	return status;
}

static int dead_drop(struct dead *dead)
{
	struct err err = {0};
	enum status status = choose(dead, &err);

	for (size_t i = 0; status == OK && i < dead->chosen.count; i += ASKED_AT_ONCE) {
		size_t left = dead->chosen.count - i;
		status = drop_some(dead, dead->chosen.numbers + i,
				   left < ASKED_AT_ONCE ? left : ASKED_AT_ONCE, &err);
	}
	if (status != OK) {
		return fail(&err);
	}
	printf("%zu dropped\n", dead->shown);
	return dead->shown == dead->chosen.count ? EXIT_DONE : EXIT_REFUSED;
}

/* For people: the hub's words are docs/protocol.md's. */
static void print_outcome(int64_t number, struct text word, struct text why)
{
	static const struct {
		const char *word, *sentence;
	} words[] = {
		{"record", "read: a new record"},
		{"unchanged", "read: nothing new in it"},
		{"stale", "let go: the hub has a newer version"},
		{"sent", "on its way to the sink: it stays listed until that has confirmed it"},
		{"refused", "refused again: "},
		{"empty", "can't be tried again: "},
		{"gone", "can't be tried again: "},
		{"none", ""},
	};
	const char *sentence = "";

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		sentence = text_is(word, words[i].word) ? words[i].sentence : sentence;
	}
	printf("%" PRId64 ": %s%.*s\n", number, sentence, TEXT_FMT(text_is(why, "already") ? TEXT("") : why));
}

/* Whether it is settled, or will be. */
static bool take_outcome(struct dead *dead, const msgpack_object_array *outcome)
{
	static const char *const good[] = {"record", "unchanged", "stale", "sent"};
	struct text word = {outcome->ptr[1].via.str.ptr, outcome->ptr[1].via.str.size};
	struct text why = {outcome->ptr[2].via.str.ptr, outcome->ptr[2].via.str.size};
	bool well = false;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		well |= text_is(word, good[i]);
	}
	if (dead->options->json) {
		printf("{\"number\":%" PRIu64 ",\"outcome\":\"%.*s\"}\n", outcome->ptr[0].via.u64,
		       TEXT_FMT(word));
	} else {
		print_outcome((int64_t)outcome->ptr[0].via.u64, word, why);
	}
	return well;
}

static bool is_outcome(const msgpack_object *object)
{
	const msgpack_object *at = object->via.array.ptr;

	return object->type == MSGPACK_OBJECT_ARRAY && object->via.array.size >= 3 &&
	       at[0].type == MSGPACK_OBJECT_POSITIVE_INTEGER && at[1].type == MSGPACK_OBJECT_STR &&
	       at[2].type == MSGPACK_OBJECT_STR;
}

/* *count: how many the hub had time for; the others are asked for again. */
static enum status retry_some(struct dead *dead, const int64_t *numbers, size_t *count, struct err *err)
{
	const msgpack_object_array *outcomes = NULL;
	struct answer answer = {0};
	struct wire_head head;
	enum status status;

	wire_begin(&head, "dead", 2);
	wire_put_string(&head, "retry");
	put_numbers(&head, numbers, *count);
	status = ask(&dead->asker, "dead", &head, &answer, err);
	if (status == OK && (!wire_array(&answer.fields, 1, &outcomes) || outcomes->size == 0)) {
		status = err_set(err, ERR_REMOTE, "the normalizer's answer can't be read");
	}
	*count = status == OK ? outcomes->size : 0;
	for (size_t i = 0; i < *count; i++) {
		if (is_outcome(&outcomes->ptr[i])) {
			dead->shown += take_outcome(dead, &outcomes->ptr[i].via.array);
		}
	}
	ask_fini(&answer);
	return status;
}

static int dead_retry(struct dead *dead)
{
	struct err err = {0};
	enum status status = choose(dead, &err);
	size_t count;

	for (size_t i = 0; status == OK && i < dead->chosen.count; i += count) {
		count = dead->chosen.count - i < ASKED_AT_ONCE ? dead->chosen.count - i : ASKED_AT_ONCE;
		status = retry_some(dead, dead->chosen.numbers + i, &count, &err);
	}
	if (status != OK) {
		return fail(&err);
	}
	return dead->shown == dead->chosen.count ? EXIT_DONE : EXIT_REFUSED;
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
										 : fail(&err);
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
								      : fail(&err);
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
		 "  retry  once more: raw records through the normaliser, from what is stored; others to "
		 "their\n"
		 "         sink. None that is newer is overwritten\n"
		 "  drop   throws letters away\n",
	.exits = "  0  done\n"
		 "  1  no normalizer answers, there is no such letter, or it was refused again\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus dead list --sink store",
	.run = dead_main,
};
