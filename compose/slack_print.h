/* What `buildbus slack preview` prints: the conversation as a person would read it, or a JSON object a line.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/slack/preview.h"

struct slack_print {
	int64_t from_ms; /* what was said before is not printed, only counted with */
	bool json, coloured;
	int channel_width;
	int64_t posts, replies, edits, kinds[9]; /* printed; kinds as slack_kind_words */
	int64_t talks_before;                    /* messages that are not printed */
};

void slack_print_init(struct slack_print *print, const struct slack_config *config, bool json);
/* A preview_callback; owner is the struct slack_print. */
void slack_print_said(void *owner, const struct preview_said *said);
/* `5 messages (3 break, 1 digest, 1 slow), 3 replies, 3 edits` */
void slack_print_counts(const struct slack_print *print, FILE *out);

/* Slack's mrkdwn as plain text: links as their label, mentions as @…, emoji as themselves, nothing that
 * steers a terminal. Line ends stay. Heap; NULL: out of memory. */
char *slack_plain_text(const char *mrkdwn);
