/* SPDX-License-Identifier: MIT */
#include "tests/sim/names.h"

const struct name_pair organization_names[] = {
	{"acme", "Acme"},   {"globex", "Globex Corporation"}, {"initech", "Initech"},
	{"hooli", "Hooli"}, {"umbrella-labs", "Umbrella"},    {"wonka", "Wonka Industries"},
	{NULL, NULL},
};

const struct name_pair pipeline_names[] = {
	{"web", "Web"},
	{"api", "API"},
	{"mobile-app", "Mobile app :iphone:"},
	{"billing", "Billing"},
	{"search", "Search & Index"},
	{"infra", "Infrastructure"},
	{"docs", "Docs"},
	{"deploy", "Deploy \xf0\x9f\x9a\x80"},
	{"payments-gateway", "Payments <Gateway>"},
	{"ml-training", "ML / Training"},
	{NULL, NULL},
};

const struct name_pair person_names[] = {
	{"ada", "Ada Lovelace"},
	{"grace", "Grace Hopper"},
	{"zoe", "Zo\xc3\xab Kravitz-\xc3\x85str\xc3\xb6m"},
	{"xiaoming", "\xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e"},
	{"obrien", "Miles O'Brien"},
	{"fatima", "\xd9\x81\xd8\xa7\xd8\xb7\xd9\x85\xd8\xa9"},
	{"bot", "dependabot[bot]"},
	{NULL, NULL},
};

const char *const branch_names[] = {
	"feature/login-form",
	"fix/flaky-spec",
	"renovate/all-minor",
	"release/2.4",
	"user@host/try #3",
	"gh-readonly-queue/main/pr-7",
	"feature/\xc3\xbcnicode",
	"hotfix",
	NULL,
};

const char *const commit_messages[] = {
	"Bump version to 2.4.1",
	"Fix the flaky login spec",
	"Merge pull request #1234 from acme/feature/login-form",
	"Add \"quoted\" names, a back\\slash and a tab\there",
	"Rework the cache\n\n* keep one entry a key\n* drop it when it is stale\n\nCo-authored-by: Ada "
	"<ada@example.com>",
	"\xf0\x9f\x8e\x89 Ship it! \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
	"\xe4\xbf\xae\xe5\xa4\x8d\xe5\x86\x85\xe5\xad\x98\xe6\xb3\x84\xe6\xbc\x8f",
	"\xd8\xa5\xd8\xb5\xd9\x84\xd8\xa7\xd8\xad \xd8\xb9\xd8\xb7\xd9\x84",
	"Don't escape </script> & friends",
	"Separators \xe2\x80\xa8 and \xe2\x80\xa9 in one line",
	"",
	"Update dependencies",
	"wip",
	"Revert \"Rework the cache\"",
	NULL,
};

size_t names_count(const struct name_pair *names)
{
	size_t n = 0;

	while (names[n].slug) {
		n++;
	}
	return n;
}

size_t texts_count(const char *const *texts)
{
	size_t n = 0;

	while (texts[n]) {
		n++;
	}
	return n;
}
