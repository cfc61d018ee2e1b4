/* The controls under /_sim/ that look at the world or change how it is served. Specified in README.md of this
 * folder. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/api.h"
#include "tests/sim/body.h"
#include "tests/sim/circleci.h"
#include "tests/sim/truth.h"

#include <stdlib.h>
#include <string.h>

#define ROW(type, key, body_type)                                                                            \
	{                                                                                                    \
#key, body_type, offsetof(struct type, key)                                                  \
	}
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static void reply_done(struct sim_reply *reply)
{
	text_add(&reply->body, "{\"ok\":true}", 11);
}

void control_truth(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	const char *organization_slug = query_get(&call->query, "organization");
	const char *provider = query_get(&call->query, "provider");
	const char *pipeline_slug = query_get(&call->query, "pipeline");
	const char *per = query_get(&call->query, "build_per");
	const struct organization *organization = NULL;
	const struct pipeline *pipeline = NULL;

	if (organization_slug || pipeline_slug) {
		organization = organization_slug ? world_organization(&sim->world, organization_slug)
						 : &sim->world.organizations[0];
	}
	if (organization && pipeline_slug) {
		pipeline = world_pipeline(&sim->world, organization, pipeline_slug);
	}
	if ((organization_slug && !organization) || (pipeline_slug && !pipeline)) {
		reply_message(reply, 404, "No pipeline found");
		return;
	}
	reply->content_type = "application/x-ndjson";
	text_add(&reply->body, "", 0);
	if (provider && strcmp(provider, "circleci") == 0) {
		cc_truth_add(&reply->body, &sim->world, organization, pipeline,
			     per && strcmp(per, "workflow") == 0);
	} else {
		truth_add(&reply->body, &sim->world, organization, pipeline);
	}
}

void control_stats(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc), requests;
	int64_t total = 0;

	(void)call;
	yyjson_mut_doc_set_root(doc, in.object);
	requests = put_object(in, "requests");
	for (int i = 0; sim_routes[i].method; i++) {
		if (strcmp(sim_routes[i].name, "control") != 0) {
			put_int(requests, sim_routes[i].name, sim->requests[i]);
			total += sim->requests[i];
		}
	}
	put_int(requests, "unknown", sim->requests[SIM_ROUTES_MAX - 1]);
	put_int(in, "total", total + sim->requests[SIM_ROUTES_MAX - 1]);
	put_int(in, "refused", sim->refused);
	put_int(in, "leaks", sim->leaks);
	put_int(in, "limited", sim->limited);
	put_int(in, "window_most", sim->tally.most);
	put_int(in, "builds_served", sim->builds_served);
	put_int(in, "bytes_served", sim->bytes_served);
	reply_doc(reply, 200, doc);
}

void control_stats_reset(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	(void)call;
	memset(sim->requests, 0, sizeof sim->requests);
	sim->tally.most = 0;
	sim->limited = sim->refused = sim->leaks = sim->builds_served = sim->bytes_served = 0;
	reply_done(reply);
}

void control_config(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	(void)call;
	reply->content_type = "application/yaml";
	sim_config_add(&reply->body, sim);
}

void control_quit(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	(void)call;
	sim->quit = true;
	reply_done(reply);
}
