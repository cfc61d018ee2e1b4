/* Documented: rest_api/artifacts. The download answers 302 to a signed URL of another host. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/artifacts.h"
#include "tests/sim/api.h"
#include "tests/sim/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE "X-Sim-Signature"

void artifact_add(struct world *world, struct build *build, int job, const struct artifact *values)
{
	struct pool *pool = &world->pool;
	struct artifact *artifact = pool_take(pool, sizeof *artifact), **end = &build->artifacts;
	struct rng rng = rng_stream(world->options.seed, 500000 + (uint64_t)build->pipeline->index,
				    (uint64_t)build->number);

	for (; *end; end = &(*end)->next) {
		rng_next(&rng);
	}
	*artifact = *values;
	draw_uuid(&rng, artifact->uuid);
	artifact->job_uuid = pool_copy(pool, build->jobs[job].uuid);
	artifact->path = pool_copy(pool, values->path);
	artifact->mime_type = pool_copy(pool, values->mime_type);
	artifact->state = pool_copy(pool, values->state);
	artifact->body = pool_copy(pool, values->body);
	artifact->redirect = pool_copy(pool, values->redirect);
	artifact->next = NULL;
	*end = artifact;
}

void artifacts_draw(struct world *world, struct build *build)
{
	struct rng rng = rng_stream(world->options.seed, 600000 + (uint64_t)build->pipeline->index,
				    (uint64_t)build->number);
	struct artifact values = {
		.mime_type = "application/json", .state = "finished", .redirect = "outside"};
	char body[32];
	int job;

	if (build->job_count == 0 || !rng_chance(&rng, world->options.coverage)) {
		return;
	}
	for (int64_t i = rng_between(&rng, 1, 3); i > 0; i--) {
		snprintf(body, sizeof body, rng_chance(&rng, 900) ? "{\"pct\":0.%02d}" : "{\"pct\":%d",
			 (int)rng_below(&rng, 100));
		values.body = body;
		values.path = rng_chance(&rng, 500) ? "coverage-summary.json" : "out/coverage-summary.json";
		job = (int)rng_below(&rng, build->job_count);
		if (build->jobs[job].step->type == JOB_SCRIPT && build->jobs[job].finished != NEVER) {
			artifact_add(world, build, job, &values);
		}
	}
}

void api_artifacts(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct build *build = api_build_of(sim, call, reply);
	struct api_list list;
	struct put in;

	if (!build || !api_list(&list, call, reply)) {
		return;
	}
	for (const struct artifact *at = build->artifacts; at; at = at->next) {
		if (api_list_next(&list, &in)) {
			payload_artifact(in, sim->base, build, at);
		}
	}
	api_list_reply(&list, sim, call, reply);
}

static const struct artifact *find(const struct build *build, const char *uuid)
{
	for (const struct artifact *at = build->artifacts; at; at = at->next) {
		if (strcmp(at->uuid, uuid) == 0) {
			return at;
		}
	}
	return NULL;
}

void artifact_serve(const struct artifact *artifact, struct sim_reply *reply)
{
	char zeros[4096] = {0};

	reply->content_type = artifact->mime_type;
	if (artifact->body) {
		text_add(&reply->body, artifact->body, strlen(artifact->body));
		return;
	}
	for (int64_t left = artifact->size_bytes; left > 0; left -= (int64_t)sizeof zeros) {
		text_add(&reply->body, zeros, left < (int64_t)sizeof zeros ? (size_t)left : sizeof zeros);
	}
}

static void redirect(struct sim *sim, const struct artifact *artifact, struct sim_reply *reply)
{
	const char *to = artifact->redirect;
	bool here = strcmp(to, "here") == 0 || !*sim->outside;
	char url[400];

	if (strchr(to, ':')) {
		snprintf(url, sizeof url, "%s", to);
	} else {
		snprintf(url, sizeof url, "%.*s/outside/%s?" SIGNATURE "=s3cr3t-%.8s",
			 here ? (int)(strlen(sim->base) - 3) : (int)strlen(sim->outside),
			 here ? sim->base : sim->outside, artifact->uuid, artifact->uuid);
	}
	reply_message(reply, 302, "Found");
	reply_header(reply, "Location", "%s", url);
}

void api_download(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	struct build *build = api_build_of(sim, call, reply);
	const struct artifact *artifact = build ? find(build, call->args[4]) : NULL;

	if (!artifact || strcmp(artifact->state, "finished") != 0) {
		if (build) {
			reply_message(reply, 404, "No artifact found");
		}
	} else if (strcmp(artifact->redirect, "none") == 0) {
		artifact_serve(artifact, reply);
	} else {
		redirect(sim, artifact, reply);
	}
}

static const struct artifact *find_anywhere(const struct world *world, const char *uuid)
{
	for (size_t i = 0; i < world->builds.count; i++) {
		const struct artifact *artifact = find(world->builds.items[i], uuid);

		if (artifact) {
			return artifact;
		}
	}
	return NULL;
}

void api_outside(struct sim *sim, const struct sim_call *call, struct sim_reply *reply)
{
	const struct artifact *artifact = find_anywhere(&sim->world, call->args[0]);
	const char *signature = query_get(&call->query, SIGNATURE);

	if (!artifact || !signature || strncmp(signature, "s3cr3t-", 7) != 0 ||
	    strncmp(signature + 7, artifact->uuid, 8) != 0) {
		reply_message(reply, 403, "AccessDenied");
	} else if (strcmp(artifact->redirect, "loop") == 0) {
		redirect(sim, artifact, reply);
	} else {
		artifact_serve(artifact, reply);
	}
}

static bool is_summary(const struct artifact *artifact)
{
	static const char name[] = "coverage-summary.json";
	size_t size = strlen(artifact->path), wanted = sizeof name - 1;

	return strcmp(artifact->state, "finished") == 0 && size >= wanted &&
	       strcmp(artifact->path + size - wanted, name) == 0 &&
	       (size == wanted || artifact->path[size - wanted - 1] == '/');
}

static int64_t finish_of(const struct build *build, const struct artifact *artifact, int64_t now)
{
	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];

		if (strcmp(job->uuid, artifact->job_uuid) == 0) {
			return job->finished <= now ? job->finished : 0;
		}
	}
	return 0;
}

static int folders_of(const struct artifact *artifact)
{
	int count = 0;

	for (const char *at = artifact->path; *at; at++) {
		count += *at == '/';
	}
	return count;
}

static double told_by(const struct artifact *artifact)
{
	yyjson_doc *doc =
		artifact->body && strcmp(artifact->redirect, "loop") != 0 && !strchr(artifact->redirect, ':')
			? yyjson_read(artifact->body, strlen(artifact->body), 0)
			: NULL;
	yyjson_val *pct = yyjson_obj_get(yyjson_doc_get_root(doc), "pct");
	double share = yyjson_is_num(pct) ? yyjson_get_num(pct) : -1;

	yyjson_doc_free(doc);
	return share <= 1 ? share : -1;
}

double artifact_coverage(const struct build *build, int64_t now)
{
	const struct artifact *best = NULL;

	for (const struct artifact *at = build->artifacts; at; at = at->next) {
		int64_t later = best ? finish_of(build, at, now) - finish_of(build, best, now) : 1;

		if (is_summary(at) && (later > 0 || (later == 0 && folders_of(at) < folders_of(best)))) {
			best = at;
		}
	}
	return best ? told_by(best) : -1;
}
