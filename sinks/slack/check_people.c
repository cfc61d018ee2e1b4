/* Each member's id of `users` and `mention`: is there such a person? */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/check.h"

#include <string.h>

static void on_user(void *owner, const struct reply *reply);

static void ask_next(struct slack_check *state)
{
	if (state->at < state->person_count) {
		const char *values[] = {"user", state->people[state->at].what, NULL};

		check_ask(state, "users.info", values, on_user);
	} else {
		sink_check_end(state->check);
	}
}

static void on_user(void *owner, const struct reply *reply)
{
	struct slack_check *state = owner;
	const struct wanted *wanted = &state->people[state->at++];

	if (reply->kind == REPLY_OK) {
		bool left = yyjson_is_true(yyjson_obj_get(yyjson_obj_get(reply->root, "user"), "deleted"));

		sink_tell(state->check, left ? CHECK_BAD : CHECK_OK, "%s: %s %s", wanted->where, wanted->what,
			  left ? "has left the workspace: remove the line" : "is a member");
	} else if (strcmp(reply->word, "user_not_found") == 0) {
		sink_tell(state->check, CHECK_BAD,
			  "%s: nobody in the workspace is %s: copy the id anew (Slack: profile, Copy member "
			  "ID)",
			  wanted->where, wanted->what);
	} else {
		check_refused(state, wanted->where, reply);
		return;
	}
	ask_next(state);
}

void check_people(struct slack_check *state)
{
	state->at = 0;
	if (state->person_count > 0 && check_lacks(state, "users:read")) {
		sink_tell(state->check, CHECK_NOTE,
			  "users: ids are not looked at, because the token lacks the scope users:read");
		state->at = state->person_count;
	}
	ask_next(state);
}
