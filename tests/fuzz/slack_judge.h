/* What of a message is more than words, as Slack reads it. For texts of people, who may be anybody: whatever
 * they wrote, a message must not do more than the same one with harmless words. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/fakes/slack/slack.h"

struct judged {
	struct slack_live live; /* of all its texts together */
	int lines;
};

/* Reads the body of a request. False: Slack would refuse it, or there is something in it that nobody may
 * write, such as characters that can't be seen; why says which. */
bool judge_body(const char *body, struct judged *judged, char why[static 300]);
/* No more of anything than in the other one. */
bool judge_is_harmless(const struct judged *judged, const struct judged *harmless, char why[static 300]);
