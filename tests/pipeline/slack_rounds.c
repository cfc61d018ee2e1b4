/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_rounds.h"

#include <stdlib.h>

void tell(size_t round)
{
	char line[100];

	clock_to(AT(20 * (int64_t)round));
	snprintf(line, sizeof line, "web %zu a%zu failed", 2 * round + 1, 2 * round + 1);
	build_comes(AT(20 * (int64_t)round), line);
}

void fix(size_t round)
{
	char line[100];

	clock_to(AT(20 * (int64_t)round + 10));
	snprintf(line, sizeof line, "web %zu a%zu passed", 2 * round + 2, 2 * round + 2);
	build_comes(AT(20 * (int64_t)round + 10), line);
}

void has_rounds_at(struct spot spot, size_t rounds)
{
	char *wanted = NULL, *is;
	size_t size;
	FILE *out = open_memstream(&wanted, &size);

	for (size_t i = 0; i < rounds; i++) {
		fprintf(out,
			"#builds %zu: :red_circle: acme/web main is failing: #%zu\n"
			"#builds %zu = :large_green_circle: acme/web main is fixed by #%zu after 10 min\n"
			"#builds %zu > %zu: :large_green_circle: acme/web main is passing again: #%zu by "
			"ann, "
			"after 10 min\n",
			2 * i + 1, 2 * i + 1, 2 * i + 1, 2 * i + 2, 2 * i + 1, 2 * i + 2, 2 * i + 2);
	}
	fclose(out);
	all_acked_at(spot);
	slack_seen(3 * rounds);
	is = slack_conversation(&slack, NULL, false);
	same_conversation_at(spot, is, wanted);
	free(is);
	free(wanted);
}

void hold_post(void)
{
	slack_hold(&slack, SLACK_POST, SLACK_BEFORE, 0);
}

void hold_posted(void)
{
	slack_hold(&slack, SLACK_POST, SLACK_AFTER, 0);
}
