/* `buildbus dead retry` and `drop`. */
/* SPDX-License-Identifier: MIT */
#include "compose/dead.h"

#include <inttypes.h>
#include <stdlib.h>
#include <yyjson.h>

#define ASKED_AT_ONCE 100

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

static int none_there(const struct dead *dead)
{
	if (!dead->options->json) {
		puts("no dead letters");
	}
	return EXIT_DONE;
}

int dead_drop(struct dead *dead)
{
	struct err err = {0};
	enum status status = dead_choose(dead, &err);

	for (size_t i = 0; status == OK && i < dead->chosen.count; i += ASKED_AT_ONCE) {
		size_t left = dead->chosen.count - i;
		status = drop_some(dead, dead->chosen.numbers + i,
				   left < ASKED_AT_ONCE ? left : ASKED_AT_ONCE, &err);
	}
	if (status != OK) {
		return command_fail_err(&err);
	}
	if (dead->chosen.count == 0) {
		return none_there(dead);
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

static void print_json(int64_t number, struct text word, struct text why)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = doc ? yyjson_mut_obj(doc) : NULL;
	char *text;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_sint(doc, root, "number", number);
	yyjson_mut_obj_add_strn(doc, root, "outcome", word.at, word.size);
	yyjson_mut_obj_add_strn(doc, root, "why", why.at, why.size);
	text = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	puts(text ? text : "{}");
	free(text);
	yyjson_mut_doc_free(doc);
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
		print_json((int64_t)outcome->ptr[0].via.u64, word, why);
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

int dead_retry(struct dead *dead)
{
	struct err err = {0};
	enum status status = dead_choose(dead, &err);
	size_t count;

	for (size_t i = 0; status == OK && i < dead->chosen.count; i += count) {
		count = dead->chosen.count - i < ASKED_AT_ONCE ? dead->chosen.count - i : ASKED_AT_ONCE;
		status = retry_some(dead, dead->chosen.numbers + i, &count, &err);
	}
	if (status != OK) {
		return command_fail_err(&err);
	}
	if (dead->chosen.count == 0) {
		return none_there(dead);
	}
	return dead->shown == dead->chosen.count ? EXIT_DONE : EXIT_REFUSED;
}
