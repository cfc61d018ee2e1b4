/* What is said of one pipeline that breaks, breaks again and is fixed, with these words of others in it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"
#include "tests/fuzz/slack_judge.h"

/* Who wrote what. */
enum story_word {
	STORY_ORGANIZATION,
	STORY_PIPELINE,
	STORY_BRANCH,
	STORY_MESSAGE,
	STORY_NAME,
	STORY_LOGIN,
	STORY_EMAIL,
	STORY_COMMIT,
	STORY_WORKFLOW,
	STORY_JOB,
	STORY_JOB_URL,
	STORY_URL,
	STORY_ID,
	STORY_WORDS
};

enum story_kind {
	STORY_ALONE,     /* one pipeline */
	STORY_MANY_JOBS, /* one, of which hundreds of jobs failed */
	STORY_DIGEST,    /* three at once, in one message */
	STORY_KINDS
};

#define STORY_MESSAGES 12

struct story {
	struct judged messages[STORY_MESSAGES];
	size_t count;
};

/* False: a message that Slack would refuse, and why. */
bool story_tell(const struct text words[STORY_WORDS], enum story_kind kind, struct story *story,
		char why[static 300]);
/* And no message does more than any does with harmless words. */
bool story_is_harmless(const struct text words[STORY_WORDS], enum story_kind kind, char why[static 300]);
