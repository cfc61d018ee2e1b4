/* A list of CircleCI's API under construction: items and the token of the next page. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/circleci.h"
#include "tests/sim/sim.h"

struct cc_list {
	yyjson_mut_doc *doc;
	struct put in;
	yyjson_mut_val *items;
};

struct cc_list cc_list_new(void);
struct put cc_list_add(struct cc_list *list);
/* token "": this was the last page. Frees the list. */
void cc_list_reply(struct cc_list *list, const char *token, struct sim_reply *reply);
/* Where the page begins that the query asks for: two numbers, left as they are on the first one. False:
 * answered. */
bool cc_token_read(const struct sim_call *call, int64_t *at, int64_t *number, struct sim_reply *reply);
void cc_token_write(char token[static 64], int64_t at, int64_t number);

/* Of lists of which the token is the index of an item. */
bool cc_list_begin(struct cc_list *list, const struct sim_call *call, int64_t *from, struct sim_reply *reply);
/* The next page begins at `next`, if there are so many. */
void cc_list_end(struct cc_list *list, int64_t next, int64_t count, struct sim_reply *reply);

/* Of a path project/:/:/:/…/<job number>: the index of the job in its build, and its pipeline, to be freed;
 * -1: answered. */
int cc_job_of_call(struct sim *sim, const struct sim_call *call, struct cc_pipeline **pipeline,
		   struct sim_reply *reply);
