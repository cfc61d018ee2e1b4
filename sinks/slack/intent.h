/* What a sink tells at its start: where it will speak, and how to see it before. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/config.h"

/* Logs `slack.rules`. name: of the destination. */
void intent_tell(const char *name, const struct slack_config *config);
