/* Answers of the API: lists and single objects. Reads only what decides what to ask next: what it means is
 * the normalizer's work. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "common/schema.h"
#include "fetchers/answer.h"

#include <stdlib.h>
#include <xxhash.h>

#define ITEMS_MAX   20000 /* tokens may lead in a circle */
#define WRITE_FLAGS YYJSON_WRITE_ALLOW_INVALID_UNICODE

static bool is_one_of(yyjson_val *value, const char *const *words)
{
	while (*words && !yyjson_equals_str(value, *words)) {
		words++;
	}
	return *words != NULL;
}

/* It goes into paths. */
static bool take_id(yyjson_val *object, char out[static ID_BYTES])
{
	yyjson_val *id = yyjson_obj_get(object, "id");
	const char *text = yyjson_get_str(id);
	size_t size = yyjson_get_len(id);

	if (!text || size == 0 || size >= ID_BYTES ||
	    strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != size) {
		return false;
	}
	memcpy(out, text, size + 1);
	return true;
}

static void add_to_print(XXH3_state_t *hash, yyjson_val *object, const char *key)
{
	yyjson_val *value = yyjson_obj_get(object, key);

	if (yyjson_is_str(value)) {
		XXH3_64bits_update(hash, yyjson_get_str(value), yyjson_get_len(value));
	}
	XXH3_64bits_update(hash, "", 1);
}

static uint64_t print_of(yyjson_val *object)
{
	static const char *const keys[] = {"id", "status", "state", "stopped_at", "updated_at"};
	XXH3_state_t *hash = XXH3_createState();
	uint64_t print = 0;

	if (hash && XXH3_64bits_reset(hash) == XXH_OK) {
		for (size_t i = 0; i < 5; i++) {
			add_to_print(hash, object, keys[i]);
		}
		print = XXH3_64bits_digest(hash);
	}
	XXH3_freeState(hash);
	return print;
}

static uint64_t name_of(yyjson_val *object)
{
	yyjson_val *name = yyjson_obj_get(object, "name");

	return yyjson_is_str(name) ? XXH3_64bits(yyjson_get_str(name), yyjson_get_len(name)) : 0;
}

static void take_state(yyjson_val *object, struct item *item)
{
	static const char *const over[] = {"success",      "failed",  "error", "canceled",
					   "unauthorized", "not_run", NULL},
				 *const running[] = {"running", "failing", "on_hold", NULL},
				 *const coming[] = {"pending", "setup", "setup-pending", NULL};
	yyjson_val *status = yyjson_obj_get(object, "status"), *state = yyjson_obj_get(object, "state");

	item->ended = is_one_of(status, over) ||
		      (!is_one_of(status, running) && answer_time(object, "stopped_at") != INT_NULL);
	item->passed = yyjson_equals_str(status, "success");
	item->started = answer_time(object, "started_at") > 0;
	item->approval = yyjson_equals_str(yyjson_obj_get(object, "type"), "approval");
	item->errored =
		yyjson_equals_str(state, "errored") || yyjson_arr_size(yyjson_obj_get(object, "errors")) > 0;
	item->coming = is_one_of(state, coming);
}

static void take_project(yyjson_val *object, struct item *item)
{
	yyjson_val *slug = yyjson_obj_get(object, "project_slug");

	if (yyjson_is_str(slug) && yyjson_get_len(slug) < sizeof item->project) {
		memcpy(item->project, yyjson_get_str(slug), yyjson_get_len(slug) + 1);
	}
}

static enum status take_item(yyjson_val *object, struct item *item, struct err *err)
{
	yyjson_val *number = yyjson_obj_get(object, "job_number");

	*item = (struct item){.created_at = answer_time(object, "created_at"),
			      .stopped_at = answer_time(object, "stopped_at"),
			      .name = name_of(object),
			      .number = yyjson_is_uint(number) ? yyjson_get_sint(number) : INT_NULL};
	if (!yyjson_is_obj(object)) {
		return err_set(err, ERR_DATA, "the answer is no object");
	}
	item->print = print_of(object);
	take_state(object, item);
	take_project(object, item);
	item->json = yyjson_val_write_opts(object, WRITE_FLAGS, NULL, &item->size, NULL);
	return item->json ? OK : err_set(err, ERR_SYS, "out of memory for an answer");
}

void item_fini(struct item *item)
{
	free(item->json);
	*item = (struct item){0};
}

static void shrink(struct items *items, size_t count)
{
	while (items->count > count) {
		item_fini(&items->at[--items->count]);
	}
}

void items_fini(struct items *items)
{
	shrink(items, 0);
	free(items->at);
	*items = (struct items){0};
}

static enum status append(struct items *items, yyjson_val *list, struct err *err)
{
	size_t more = yyjson_arr_size(list), i, max;
	struct item *grown;
	yyjson_val *object;

	if (items->count + more > ITEMS_MAX) {
		return err_set(err, ERR_DATA, "the list has no end after %d items", ITEMS_MAX);
	}
	grown = realloc(items->at, (items->count + more + 1) * sizeof *grown);
	if (!grown) {
		return err_set(err, ERR_SYS, "out of memory for a list");
	}
	items->at = grown;
	yyjson_arr_foreach(list, i, max, object)
	{
		struct item *item = &items->at[items->count];
		enum status status = take_item(object, item, err);

		if (status == OK) {
			items->count++;
			if (!take_id(object, item->id)) {
				status = err_set(err, ERR_DATA, "$.items[%zu].id: missing", i);
			}
		}
		if (status != OK) {
			return status;
		}
	}
	return OK;
}

/* A token that leads to itself would be followed for ever. */
enum status answer_next(yyjson_val *root, char next[static TOKEN_BYTES], struct err *err)
{
	yyjson_val *token = yyjson_obj_get(root, "next_page_token");
	const char *text = yyjson_is_str(token) ? yyjson_get_str(token) : "";

	if (strlen(text) >= TOKEN_BYTES) {
		return err_set(err, ERR_DATA, "$.next_page_token: of %zu bytes", strlen(text));
	}
	if (text[0] && strcmp(text, next) == 0) {
		return err_set(err, ERR_DATA, "$.next_page_token: leads back to the same page");
	}
	memcpy(next, text, strlen(text) + 1);
	return OK;
}

enum status answer_list(yyjson_val *root, yyjson_val **list, struct err *err)
{
	*list = yyjson_obj_get(root, "items");
	return yyjson_is_arr(*list) ? OK : err_set(err, ERR_DATA, "the answer is no list: it has no `items`");
}

enum status answer_read_list(struct arena *arena, struct text body, struct items *items,
			     char next[static TOKEN_BYTES], struct err *err)
{
	size_t before = items->count;
	yyjson_val *root, *list;
	enum status status = answer_json(arena, body, &root, err);

	if (status != OK) {
		return status;
	}
	status = answer_list(root, &list, err);
	if (status == OK) {
		status = append(items, list, err);
	}
	if (status == OK) {
		status = answer_next(root, next, err);
	}
	if (status != OK) {
		shrink(items, before);
	}
	return status;
}

enum status answer_read_item(struct arena *arena, struct text body, struct item *item, struct err *err)
{
	yyjson_val *root;
	enum status status = answer_json(arena, body, &root, err);

	if (status == OK) {
		status = take_item(root, item, err);
	}
	if (status == OK) {
		(void)take_id(root, item->id); /* a job's details have none */
	}
	return status;
}

enum status answer_read_organizations(struct arena *arena, struct text body, struct text **slugs,
				      size_t *count, struct err *err)
{
	yyjson_val *root, *organization;
	enum status status = answer_json(arena, body, &root, err);
	size_t i, max;

	*count = 0;
	if (status != OK) {
		return status;
	}
	*slugs =
		yyjson_is_arr(root) ? arena_alloc(arena, (yyjson_arr_size(root) + 1) * sizeof **slugs) : NULL;
	if (!*slugs) {
		return err_set(err, ERR_DATA, "the answer is no list of organizations");
	}
	yyjson_arr_foreach(root, i, max, organization)
	{
		const char *slug = yyjson_get_str(yyjson_obj_get(organization, "slug"));

		if (slug) {
			(*slugs)[(*count)++] = text_of(slug);
		}
	}
	return OK;
}
