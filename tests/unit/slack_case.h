/* What the tests of Slack's configuration share: a `slack` section as text, read as the sink reads it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/config.h"

struct slack_case {
	struct config file;
	struct slack_config config;
	char problems[2048]; /* each sentence on a line, without `buildbus.yml:…: destinations[0].slack` */
};

/* lines: the section's keys, each line indented as it stands. Go to an empty folder first (case_open). */
bool slack_case_read(struct slack_case *given, const char *lines);
void slack_case_free(struct slack_case *given);
