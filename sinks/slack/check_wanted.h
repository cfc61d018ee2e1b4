/* The channels and people that a configuration names, each once. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/check.h"

/* Fills channels and people; false: out of memory. */
bool wanted_collect(struct slack_check *state);
