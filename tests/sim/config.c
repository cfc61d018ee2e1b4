/* A configuration that points buildbus at this simulator. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/sim.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <string.h>

static void add_source(struct text *out, const struct sim *sim, const struct organization *organization,
		       int64_t days)
{
	char text[1024];
	int size = snprintf(text, sizeof text,
			    "  - buildkite:\n"
			    "      name: %s\n"
			    "      access_token: %s\n"
			    "      organization_slug: %s\n"
			    "      pipeline_slug: \"*\"\n"
			    "      since: %lldd\n"
			    "      poll_interval: 1s\n"
			    "      api_url: %s\n",
			    organization->slug, sim->options.token, organization->slug, (long long)days,
			    sim->base);

	text_add(out, text, (size_t)size);
}

void sim_config_add(struct text *out, const struct sim *sim)
{
	static const char head[] = "# Buildbus against a simulated provider.\nsources:\n";
	/* A day more than the history, which begins before the clock does. */
	int64_t days = sim->options.world.history_ms / DAY_MS + 1;

	text_add(out, head, strlen(head));
	for (int i = 0; i < sim->world.organization_count; i++) {
		add_source(out, sim, &sim->world.organizations[i], days);
	}
}
