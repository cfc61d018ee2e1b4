/* SPDX-License-Identifier: MIT */
#include "sinks/slack/intent.h"

#include "common/log.h"
#include "sinks/slack/rules.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_before(const struct slack_config *config, size_t rule, const char *channel)
{
	const struct slack_rule *rules = config->rules.items;

	for (size_t i = 0; i < rule; i++) {
		const char *other = rule_channel(config, &rules[i]);

		if (other && strcmp(other, channel) == 0) {
			return true;
		}
	}
	return false;
}

/* `#builds, #releases`, each once. */
static void list_channels(const struct slack_config *config, char *out, size_t size)
{
	const struct slack_rule *rules = config->rules.items;
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < config->rules.count && used < size; i++) {
		const char *channel = rule_channel(config, &rules[i]);

		if (channel && !is_before(config, i, channel)) {
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", channel);
		}
	}
}

void intent_tell(const char *name, const struct slack_config *config)
{
	char channels[512];

	list_channels(config, channels, sizeof channels);
	log_info("slack.rules", STR("sink", name), NUM("rules", config->rules.count),
		 STR("channels", channels),
		 STR("try", "`buildbus slack preview --from 7d` prints what they say of past builds"));
}
