/* `buildbus validate --online`: asks Slack whether everything that the configuration needs is there and
 * allowed, a line each; posts nothing. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/sink.h"
#include "sinks/slack/api.h"

extern const struct sink_checker slack_checker;

/* Something named in the configuration that Slack must know. */
struct wanted {
	const char *what; /* `#builds`, `C…`, `U…` */
	char where[32];   /* `rules[2].channel` */
	bool seen;
	char near[82]; /* the nearest name that Slack has; "": none is near */
};

/* Between the files of the check. */
struct slack_check {
	struct sink_check *check;
	const struct slack_config *config;
	struct api api;
	char *scopes; /* `a,b`; NULL: not told */
	char bot[80]; /* its name */
	struct wanted *channels, *people;
	size_t channel_count, person_count, at;
	int pages;
};

void check_channels(struct slack_check *state);
/* Then. */
void check_people(struct slack_check *state);

/* What the token may is told, and this is not among it. */
bool check_lacks(const struct slack_check *state, const char *scope);
/* What is bad, with Slack's word and the cure; ends the check. */
void check_refused(struct slack_check *state, const char *what, const struct reply *reply);
/* Asks a method that reads; ends the check when it can't be sent. */
void check_ask(struct slack_check *state, const char *method, const char *const *values,
	       api_callback *answered);
