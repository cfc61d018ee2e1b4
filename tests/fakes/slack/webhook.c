/* Incoming webhooks: JSON in, "ok" or a word as plain text out, with a real HTTP status; into one channel. */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/slack/slack.h"

#include <stdlib.h>
#include <string.h>

static void say(struct slack_reply *reply, long code, const char *word)
{
	free(reply->body);
	reply->body = strdup(word);
	reply->code = code;
	reply->content_type = "text/html";
}

/* The word in {"ok":false,"error":"WORD"}. */
static void say_error(struct slack_reply *reply)
{
	char word[64] = "invalid_payload";

	if (reply->code == 429) {
		say(reply, 429, "rate_limited");
		return;
	}
	(void)!sscanf(reply->body, "{\"ok\":false,\"error\":\"%63[a-z_]", word);
	say(reply, 400, word);
}

void slack_webhook(struct fake_slack *fake, const struct slack_request *request, struct slack_reply *reply)
{
	struct slack_channel *channel = &fake->channels[0];
	struct slack_content content;

	if (strcmp(request->path, SLACK_HOOK) != 0) {
		say(reply, 404, "no_service");
	} else if (!request->json || request->broken) {
		say(reply, 400, "invalid_payload");
	} else if (channel->archived) {
		say(reply, 410, "channel_is_archived");
	} else if (!slack_content_read(request, &content, reply)) {
		say_error(reply);
	} else {
		if (slack_may_post(fake, channel, reply)) {
			slack_store(fake, channel, &content, slack_arg(request, "thread_ts"), false);
			say(reply, 200, "ok");
		} else {
			say_error(reply);
		}
		slack_content_fini(&content);
	}
}
