/* SPDX-License-Identifier: MIT */
#include "tests/sim/circleci_list.h"

#include <inttypes.h>
#include <stdio.h>

struct cc_list cc_list_new(void)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct cc_list list = {.doc = doc, .in = put_new(doc)};

	yyjson_mut_doc_set_root(doc, list.in.object);
	list.items = yyjson_mut_arr(doc);
	return list;
}

struct put cc_list_add(struct cc_list *list)
{
	struct put in = put_new(list->doc);

	yyjson_mut_arr_append(list->items, in.object);
	return in;
}

void cc_list_reply(struct cc_list *list, const char *token, struct sim_reply *reply)
{
	if (token[0]) {
		put_format(list->in, "next_page_token", "%s", token);
	} else {
		put_null(list->in, "next_page_token");
	}
	yyjson_mut_obj_add_val(list->doc, list->in.object, "items", list->items);
	reply_doc(reply, 200, list->doc);
}

bool cc_token_read(const struct sim_call *call, int64_t *at, int64_t *number, struct sim_reply *reply)
{
	const char *token = query_get(&call->query, "page-token");
	char end;

	if (token && sscanf(token, "AAR%" SCNd64 "_%" SCNd64 "%c", at, number, &end) != 2) {
		reply_message(reply, 400, "Invalid page token");
		return false;
	}
	return true;
}

void cc_token_write(char token[static 64], int64_t at, int64_t number)
{
	snprintf(token, 64, "AAR%" PRId64 "_%" PRId64, at, number);
}

bool cc_list_begin(struct cc_list *list, const struct sim_call *call, int64_t *from, struct sim_reply *reply)
{
	int64_t unused = 0;

	if (!cc_token_read(call, from, &unused, reply)) {
		return false;
	}
	*list = cc_list_new();
	return true;
}

void cc_list_end(struct cc_list *list, int64_t next, int64_t count, struct sim_reply *reply)
{
	char token[64] = "";

	if (next < count) {
		cc_token_write(token, next, 0);
	}
	cc_list_reply(list, token, reply);
}
