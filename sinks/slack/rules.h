/* Which rule a build falls under, and what a rule's words mean. Pure. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"
#include "sinks/slack/config.h"

#include <stdbool.h>

/* The first rule that matches; NULL: none does, nothing is said. What is red must be so for the rule
 * (`result`); anything else matches whatever a rule wants red. */
const struct slack_rule *rules_find(const struct slack_config *config, const struct build *build);
/* result: enum build_result. */
bool rule_is_red(const struct slack_rule *rule, int result);
/* Where its messages go: `#name`, an id; NULL: nowhere (`none`). With a webhook "webhook". */
const char *rule_channel(const struct slack_config *config, const struct slack_rule *rule);

/* `U…` to `<@U…>`, `S…` to `<!subteam^S…>`, `here` to `<!here>`; false: `author`, `none`. */
bool mention_text(const char *item, char out[static 64]);
/* The member's id of whoever has one of these, or "lookup" (by the e-mail, which is there then); NULL:
 * unknown. */
const char *users_find(const struct slack_config *config, struct text email, struct text login);
