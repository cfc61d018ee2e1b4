/* SPDX-License-Identifier: MIT */
#include "sinks/slack/rules.h"

#include "sinks/slack/glob.h"

#include <stdio.h>

#define SLUG_MAX 512

static bool is_red(int result)
{
	return result == RESULT_FAILURE || result == RESULT_ERROR || result == RESULT_TIMEOUT;
}

bool rule_is_red(const struct slack_rule *rule, int result)
{
	return is_red(result) && (!rule->results || rule->results & 1u << (result - RESULT_FAILURE));
}

static bool text_matches(const char *glob, const void *arg)
{
	return glob_matches(glob, *(const struct text *)arg);
}

/* A glob with a slash is of ORGANIZATION/PIPELINE, one without of the pipeline alone. */
static bool pipeline_matches(const char *glob, const void *arg)
{
	const struct build *build = arg;
	char whole[SLUG_MAX];
	int size;

	if (!strchr(glob, '/')) {
		return glob_matches(glob, build->pipeline);
	}
	size = snprintf(whole, sizeof whole, "%.*s/%.*s", TEXT_FMT(build->organization),
			TEXT_FMT(build->pipeline));
	return glob_matches(glob, (struct text){whole, size < SLUG_MAX ? (size_t)size : SLUG_MAX - 1});
}

static bool is_on_default(const struct build *build)
{
	return build->default_branch.at ? text_same(build->branch, build->default_branch)
					: text_is(build->branch, "main") || text_is(build->branch, "master");
}

static bool branch_matches(const char *glob, const void *arg)
{
	const struct build *build = arg;

	return strcmp(glob, "default") == 0 ? is_on_default(build) : glob_matches(glob, build->branch);
}

/* Without a word about branches: the default one. */
static bool on_branch(const struct slack_rule *rule, const struct build *build)
{
	return rule->branch.count == 0 ? is_on_default(build)
				       : globs_match(&rule->branch, branch_matches, build);
}

static bool by_trigger(const struct slack_rule *rule, int trigger)
{
	return !rule->triggers ||
	       (trigger != TRIGGER_NULL && rule->triggers & 1u << (trigger - TRIGGER_PUSH));
}

static bool matches(const struct slack_rule *rule, const struct build *build)
{
	return globs_match(&rule->provider, text_matches, &build->provider) &&
	       globs_match(&rule->organization, text_matches, &build->organization) &&
	       globs_match(&rule->pipeline, pipeline_matches, build) && on_branch(rule, build) &&
	       by_trigger(rule, build->trigger) &&
	       (!is_red(build->result) || rule_is_red(rule, build->result));
}

const struct slack_rule *rules_find(const struct slack_config *config, const struct build *build)
{
	const struct slack_rule *rules = config->rules.items;

	for (size_t i = 0; i < config->rules.count; i++) {
		if (matches(&rules[i], build)) {
			return &rules[i];
		}
	}
	return NULL;
}

const char *rule_channel(const struct slack_config *config, const struct slack_rule *rule)
{
	const char *channel = rule->channel ? rule->channel : config->channel;

	if (channel && strcmp(channel, "none") == 0) {
		return NULL;
	}
	return config->webhook_url ? "webhook" : channel;
}

bool mention_text(const char *item, char out[static 64])
{
	const char *word = item + (*item == '@');

	if (strcmp(word, "author") == 0 || strcmp(word, "none") == 0) {
		return false;
	}
	if (*word == 'U' || *word == 'W') {
		snprintf(out, 64, "<@%.40s>", word);
	} else if (*word == 'S') {
		snprintf(out, 64, "<!subteam^%.40s>", word);
	} else {
		snprintf(out, 64, "<!%.40s>", word);
	}
	return true;
}

static bool is_known(const char *glob, struct text word)
{
	return word.at && word.size > 0 && glob_matches(glob, word);
}

const char *users_find(const struct slack_config *config, struct text email, struct text login)
{
	const struct config_map *users = &config->users;

	for (size_t i = 0; i < users->count; i++) {
		bool lookup = strcmp(users->values[i], "lookup") == 0;

		if (is_known(users->keys[i], email) || (!lookup && is_known(users->keys[i], login))) {
			return users->values[i];
		}
	}
	return NULL;
}
