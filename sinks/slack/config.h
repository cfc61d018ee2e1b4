/* The options of a `slack` destination. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

#define SLACK_API_URL "https://slack.com/api"

/* One of `rules:`. rules.h says what matches, and what is meant by each list. */
struct slack_rule {
	struct config_list provider, organization, pipeline, branch; /* globs */
	unsigned results;                                            /* rule_is_red */
	unsigned triggers;                                           /* 0: any */
	int64_t after_failures, clear_after;
	int64_t remind_every_ms; /* 0: never */
	int64_t broadcast_after_ms;
	double slow_factor; /* 0: off */
	int64_t slow_at_least_ms;
	int64_t stuck_queued_ms; /* 0: off */
	struct quiet {
		struct config_list times; /* quiet.h */
		char *time_zone;
	} quiet;
	bool quiet_digest;
	char *channel;              /* NULL: the section's; rule_channel decides */
	struct config_list mention; /* rules.h: mention_text */
};

struct slack_config {
	char *token, *webhook_url; /* one of them */
	char *api_url, *channel;
	int64_t storm;             /* 0: never */
	struct config_items rules; /* of struct slack_rule, at least one */
	struct config_map users;   /* glob of an e-mail or login to a member's id or `lookup` */
};

extern const struct config_row slack_config_rows[];
extern const struct config_row slack_rule_rows[];

/* What goes beyond single keys. file: NULL in tests. */
enum status slack_config_check(const void *section, const struct config *file, struct err *err) MUST_CHECK;
