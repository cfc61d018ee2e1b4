/* What a section says that goes beyond single keys. */
/* SPDX-License-Identifier: MIT */
#include "common/config_kinds.h"
#include "sinks/slack/config.h"
#include "sinks/slack/glob.h"
#include "sinks/slack/quiet.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct slack_rule *rule_at(const struct slack_config *config, size_t i)
{
	return (const struct slack_rule *)config->rules.items + i;
}

static enum status check_way(const struct slack_config *config, struct err *err)
{
	if (!config->token == !config->webhook_url) {
		return err_set(err, ERR_CONFIG,
			       config->token
				       ? "give either token or webhook_url, not both"
				       : "token is missing: the bot token of a Slack app, or webhook_url of "
					 "an incoming webhook");
	}
	for (size_t i = 0; config->webhook_url && i < config->users.count; i++) {
		if (strcmp(config->users.values[i], "lookup") == 0) {
			return err_set(err, ERR_CONFIG,
				       "users: %.60s: lookup needs a token, a webhook can't look anybody up",
				       config->users.keys[i]);
		}
	}
	return OK;
}

static enum status check_rule_channel(const struct slack_config *config, const struct slack_rule *rule,
				      struct err *err)
{
	const char *channel = rule->channel ? rule->channel : config->channel;

	if (config->webhook_url && channel && strcmp(channel, "none") != 0) {
		return err_set(err, ERR_CONFIG,
			       "channel: a webhook posts where it was made for; remove the channel, or use a "
			       "token");
	}
	if (config->token && !channel) {
		return err_set(
			err, ERR_CONFIG,
			"channel is missing, for example channel: \"#builds\" (without the quotes YAML "
			"takes it for a comment)");
	}
	return OK;
}

static bool is_source(const char *glob, const void *arg)
{
	(void)arg;
	for (const struct config_kind *kind = config_kinds; kind->kind; kind++) {
		if (kind->side == SECTION_SOURCE && glob_matches(glob, text_of(kind->kind))) {
			return true;
		}
	}
	return false;
}

static enum status check_provider(const struct slack_rule *rule, struct err *err)
{
	for (size_t i = 0; i < rule->provider.count; i++) {
		const char *glob = rule->provider.items[i];

		if (!is_source(glob + (*glob == '!'), NULL)) {
			return err_set(err, ERR_CONFIG,
				       "provider: \"%.60s\" matches no provider (has: buildkite, "
				       "circleci)",
				       glob);
		}
	}
	return OK;
}

static enum status check_rule(const struct slack_config *config, const struct slack_rule *rule,
			      struct err *err)
{
	enum status status = check_rule_channel(config, rule, err);

	if (status == OK) {
		status = check_provider(rule, err);
	}
	return status == OK ? quiet_check(&rule->quiet, err) : status;
}

enum status slack_config_check(const void *section, const struct config *file, struct err *err)
{
	const struct slack_config *config = section;
	enum status status = check_way(config, err);

	(void)file;
	for (size_t i = 0; status == OK && i < config->rules.count; i++) {
		status = check_rule(config, rule_at(config, i), err);
		if (status != OK && config->rules.count > 1) {
			return err_prefix(err, "rules[%zu]", i);
		}
	}
	return status;
}
