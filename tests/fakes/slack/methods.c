/* The methods, with their arguments, scopes and tiers (facts of Slack's method pages), and how arguments are
 * read. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <stdlib.h>
#include <string.h>

const struct slack_method slack_methods[] = {
	{"chat.postMessage",
	 SLACK_POST,
	 true,
	 0, /* one a second in each channel instead */
	 "chat:write",
	 NULL,
	 {"channel", "text", "blocks", "attachments", "thread_ts", "reply_broadcast", "metadata",
	  "unfurl_links", "unfurl_media", "mrkdwn", "parse", "link_names", "username", "icon_emoji",
	  "icon_url"},
	 slack_post},
	{"chat.update",
	 SLACK_UPDATE,
	 true,
	 50,
	 "chat:write",
	 NULL,
	 {"channel", "ts", "text", "blocks", "attachments", "metadata", "parse", "link_names",
	  "reply_broadcast"},
	 slack_update},
	{"chat.getPermalink",
	 SLACK_PERMALINK,
	 false,
	 0,
	 NULL,
	 NULL,
	 {"channel", "message_ts"},
	 slack_permalink},
	{"conversations.history",
	 SLACK_HISTORY,
	 false,
	 50,
	 "channels:history",
	 "groups:history",
	 {"channel", "cursor", "inclusive", "latest", "limit", "oldest", "include_all_metadata"},
	 slack_history},
	{"conversations.replies",
	 SLACK_REPLIES,
	 false,
	 50,
	 "channels:history",
	 "groups:history",
	 {"channel", "ts", "cursor", "inclusive", "latest", "limit", "oldest", "include_all_metadata"},
	 slack_replies},
	{"conversations.info",
	 SLACK_INFO,
	 false,
	 50,
	 "channels:read",
	 "groups:read",
	 {"channel", "include_locale", "include_num_members"},
	 slack_info},
	{"conversations.list",
	 SLACK_LIST,
	 false,
	 20,
	 "channels:read",
	 "groups:read",
	 {"cursor", "exclude_archived", "limit", "team_id", "types"},
	 slack_list},
	{"conversations.members",
	 SLACK_MEMBERS,
	 false,
	 100,
	 "channels:read",
	 "groups:read",
	 {"channel", "cursor", "limit"},
	 slack_members},
	{"users.lookupByEmail", SLACK_LOOKUP, false, 50, "users:read.email", NULL, {"email"}, slack_lookup},
	{"users.info", SLACK_USER, false, 100, "users:read", NULL, {"user", "include_locale"}, slack_user},
	{"auth.test", SLACK_AUTH, true, 0, NULL, NULL, {NULL}, slack_auth},
	{"/services", SLACK_WEBHOOK, true, 0, NULL, NULL, {NULL}, slack_webhook},
};
const size_t slack_method_count = sizeof slack_methods / sizeof *slack_methods;

const struct slack_method *slack_method_of(enum slack_verb verb)
{
	size_t i = 0;

	while (slack_methods[i].verb != verb) {
		i++;
	}
	return &slack_methods[i];
}

static yyjson_mut_val *find(const struct slack_request *request, const char *name)
{
	return yyjson_mut_obj_get(yyjson_mut_doc_get_root(request->args), name);
}

const char *slack_arg(const struct slack_request *request, const char *name)
{
	return yyjson_mut_get_str(find(request, name));
}

bool slack_arg_bool(const struct slack_request *request, const char *name)
{
	yyjson_mut_val *value = find(request, name);
	const char *text = yyjson_mut_get_str(value);

	return text ? strcmp(text, "true") == 0 || strcmp(text, "1") == 0 : yyjson_mut_is_true(value);
}

int64_t slack_arg_int(const struct slack_request *request, const char *name, int64_t otherwise)
{
	yyjson_mut_val *value = find(request, name);
	const char *text = yyjson_mut_get_str(value);
	char *end = NULL;
	int64_t number = text ? strtoll(text, &end, 10) : yyjson_mut_get_sint(value);

	return !value || (text && (end == text || *end)) ? otherwise : number;
}

char *slack_arg_json(const struct slack_request *request, const char *name, bool *broken)
{
	yyjson_mut_val *value = find(request, name);
	const char *text = yyjson_mut_get_str(value);
	yyjson_doc *doc;
	char *json;

	*broken = false;
	if (!value || yyjson_mut_is_null(value)) {
		return NULL;
	}
	if (!text) {
		return yyjson_mut_val_write(value, 0, NULL);
	}
	doc = yyjson_read(text, strlen(text), 0);
	json = yyjson_write(doc, 0, NULL);
	yyjson_doc_free(doc);
	*broken = !json;
	return json;
}
