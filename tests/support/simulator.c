/* SPDX-License-Identifier: MIT */
#include "tests/support/simulator.h"
#include "tests/support/web.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *scheme_of(const char *const *args)
{
	while (*args && strcmp(*args, "--key") != 0) {
		args++;
	}
	return *args ? "https" : "http";
}

struct simulator *simulator_new_at(struct spot spot, const struct place *place, const char *const *args)
{
	struct simulator *sim = calloc(1, sizeof *sim);

	cr_assert(sim);
	sim->child = child_start(&(struct launch){.place = place, .program = "buildbus-sim", .args = args});
	child_ready_at(spot, sim->child);
	snprintf(sim->root, sizeof sim->root, "%s://127.0.0.1:%s", scheme_of(args),
		 child_greeting(sim->child));
	snprintf(sim->api, sizeof sim->api, "%s/v2", sim->root);
	return sim;
}

void simulator_free(struct simulator **sim)
{
	if (*sim) {
		child_free(&(*sim)->child);
		free(*sim);
		*sim = NULL;
	}
}

static char *straight(const char *json)
{
	char *copy = strdup(json);

	for (char *at = copy; (at = strchr(at, '\'')); at++) {
		*at = '"';
	}
	return copy;
}

void simulator_do_at(struct spot spot, const struct simulator *sim, const char *control, const char *json)
{
	char url[128], *body = straight(json), *answer;
	long status;

	snprintf(url, sizeof url, "%s/_sim/%s", sim->root, control);
	answer = web_ask("POST", url, NULL, body, &status);
	if (status / 100 != 2) {
		fail_at(spot, "%s %s: %ld %s", control, json, status, answer);
	}
	free(answer);
	free(body);
}

void simulator_heal(const struct simulator *sim)
{
	char url[128];
	long status;

	snprintf(url, sizeof url, "%s/_sim/faults", sim->root);
	free(web_ask("DELETE", url, NULL, NULL, &status));
	cr_assert_eq(status, 200);
}

static char *get(const struct simulator *sim, const char *path, const char *token)
{
	char url[512];

	snprintf(url, sizeof url, "%s%s", sim->root, path);
	return web_get(HERE, url, token);
}

/* The number beside name in the answer at path. */
static int64_t counted(const struct simulator *sim, const char *path, const char *name)
{
	char *answer = get(sim, path, NULL), mark[64], *at;
	int64_t count;

	snprintf(mark, sizeof mark, "\"%s\":", name);
	at = strstr(answer, mark);
	cr_assert(at, "no %s in %s", name, answer);
	count = strtoll(at + strlen(mark), NULL, 10);
	free(answer);
	return count;
}

int64_t simulator_strokes(const struct simulator *sim, const char *kind)
{
	return counted(sim, "/_sim/weather", kind);
}

int64_t simulator_count(const struct simulator *sim, const char *route)
{
	return counted(sim, "/_sim/stats", route);
}

void simulator_served_at(struct spot spot, const struct simulator *sim, const char *route, int64_t count)
{
	int64_t until = test_now_ms() + patience_ms();

	while (simulator_count(sim, route) < count) {
		if (test_now_ms() > until) {
			fail_at(spot, "%lld instead of %lld requests of %s",
				(long long)simulator_count(sim, route), (long long)count, route);
		}
		poll(NULL, 0, 10); /* it tells nobody by itself */
	}
}

char *simulator_get(const struct simulator *sim, const char *path)
{
	char full[400];

	snprintf(full, sizeof full, "/v2%s", path);
	return get(sim, full, SIM_TOKEN);
}

char *simulator_truth(const struct simulator *sim, const char *organization)
{
	char path[128];

	snprintf(path, sizeof path, "/_sim/truth%s%s", organization ? "?organization=" : "",
		 organization ? organization : "");
	return get(sim, path, NULL);
}

char *simulator_circleci_truth(const struct simulator *sim, bool per_workflow)
{
	return get(sim,
		   per_workflow ? "/_sim/truth?provider=circleci&build_per=workflow"
				: "/_sim/truth?provider=circleci",
		   NULL);
}
