/* A configuration that points buildbus at this simulator. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/circleci.h"
#include "tests/sim/sim.h"
#include "tests/sim/when.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static PRINTF(2, 3) void add(struct text *out, const char *format, ...)
{
	char text[1024];
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	text_add(out, text, (size_t)size);
}

/* A day more than the history, which begins before the clock does. */
static int days_of(const struct sim *sim)
{
	return (int)(sim->options.world.history_ms / DAY_MS + 1);
}

static void add_buildkite(struct text *out, const struct sim *sim, const struct organization *organization)
{
	add(out,
	    "  - buildkite:\n"
	    "      name: %s\n"
	    "      access_token: %s\n"
	    "      organization_slug: %s\n"
	    "      pipeline_slug: \"*\"\n"
	    "      since: %dd\n"
	    "      poll_interval: 1s\n"
	    "%s"
	    "      api_url: %s\n",
	    organization->slug, sim->options.token, organization->slug, days_of(sim),
	    sim->options.world.demo ? "      coverage: true\n" : "", sim->base);
}

/* Its projects by name: "*" would be those of all organisations. */
static void add_circleci(struct text *out, const struct sim *sim, const struct organization *organization)
{
	char slug[2 * CC_SLUG];
	const char *between = "";

	add(out, "  - circleci:\n      name: %s\n      token: %s\n      project_slug: [", organization->slug,
	    sim->options.token);
	for (int i = 0; i < sim->world.pipeline_count; i++) {
		if (sim->world.pipelines[i].organization == organization) {
			cc_project_slug(&sim->world.pipelines[i], slug);
			add(out, "%s%s", between, slug);
			between = ", ";
		}
	}
	add(out,
	    "]\n      since: %dd\n      poll_interval: 1s\n      coverage: true\n      api_url: "
	    "%.*s/api/v2\n",
	    days_of(sim), (int)(strlen(sim->base) - strlen("/v2")), sim->base);
}

void sim_config_add(struct text *out, const struct sim *sim)
{
	add(out, "# Buildbus against a simulated provider.\nsources:\n");
	for (int i = 0; i < sim->world.organization_count; i++) {
		const struct organization *organization = &sim->world.organizations[i];

		if (sim->options.world.demo && i > 0) {
			add_circleci(out, sim, organization);
		} else {
			add_buildkite(out, sim, organization);
		}
	}
}
