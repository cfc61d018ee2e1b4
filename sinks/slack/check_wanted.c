/* SPDX-License-Identifier: MIT */
#include "sinks/slack/check_wanted.h"

#include "sinks/slack/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct wanted *list, size_t *count, const char *what, const char *where, ...)
	__attribute__((format(printf, 4, 5)));

/* There is room: one for each value of the section. */
static void add(struct wanted *list, size_t *count, const char *what, const char *where, ...)
{
	va_list values;

	for (size_t i = 0; i < *count; i++) {
		if (strcmp(list[i].what, what) == 0) {
			return;
		}
	}
	list[*count].what = what;
	va_start(values, where);
	vsnprintf(list[*count].where, sizeof list[*count].where, where, values);
	va_end(values);
	(*count)++;
}

static void add_channel(struct slack_check *state, const struct slack_rule *rule, size_t i)
{
	const char *channel = rule_channel(state->config, rule);

	if (channel && rule->channel) {
		add(state->channels, &state->channel_count, channel, "rules[%zu].channel", i);
	} else if (channel) {
		add(state->channels, &state->channel_count, channel, "channel");
	}
}

static void add_mentions(struct slack_check *state, const struct slack_rule *rule, size_t i)
{
	for (size_t j = 0; j < rule->mention.count; j++) {
		const char *item = rule->mention.items[j];

		if (*item == 'U' || *item == 'W') {
			add(state->people, &state->person_count, item, "rules[%zu].mention", i);
		}
	}
}

bool wanted_collect(struct slack_check *state)
{
	const struct slack_config *config = state->config;
	const struct slack_rule *rules = config->rules.items;
	size_t people = config->users.count;

	for (size_t i = 0; i < config->rules.count; i++) {
		people += rules[i].mention.count;
	}
	state->channels = calloc(config->rules.count + 1, sizeof *state->channels);
	state->people = calloc(people + 1, sizeof *state->people);
	if (!state->channels || !state->people) {
		return false;
	}
	for (size_t i = 0; i < config->users.count; i++) {
		if (strcmp(config->users.values[i], "lookup") != 0) {
			add(state->people, &state->person_count, config->users.values[i], "users.%.20s",
			    config->users.keys[i]);
		}
	}
	for (size_t i = 0; i < config->rules.count; i++) {
		add_channel(state, &rules[i], i);
		add_mentions(state, &rules[i], i);
	}
	return true;
}
