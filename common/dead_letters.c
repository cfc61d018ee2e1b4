/* SPDX-License-Identifier: MIT */
#include "common/dead_letters.h"

#include <stdlib.h>

bool letters_add(struct letters *letters, int64_t number)
{
	if (letters->count == letters->capacity) {
		size_t capacity = letters->capacity ? letters->capacity * 2 : 64;
		int64_t *numbers = realloc(letters->numbers, capacity * sizeof *numbers);

		if (!numbers) {
			return false;
		}
		letters->numbers = numbers;
		letters->capacity = capacity;
	}
	letters->numbers[letters->count++] = number;
	return true;
}

void letters_fini(struct letters *letters)
{
	free(letters->numbers);
	*letters = (struct letters){0};
}

const msgpack_object *letter_at(const msgpack_object_map *letter, const char *key)
{
	for (uint32_t i = 0; i < letter->size; i++) {
		const msgpack_object_str *name = &letter->ptr[i].key.via.str;

		if (letter->ptr[i].key.type == MSGPACK_OBJECT_STR &&
		    text_is((struct text){name->ptr, name->size}, key)) {
			return &letter->ptr[i].val;
		}
	}
	return NULL;
}

static enum status ask_page(struct asker *asker, const char *sink, int64_t after, struct answer *answer,
			    struct err *err)
{
	struct wire_head head;
	char stage[600];

	snprintf(stage, sizeof stage, "sink:%s", sink ? sink : "");
	wire_begin(&head, "dead", 3);
	wire_put_string(&head, "list");
	wire_put_int(&head, after);
	wire_put_string(&head, sink ? stage : NULL);
	return ask(asker, "dead", &head, answer, err);
}

static void read_page(const msgpack_object_array *rows, int64_t *after,
		      void (*each)(void *context, const msgpack_object_map *letter), void *context)
{
	for (uint32_t i = 0; i < rows->size; i++) {
		const msgpack_object *row = &rows->ptr[i], *number;

		if (row->type == MSGPACK_OBJECT_MAP && (number = letter_at(&row->via.map, "number")) &&
		    number->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
			*after = (int64_t)number->via.u64;
			each(context, &row->via.map);
		}
	}
}

enum status letters_read(struct asker *asker, const char *sink,
			 void (*each)(void *context, const msgpack_object_map *letter), void *context,
			 struct err *err)
{
	const msgpack_object_array *rows;
	struct answer answer = {0};
	enum status status;
	int64_t after = 0, before;
	bool more;

	do {
		before = after;
		status = ask_page(asker, sink, after, &answer, err);
		more = status == OK && wire_array(&answer.fields, 1, &rows) && wire_true(&answer.fields, 2);
		if (status == OK && wire_array(&answer.fields, 1, &rows)) {
			read_page(rows, &after, each, context);
		}
	} while (more && after > before);
	ask_fini(&answer);
	return status;
}

struct gathering {
	struct letters *letters;
	bool failed;
};

static void gather_one(void *context, const msgpack_object_map *letter)
{
	struct gathering *gathering = context;

	gathering->failed |= !letters_add(gathering->letters, (int64_t)letter_at(letter, "number")->via.u64);
}

enum status letters_gather(struct asker *asker, const char *sink, struct letters *letters, struct err *err)
{
	struct gathering gathering = {.letters = letters};
	enum status status = letters_read(asker, sink, gather_one, &gathering, err);

	return status == OK && gathering.failed ? err_set(err, ERR_SYS, "out of memory for the dead letters")
						: status;
}
