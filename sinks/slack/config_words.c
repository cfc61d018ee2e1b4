/* SPDX-License-Identifier: MIT */
#include "sinks/slack/config_words.h"

#include "common/log.h"
#include "sinks/slack/glob.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define CHANNEL_NAME_MAX 80

static bool starts(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

/* Where a secret belongs; NULL: it is none. It is masked from now on. */
static const char *belongs_under(const char *text)
{
	const char *key = strcasestr(text, "hooks.slack.com/")           ? "webhook_url"
			  : strcasestr(text, "hooks.slack-gov.com/")     ? "webhook_url"
			  : starts(text, "xox") || starts(text, "xapp-") ? "token"
									 : NULL;

	if (key) {
		log_secret(text);
	}
	return key;
}

static enum status check_no_secret(const char *text, struct err *err)
{
	const char *key = belongs_under(text);

	return !key ? OK
		    : err_set(err, ERR_CONFIG,
			      "holds a secret, which belongs under %s; if it was shown to "
			      "anybody, make a new one",
			      key);
}

/* An id: one of letters, then at least 8 capitals and digits. */
static bool is_id(const char *text, const char *letters)
{
	size_t len = strlen(text);

	return *text && strchr(letters, *text) && len >= 9 && len <= 40 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

enum status slack_check_token(const char *text, struct err *err)
{
	static const struct {
		const char *start, *sentence;
	} others[] = {
		{"xoxp-", "is a user token (xoxp-), which would post as that person"},
		{"xapp-", "is an app-level token (xapp-), which can't post"},
		{"xoxe", "is a token that expires (xoxe): turn token rotation off in the app's settings"},
		{"xoxc-", "is the token of a browser's session"},
		{"xoxs-", "is the token of a browser's session"},
		{"xoxa-", "is a token of an old workspace app"},
		{"http", "is a URL; that of an incoming webhook belongs under webhook_url"},
		{"Bearer ", "starts with \"Bearer \": write the token alone"},
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (starts(text, others[i].start)) {
			return err_set(err, ERR_CONFIG, "%s; wanted is the bot token of the app, xoxb-…",
				       others[i].sentence);
		}
	}
	if (!starts(text, "xoxb-") || strpbrk(text, " \t\r\n\"'")) {
		return err_set(
			err, ERR_CONFIG,
			"is no bot token: it starts with xoxb-, has no spaces, and is found in the app's "
			"settings under OAuth & Permissions");
	}
	return OK;
}

enum status slack_check_webhook(const char *text, struct err *err)
{
	if (starts(text, "xox") || starts(text, "xapp-")) {
		return err_set(err, ERR_CONFIG, "is a token, which belongs under token");
	}
	if ((!starts(text, "https://") && !starts(text, "http://")) || strpbrk(text, " \t\r\n\"'@")) {
		return err_set(err, ERR_CONFIG,
			       "must be the URL of an incoming webhook, https://hooks.slack.com/services/…");
	}
	if (strcasestr(text, "//hooks.slack.com/") && !strstr(text, "/services/")) {
		return err_set(err, ERR_CONFIG,
			       "is no incoming webhook but another trigger: its path starts with /services/");
	}
	return OK;
}

static enum status refuse_channel(const char *text, struct err *err)
{
	if (is_id(text, "UW")) {
		return err_set(err, ERR_CONFIG, "\"%.40s\" is a person; name a channel", text);
	}
	if (*text == '@') {
		return err_set(err, ERR_CONFIG, "\"%.60s\" is a person or a group; name a channel", text);
	}
	if (*text != '#') {
		return err_set(err, ERR_CONFIG,
			       "\"%.60s\" is no channel: write \"#%.60s\", with # and quotes, or its id C…",
			       text, text);
	}
	return err_set(err, ERR_CONFIG,
		       "\"%.60s\" can't be the name of a channel: small letters, digits, - and _, at most %d",
		       text, CHANNEL_NAME_MAX);
}

/* Letters of other scripts are allowed, capitals and marks are not. */
static bool is_channel_name(const char *name)
{
	size_t characters = 0;

	for (const char *c = name; *c; c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte < 0x80 && !islower(byte) && !isdigit(byte) && !strchr("-_", *c)) {
			return false;
		}
		characters += (byte & 0xc0) != 0x80;
	}
	return characters > 0 && characters <= CHANNEL_NAME_MAX;
}

enum status slack_check_channel(const char *text, struct err *err)
{
	if (check_no_secret(text, err) != OK) {
		return ERR_CONFIG;
	}
	if (strcmp(text, "none") == 0 || is_id(text, "CGD") || (*text == '#' && is_channel_name(text + 1))) {
		return OK;
	}
	return refuse_channel(text, err);
}

enum status slack_check_glob(const char *text, struct err *err)
{
	return check_no_secret(text, err) == OK ? glob_check(text, err) : ERR_CONFIG;
}

enum status slack_check_mention(const char *text, struct err *err)
{
	static const char *const words[] = {"author", "none", "here", "channel", "everyone"};

	if (check_no_secret(text, err) != OK) {
		return ERR_CONFIG;
	}
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(text + (*text == '@'), words[i]) == 0) {
			return OK;
		}
	}
	if (is_id(text, "UWS")) {
		return OK;
	}
	return err_set(
		err, ERR_CONFIG,
		"\"%.60s\" is nobody: write author, here, channel, everyone, none, a member's id U… (Slack: "
		"profile, Copy member ID) or a group's id S…",
		text);
}

enum status slack_check_user(const char *text, struct err *err)
{
	if (check_no_secret(text, err) != OK) {
		return ERR_CONFIG;
	}
	if (strcmp(text, "lookup") == 0 || is_id(text, "UW")) {
		return OK;
	}
	return err_set(
		err, ERR_CONFIG,
		"\"%.60s\" is no member's id: write U… (Slack: profile, Copy member ID), or lookup to ask "
		"Slack by the e-mail",
		text);
}

enum status slack_check_api_url(const char *text, struct err *err)
{
	return check_no_secret(text, err);
}
