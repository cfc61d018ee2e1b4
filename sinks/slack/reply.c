/* What an answer of Slack means for who spoke: try later, look it up, give up this message, this
 * channel or the token; and what a person should do. */
/* SPDX-License-Identifier: MIT */
#include "sinks/slack/api.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define INVITE "invite the app there (/invite @NAME)"
#define TOKEN  "install the app anew and put its Bot User OAuth Token into `token`"

/* docs.slack.dev: errors of chat.postMessage, chat.update, conversations.history, users.lookupByEmail; those
 * of incoming webhooks are the same words or come as channel_is_archived, no_service and the like. */
static const struct {
	const char *word;
	enum reply_kind kind;
	const char *cure;
} meanings[] = {
	{"channel_not_found", REPLY_CHANNEL, "correct `channel`, or, of a private channel, " INVITE},
	{"not_in_channel", REPLY_CHANNEL, INVITE ", or give it the scope chat:write.public"},
	{"is_archived", REPLY_CHANNEL, "unarchive the channel, or name another one in `channel`"},
	{"channel_is_archived", REPLY_CHANNEL, "unarchive the channel, or make a webhook for another one"},
	{"restricted_action", REPLY_CHANNEL, "let the app post there in the channel's settings"},
	{"restricted_action_read_only_channel", REPLY_CHANNEL,
	 "let the app post there in the channel's settings"},
	{"restricted_action_thread_only_channel", REPLY_CHANNEL,
	 "let the app post there in the channel's settings"},
	{"posting_to_general_channel_denied", REPLY_CHANNEL, "name another channel"},
	{"team_access_not_granted", REPLY_CHANNEL, "give the app access to the channel's workspace"},
	{"action_prohibited", REPLY_CHANNEL, "an administrator restricts posting there: ask one"},
	{"no_service", REPLY_CHANNEL, "the webhook was removed: make a new one, put it into `webhook_url`"},
	{"no_service_id", REPLY_CHANNEL, "correct `webhook_url`"},
	{"no_team", REPLY_CHANNEL, "correct `webhook_url`"},
	{"team_disabled", REPLY_CHANNEL, "the workspace is disabled"},
	{"invalid_token", REPLY_CHANNEL, "correct `webhook_url`"},
	{"user_not_found", REPLY_CHANNEL, "make a new webhook, put it into `webhook_url`"},
	{"not_authed", REPLY_TOKEN, TOKEN},
	{"invalid_auth", REPLY_TOKEN, TOKEN},
	{"account_inactive", REPLY_TOKEN, TOKEN},
	{"token_revoked", REPLY_TOKEN, TOKEN},
	{"token_expired", REPLY_TOKEN, TOKEN},
	{"not_allowed_token_type", REPLY_TOKEN, "use the Bot User OAuth Token (xoxb-…)"},
	{"no_permission", REPLY_TOKEN, TOKEN},
	{"org_login_required", REPLY_TOKEN, TOKEN},
	{"access_denied", REPLY_TOKEN, TOKEN},
	{"missing_scope", REPLY_TOKEN, "add the scope under OAuth & Permissions and install the app anew"},
	{"ekm_access_denied", REPLY_TOKEN, "an administrator suspended posting: ask one"},
	{"msg_too_long", REPLY_MESSAGE, ""},
	{"msg_blocks_too_long", REPLY_MESSAGE, ""},
	{"no_text", REPLY_MESSAGE, ""},
	{"too_many_attachments", REPLY_MESSAGE, ""},
	{"invalid_blocks", REPLY_MESSAGE, ""},
	{"invalid_blocks_format", REPLY_MESSAGE, ""},
	{"invalid_payload", REPLY_MESSAGE, ""},
	{"invalid_arguments", REPLY_MESSAGE, ""},
	{"invalid_arg_name", REPLY_MESSAGE, ""},
	{"invalid_array_arg", REPLY_MESSAGE, ""},
	{"invalid_json", REPLY_MESSAGE, ""},
	{"json_not_object", REPLY_MESSAGE, ""},
	{"invalid_metadata_format", REPLY_MESSAGE, ""},
	{"invalid_metadata_schema", REPLY_MESSAGE, ""},
	{"metadata_too_large", REPLY_MESSAGE, ""},
	{"metadata_must_be_sent_from_app", REPLY_MESSAGE, ""},
	{"message_not_found", REPLY_MESSAGE, ""},
	{"cant_update_message", REPLY_MESSAGE, ""},
	{"edit_window_closed", REPLY_MESSAGE, ""},
	{"thread_not_found", REPLY_MESSAGE, ""},
	{"cannot_reply_to_message", REPLY_MESSAGE, ""},
	{"users_not_found", REPLY_MESSAGE, ""},
	{"ratelimited", REPLY_LATER, ""},
	{"rate_limited", REPLY_LATER, ""},
	{"rate_limit_exceeded", REPLY_LATER, ""},
	{"message_limit_exceeded", REPLY_LATER, ""},
	{"team_added_to_org", REPLY_LATER, ""},
	/* "It's possible some aspect of the operation succeeded." */
	{"request_timeout", REPLY_UNSURE, ""},
	{"fatal_error", REPLY_UNSURE, ""},
	{"internal_error", REPLY_UNSURE, ""},
	{"service_unavailable", REPLY_UNSURE, ""},
	{"rollup_error", REPLY_UNSURE, ""},
};

/* Words are added without notice: one that is new is taken for a passing trouble. */
static void by_word(struct reply *reply)
{
	reply->kind = REPLY_LATER;
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
		if (strcmp(reply->word, meanings[i].word) == 0) {
			reply->kind = meanings[i].kind;
			reply->cure = meanings[i].cure;
			reply->known = true;
		}
	}
}

static void take_word(struct reply *reply, const char *word, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < size && used + 1 < sizeof reply->word; i++) {
		if (!isalnum((unsigned char)word[i]) && word[i] != '_') {
			break;
		}
		reply->word[used++] = word[i];
	}
	reply->word[used] = '\0';
}

static void read_json(const struct http_answer *answer, struct reply *reply, yyjson_doc **doc)
{
	const char *error, *needed;

	*doc = yyjson_read(answer->body, answer->body_size, 0);
	reply->root = yyjson_doc_get_root(*doc);
	if (!yyjson_is_obj(reply->root)) {
		reply->kind = REPLY_UNSURE;
		snprintf(reply->text, sizeof reply->text, "the answer is no JSON: is `api_url` Slack's?");
		return;
	}
	if (yyjson_is_true(yyjson_obj_get(reply->root, "ok"))) {
		reply->kind = REPLY_OK;
		return;
	}
	error = yyjson_get_str(yyjson_obj_get(reply->root, "error"));
	take_word(reply, error ? error : "no_error_given", error ? strlen(error) : 14);
	by_word(reply);
	needed = yyjson_get_str(yyjson_obj_get(reply->root, "needed"));
	snprintf(reply->text, sizeof reply->text, "%s%s%.100s", reply->word, needed ? ": needs " : "",
		 needed ? needed : "");
}

static void read_webhook(const struct http_answer *answer, struct reply *reply)
{
	take_word(reply, answer->body, answer->body_size);
	snprintf(reply->text, sizeof reply->text, "%s", reply->word);
	if (answer->class == HTTP_OK) {
		reply->kind = REPLY_OK;
		return;
	}
	by_word(reply);
}

void reply_read(const struct http_answer *answer, bool webhook, struct reply *reply, yyjson_doc **doc)
{
	*reply = (struct reply){.cure = "", .scopes = answer->scopes};
	*doc = NULL;
	if (answer->class == HTTP_FAILED) {
		reply->kind = REPLY_UNSURE;
		snprintf(reply->text, sizeof reply->text, "%.290s", answer->err.text);
		return;
	}
	if (answer->class == HTTP_LIMITED) {
		reply->kind = REPLY_LATER;
		reply->known = true;
		reply->after_ms = answer->retry_after_ms > 0 ? answer->retry_after_ms : 0;
		snprintf(reply->word, sizeof reply->word, "ratelimited");
		snprintf(reply->text, sizeof reply->text, "ratelimited");
		return;
	}
	if (answer->class == HTTP_SERVER || answer->class == HTTP_REDIRECT) {
		reply->kind = REPLY_UNSURE;
		snprintf(reply->text, sizeof reply->text, "HTTP status %ld", answer->code);
		return;
	}
	webhook ? read_webhook(answer, reply) : read_json(answer, reply, doc);
}
