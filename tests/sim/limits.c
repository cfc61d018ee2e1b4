/* Each provider's budgets of requests, and how it announces them. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <string.h>

bool sim_is_circleci(const struct sim_request *request)
{
	return strncmp(request->path, "/api/v2/", 8) == 0;
}

static void put_rate_headers(struct sim_reply *reply, const char *prefix, const char *scope,
			     const struct budget *budget, int64_t now)
{
	char name[64];
	const struct {
		const char *name;
		int64_t value;
	} numbers[] = {{"Remaining", budget_remaining(budget)},
		       {"Limit", budget_shown_limit(budget)},
		       {"Reset", budget_reset_s(budget, now)}};

	snprintf(name, sizeof name, "%s-Scope", prefix);
	reply_header(reply, name, "%s", scope);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof name, "%s-%s", prefix, numbers[i].name);
		reply_header(reply, name, "%lld", (long long)numbers[i].value);
	}
	if (budget_remaining(budget) == 0) {
		snprintf(name, sizeof name, "%s-Warning", prefix);
		reply_header(reply, name, "The limit of %lld requests is used up", (long long)budget->limit);
	}
}

/* CircleCI announces two limits too, by other names, and says with a 429 how long to wait. */
static void put_circleci_rates(struct sim *sim, int64_t now, struct sim_reply *reply)
{
	const struct budget *budgets[] = {&sim->organization_budget, &sim->user_budget};
	static const char *const names[][3] = {
		{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"},
		{"X-RateLimit-Limit-Minute", "X-RateLimit-Remaining", "X-RateLimit-Reset"}};
	int64_t wait_s = 0;

	for (int i = 0; i < 2; i++) {
		const int64_t values[] = {budget_shown_limit(budgets[i]), budget_remaining(budgets[i]),
					  budget_reset_s(budgets[i], now)};

		for (int j = 0; j < 3; j++) {
			reply_header(reply, names[i][j], "%lld", (long long)values[j]);
		}
		if (budgets[i]->limit && budgets[i]->used > budgets[i]->limit && values[2] > wait_s) {
			wait_s = values[2];
		}
	}
	if (wait_s > 0) {
		reply_header(reply, "Retry-After", "%lld", (long long)wait_s);
	}
}

static void put_all_rate_headers(struct sim *sim, const struct sim_request *request, int64_t now,
				 struct sim_reply *reply)
{
	if (sim_is_circleci(request)) {
		put_circleci_rates(sim, now, reply);
	} else {
		put_rate_headers(reply, "RateLimit", "rest", &sim->organization_budget, now);
		put_rate_headers(reply, "RateLimit-User", "rest_user", &sim->user_budget, now);
	}
}

static void refuse_over_budget(struct sim_reply *reply, const char *scope, const struct budget *budget,
			       int64_t now)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);
	int64_t reset = budget_reset_s(budget, now);

	yyjson_mut_doc_set_root(doc, in.object);
	put_format(in, "message",
		   "You have exceeded your API rate limit. Please wait %lld seconds before making more "
		   "requests.",
		   (long long)reset);
	put_text(in, "scope", scope);
	put_int(in, "limit", budget->limit);
	put_int(in, "current", budget->used);
	put_int(in, "reset", reset);
	reply_doc(reply, 429, doc);
}

bool sim_within_budget(struct sim *sim, const struct sim_request *request, struct sim_reply *reply)
{
	int64_t now = sim->steady_ms();
	bool organization = budget_take(&sim->organization_budget, now);
	bool user = budget_take(&sim->user_budget, now);

	tally_add(&sim->tally, now, sim->options.rate_window_ms);
	sim->limited += !organization || !user;
	put_all_rate_headers(sim, request, now, reply);
	if (!organization) {
		refuse_over_budget(reply, "rest", &sim->organization_budget, now);
	} else if (!user) {
		refuse_over_budget(reply, "rest_user", &sim->user_budget, now);
	}
	return organization && user;
}
