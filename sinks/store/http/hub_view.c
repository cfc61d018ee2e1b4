/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/hub_view.h"
#include "common/ask.h"
#include "common/dead_letters.h"
#include "common/msgpack_json.h"

#include <stdlib.h>

enum { LETTERS_MAX = 100 };

static char *text_of_doc(yyjson_mut_doc *doc, size_t *size)
{
	char *text = yyjson_mut_write(
		doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE | YYJSON_WRITE_INF_AND_NAN_AS_NULL, size);

	yyjson_mut_doc_free(doc);
	return text;
}

char *hub_silence(const char *said, size_t *size)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_bool(doc, root, "unreachable", true);
	yyjson_mut_obj_add_strcpy(doc, root, "said", said);
	return text_of_doc(doc, size);
}

void hub_leave(struct asker **asker)
{
	if (*asker) {
		asker_close(*asker);
		free(*asker);
		*asker = NULL;
	}
}

static enum status reach(struct asker **asker, const struct bus_config *bus, struct err *err)
{
	if (*asker) {
		return OK;
	}
	*asker = calloc(1, sizeof **asker);
	return *asker ? asker_open(*asker, bus, err) : err_sys(err, "memory for a connection");
}

static enum status view_bus(struct asker *asker, yyjson_mut_doc *doc, struct err *err)
{
	struct answer answer = {0};
	struct wire_head head;
	enum status status;

	wire_begin(&head, "status", 0);
	status = ask(asker, "status", &head, &answer, err);
	if (status == OK && !wire_map(&answer.fields, 0, &answer.map)) {
		status = err_set(err, ERR_REMOTE, "the normalizer's status can't be read");
	}
	if (status == OK) {
		yyjson_mut_doc_set_root(doc, msgpack_json_map(doc, answer.map));
	}
	ask_fini(&answer);
	return status;
}

/* Letters come oldest first: the list keeps the last ones, newest first. */
struct listing {
	yyjson_mut_doc *doc;
	yyjson_mut_val *letters;
	int64_t count;
};

static void list_letter(void *context, const msgpack_object_map *letter)
{
	struct listing *listing = context;

	listing->count++;
	yyjson_mut_arr_prepend(listing->letters, msgpack_json_map(listing->doc, letter));
	if (yyjson_mut_arr_size(listing->letters) > LETTERS_MAX) {
		yyjson_mut_arr_remove_last(listing->letters);
	}
}

static enum status view_dead(struct asker *asker, yyjson_mut_doc *doc, struct err *err)
{
	struct listing listing = {doc, yyjson_mut_arr(doc), 0};
	enum status status = letters_read(asker, NULL, list_letter, &listing, err);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_sint(doc, root, "count", listing.count);
	yyjson_mut_obj_add_val(doc, root, "letters", listing.letters);
	return status;
}

char *hub_view(struct asker **asker, const struct bus_config *bus, enum watch_view view, size_t *size)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct err err;
	enum status status = doc ? reach(asker, bus, &err) : err_set(&err, ERR_SYS, "out of memory");

	if (status == OK) {
		status = (view == WATCH_BUS ? view_bus : view_dead)(*asker, doc, &err);
	}
	if (status == OK) {
		return text_of_doc(doc, size);
	}
	yyjson_mut_doc_free(doc);
	hub_leave(asker);
	return hub_silence(err.text, size);
}
