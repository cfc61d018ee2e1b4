/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_run.h"
#include "tests/support/truth.h"
#include "tests/support/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

void world_build(const struct simulator *sim, const char *how)
{
	char json[256];

	snprintf(json, sizeof json, "{'pipeline': 'acme/web', %s}", how);
	simulator_do(sim, "build", json);
}

void world_builds(const struct simulator *sim, int count, const char *how)
{
	for (int i = 0; i < count; i++) {
		world_build(sim, how);
		world_pass(sim, MINUTE);
	}
}

void world_act(const struct simulator *sim, int number, const char *action)
{
	char json[128];

	snprintf(json, sizeof json, "{'pipeline': 'acme/web', 'number': %d, 'action': '%s'}", number, action);
	simulator_do(sim, "act", json);
}

void world_pass(const struct simulator *sim, int64_t ms)
{
	char json[64];

	snprintf(json, sizeof json, "{'ms': %lld}", (long long)ms);
	simulator_do(sim, "advance", json);
}

int64_t world_now_ms(const struct simulator *sim)
{
	char url[128], *body;
	yyjson_doc *doc;
	int64_t now_ms;

	snprintf(url, sizeof url, "%s/_sim/clock", sim->root);
	body = web_get(HERE, url, NULL);
	doc = yyjson_read(body, strlen(body), 0);
	now_ms = yyjson_get_sint(yyjson_obj_get(yyjson_doc_get_root(doc), "now_ms"));
	yyjson_doc_free(doc);
	free(body);
	return now_ms;
}

void expect_store_at(struct spot spot, const struct sync_place *where, const struct simulator *sim)
{
	char *truth = simulator_truth(sim, NULL);
	char *difference = truth_differs(place_path(where->place, "state/store.db"), truth);

	if (difference) {
		fail_at(spot, "%s", difference);
	}
	free(truth);
}

void expect_sentence_at(struct spot spot, const struct sync_run *run, const char *const *words)
{
	const char *sentence = strstr(run->err, "buildbus: ");

	if (!sentence || strstr(sentence + 1, "buildbus: ")) {
		fail_at(spot, "not one sentence: %s", run->err);
	}
	for (; *words; words++) {
		if (!strstr(run->err, *words)) {
			fail_at(spot, "no `%s` in: %s", *words, run->err);
		}
	}
}
