/* Channels, people, the token itself. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_it(const struct slack_channel *channel, const char *wanted, bool by_name)
{
	return strcmp(channel->id, wanted) == 0 ||
	       (by_name && !channel->private && strcmp(channel->name, wanted + (*wanted == '#')) == 0);
}

struct slack_channel *slack_channel_of(struct fake_slack *fake, const struct slack_request *request,
				       struct slack_reply *reply, bool by_name)
{
	const char *wanted = slack_arg(request, "channel");

	if (!wanted) {
		slack_error(reply, "invalid_arguments", "%s",
			    ",\"response_metadata\":{\"messages\":[\"[ERROR] missing required field: "
			    "channel\"]}");
		return NULL;
	}
	for (size_t i = 0; i < fake->channel_count; i++) {
		if (is_it(&fake->channels[i], wanted, by_name) &&
		    (!fake->channels[i].private || fake->channels[i].member)) {
			return &fake->channels[i];
		}
	}
	slack_error(reply, "channel_not_found", "%s", "");
	return NULL;
}

static yyjson_mut_val *channel_json(yyjson_mut_doc *doc, const struct slack_channel *channel)
{
	yyjson_mut_val *json = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_strcpy(doc, json, "id", channel->id);
	yyjson_mut_obj_add_strcpy(doc, json, "name", channel->name);
	yyjson_mut_obj_add_bool(doc, json, "is_channel", !channel->private);
	yyjson_mut_obj_add_bool(doc, json, "is_group", channel->private);
	yyjson_mut_obj_add_bool(doc, json, "is_private", channel->private);
	yyjson_mut_obj_add_bool(doc, json, "is_archived", channel->archived);
	yyjson_mut_obj_add_bool(doc, json, "is_member", channel->member);
	return json;
}

void slack_info(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	const struct slack_channel *channel = slack_channel_of(fake, request, reply, false);
	yyjson_mut_doc *doc;

	if (!channel || !slack_scope_fits(fake, slack_method_of(SLACK_INFO), channel, reply)) {
		return;
	}
	doc = slack_ok();
	yyjson_mut_obj_add_val(doc, yyjson_mut_doc_get_root(doc), "channel", channel_json(doc, channel));
	slack_answer(reply, doc);
}

static bool is_wanted(const struct fake_slack *fake, const struct slack_request *request,
		      const struct slack_channel *channel)
{
	const char *types = slack_arg(request, "types");

	if (channel->archived && slack_arg_bool(request, "exclude_archived")) {
		return false;
	}
	if (channel->private) {
		return types && strstr(types, "private_channel") && channel->member &&
		       slack_has_scope(fake, "groups:read");
	}
	return (!types || strstr(types, "public_channel")) && slack_has_scope(fake, "channels:read");
}

static int64_t page_of(const struct fake_slack *fake, const struct slack_request *request)
{
	int64_t limit = slack_arg_int(request, "limit", 100);

	limit = limit < 1 || limit > 1000 ? 100 : limit;
	return fake->page_max && limit > fake->page_max ? fake->page_max : limit;
}

static void add_cursor(yyjson_mut_doc *doc, size_t next)
{
	yyjson_mut_val *more = yyjson_mut_obj_add_obj(doc, yyjson_mut_doc_get_root(doc), "response_metadata");
	char cursor[32] = "";

	if (next) {
		snprintf(cursor, sizeof cursor, "dGVhbTpD%zu=", next);
	}
	yyjson_mut_obj_add_strcpy(doc, more, "next_cursor", cursor);
}

static size_t cursor_of(const struct slack_request *request)
{
	const char *cursor = slack_arg(request, "cursor");
	size_t at = 0;

	return cursor && sscanf(cursor, "dGVhbTpD%zu", &at) == 1 ? at : 0;
}

void slack_list(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	yyjson_mut_doc *doc = slack_ok();
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, yyjson_mut_doc_get_root(doc), "channels");
	int64_t limit = page_of(fake, request);
	size_t i = cursor_of(request);

	for (; i < fake->channel_count && (int64_t)yyjson_mut_arr_size(list) < limit; i++) {
		if (is_wanted(fake, request, &fake->channels[i])) {
			yyjson_mut_arr_append(list, channel_json(doc, &fake->channels[i]));
		}
	}
	add_cursor(doc, i < fake->channel_count ? i : 0);
	slack_answer(reply, doc);
}

void slack_members(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	const struct slack_channel *channel = slack_channel_of(fake, request, reply, false);
	yyjson_mut_val *list;
	yyjson_mut_doc *doc;

	if (!channel || !slack_scope_fits(fake, slack_method_of(SLACK_MEMBERS), channel, reply)) {
		return;
	}
	doc = slack_ok();
	list = yyjson_mut_obj_add_arr(doc, yyjson_mut_doc_get_root(doc), "members");
	if (channel->member) {
		yyjson_mut_arr_add_str(doc, list, "U0BOT");
	}
	for (size_t i = 0; i < fake->user_count; i++) {
		yyjson_mut_arr_add_strcpy(doc, list, fake->users[i].id);
	}
	add_cursor(doc, 0);
	slack_answer(reply, doc);
}

static void answer_user(const struct slack_user *user, const char *none, struct slack_reply *reply)
{
	yyjson_mut_doc *doc;
	yyjson_mut_val *json;

	if (!user) {
		slack_error(reply, none, "%s", "");
		return;
	}
	doc = slack_ok();
	json = yyjson_mut_obj_add_obj(doc, yyjson_mut_doc_get_root(doc), "user");
	yyjson_mut_obj_add_strcpy(doc, json, "id", user->id);
	yyjson_mut_obj_add_bool(doc, json, "deleted", user->deleted);
	yyjson_mut_obj_add_strcpy(doc, yyjson_mut_obj_add_obj(doc, json, "profile"), "email", user->email);
	slack_answer(reply, doc);
}

/* Those who left are not found by their address, as there. */
void slack_lookup(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	const char *email = slack_arg(request, "email");
	const struct slack_user *found = NULL;

	for (size_t i = 0; i < fake->user_count && email; i++) {
		if (strcasecmp(fake->users[i].email, email) == 0 && !fake->users[i].deleted) {
			found = &fake->users[i];
		}
	}
	answer_user(found, "users_not_found", reply);
}

void slack_user(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	const char *id = slack_arg(request, "user");
	const struct slack_user *found = NULL;

	for (size_t i = 0; i < fake->user_count && id; i++) {
		found = strcmp(fake->users[i].id, id) == 0 ? &fake->users[i] : found;
	}
	answer_user(found, "user_not_found", reply);
}

void slack_auth(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	(void)fake, (void)request;
	free(reply->body);
	reply->body = strdup("{\"ok\":true,\"url\":\"https:\\/\\/fake.slack.com\\/\",\"team\":\"Fake\","
			     "\"user\":\"buildbus\",\"team_id\":\"T0FAKE\",\"user_id\":\"U0BOT\","
			     "\"bot_id\":\"B0BOT\",\"is_enterprise_install\":false}");
}
