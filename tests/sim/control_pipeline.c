/* The controls under /_sim/ that rename, archive, delete and remake pipelines, and change the token's scopes.
 * Specified in README.md of this folder. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/api.h"
#include "tests/sim/body.h"

#include <stdio.h>
#include <string.h>

#define ROW(type, key, body_type)                                                                            \
	{                                                                                                    \
#key, body_type, offsetof(struct type, key)                                                  \
	}
#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

struct pipeline_body {
	const char *pipeline, *action, *slug;
	int64_t redirect;
};

typedef const char *pipeline_action(struct sim *sim, struct pipeline *pipeline,
				    const struct pipeline_body *in);

static const char *rename_pipeline(struct sim *sim, struct pipeline *pipeline, const struct pipeline_body *in)
{
	struct sim_move *move = &sim->moves[sim->move_count];

	if (!in->slug || world_pipeline(&sim->world, pipeline->organization, in->slug)) {
		return "rename: 'slug' is missing or taken";
	}
	if (sim->move_count == SIM_MOVES_MAX) {
		return "rename: too many";
	}
	if (in->redirect) {
		*move = (struct sim_move){pipeline, pipeline->slug, (int)in->redirect};
		sim->move_count++;
	}
	pipeline->slug = pool_copy(&sim->world.pool, in->slug);
	for (size_t i = 0; i < pipeline->builds.count; i++) {
		payload_forget(pipeline->builds.items[i], &sim->cached_bytes);
	}
	return NULL;
}

static const char *archive(struct sim *sim, struct pipeline *pipeline, const struct pipeline_body *in)
{
	(void)in;
	pipeline->archived = sim->world.now;
	return NULL;
}

static const char *unarchive(struct sim *sim, struct pipeline *pipeline, const struct pipeline_body *in)
{
	(void)sim;
	(void)in;
	pipeline->archived = 0;
	return NULL;
}

static const char *delete (struct sim *sim, struct pipeline *pipeline, const struct pipeline_body *in)
{
	(void)in;
	while (pipeline->builds.count > 0) {
		payload_forget(pipeline->builds.items[0], &sim->cached_bytes);
		world_delete_build(&sim->world, pipeline->builds.items[0]);
	}
	pipeline->deleted = true;
	return NULL;
}

/* Under the same slug, as somebody else's: its numbers begin at 1. */
static const char *recreate(struct sim *sim, struct pipeline *pipeline, const struct pipeline_body *in)
{
	struct rng rng;

	delete (sim, pipeline, in);
	pipeline->deleted = false;
	pipeline->archived = 0;
	pipeline->remade++;
	pipeline->newest_number = 0;
	pipeline->created = sim->world.now;
	rng = rng_stream(sim->options.world.seed, 600000 + (uint64_t)pipeline->index,
			 (uint64_t)pipeline->remade);
	draw_uuid(&rng, pipeline->uuid);
	return NULL;
}

static const struct {
	const char *name;
	pipeline_action *act;
} actions[] = {
	{"rename", rename_pipeline}, {"archive", archive},   {"unarchive", unarchive},
	{"delete", delete},          {"recreate", recreate},
};

/* "acme/web", or "web" in the first organisation; deleted ones too. */
static struct pipeline *any_pipeline(struct sim *sim, const char *name)
{
	for (int i = 0; name && i < sim->world.pipeline_count; i++) {
		struct pipeline *pipeline = &sim->world.pipelines[i];
		char full[256];

		snprintf(full, sizeof full, "%s/%s", pipeline->organization->slug, pipeline->slug);
		if (strcmp(name, full) == 0 || (pipeline->organization == &sim->world.organizations[0] &&
						strcmp(name, pipeline->slug) == 0)) {
			return pipeline;
		}
	}
	return NULL;
}

static const char *act(struct sim *sim, const struct pipeline_body *in)
{
	struct pipeline *pipeline = any_pipeline(sim, in->pipeline);

	if (!pipeline || !in->action) {
		return "no such pipeline, or 'action' is missing";
	}
	for (size_t i = 0; i < COUNT(actions); i++) {
		if (strcmp(in->action, actions[i].name) == 0) {
			return actions[i].act(sim, pipeline, in);
		}
	}
	return "no such action of a pipeline";
}

void control_pipeline(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	static const struct body_row rows[] = {
		ROW(pipeline_body, pipeline, BODY_TEXT),
		ROW(pipeline_body, action, BODY_TEXT),
		ROW(pipeline_body, slug, BODY_TEXT),
		ROW(pipeline_body, redirect, BODY_INT),
	};
	struct pipeline_body in = {0};
	const char *problem;
	yyjson_doc *doc;
	struct err err;

	if (body_read(call->request->body, call->request->body_size, rows, COUNT(rows), &in, &doc, &err)) {
		reply_message(reply, 400, "%s", err.text);
	} else if ((problem = act(sim, &in))) {
		reply_message(reply, 409, "%s", problem);
	} else {
		control_clock(sim, call, reply);
	}
	yyjson_doc_free(doc);
}

void control_scopes(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct scopes_body {
		const char *scopes;
	} in = {0};
	static const struct body_row rows[] = {ROW(scopes_body, scopes, BODY_TEXT)};
	yyjson_doc *doc;
	struct err err;

	if (body_read(call->request->body, call->request->body_size, rows, COUNT(rows), &in, &doc, &err) ||
	    !in.scopes) {
		reply_message(reply, 400, "'scopes' is missing");
	} else {
		sim->options.scopes = pool_copy(&sim->world.pool, in.scopes);
		control_clock(sim, call, reply);
	}
	yyjson_doc_free(doc);
}

bool sim_redirects(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	const char *organization = call->args[0], *slug = call->args[1];

	for (int i = sim->move_count; i-- > 0;) {
		const struct sim_move *move = &sim->moves[i];
		const char *path = call->request->path, *query = call->request->query;
		char old[300];
		const char *rest;

		if (strcmp(move->slug, slug) != 0 ||
		    strcmp(move->pipeline->organization->slug, organization) != 0) {
			continue;
		}
		snprintf(old, sizeof old, "/pipelines/%s", slug);
		rest = strstr(path, old);
		reply_message(reply, move->status, "Moved");
		reply_header(reply, "Location", "%.*s%.*s/pipelines/%s%s%s%s", (int)(strlen(sim->base) - 3),
			     sim->base, rest ? (int)(rest - path) : 0, path, move->pipeline->slug,
			     rest ? rest + strlen(old) : "", query ? "?" : "", query ? query : "");
		return true;
	}
	return false;
}
