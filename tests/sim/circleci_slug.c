/* How CircleCI names projects: gh/acme/web, bb/acme/web, or circleci/<22>/<22> of letters and digits. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/circleci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPAQUE = 22 };

/* Always the same of one uuid. */
static void make_opaque(const char *uuid, char out[static OPAQUE + 1])
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	struct rng rng = rng_stream(strtoull(uuid, NULL, 16), strtoull(uuid + 24, NULL, 16), 0);

	for (int i = 0; i < OPAQUE; i++) {
		out[i] = letters[rng_below(&rng, 62)];
	}
	out[OPAQUE] = '\0';
}

void cc_deal_vcs(struct world *world, const char *list)
{
	const char *all = list ? list : "gh", *at = all;

	for (int i = 0; i < world->organization_count; i++) {
		int size = (int)strcspn(at, ",");

		world->organizations[i].vcs = pool_text(&world->pool, "%.*s", size, at);
		at = at[size] ? at + size + 1 : all;
	}
}

bool cc_is_opaque(const struct organization *organization)
{
	return strcmp(organization->vcs, "circleci") == 0;
}

void cc_organization_slug(const struct organization *organization, char out[static CC_SLUG])
{
	char opaque[OPAQUE + 1];

	make_opaque(organization->uuid, opaque);
	snprintf(out, CC_SLUG, "%s/%s", organization->vcs,
		 cc_is_opaque(organization) ? opaque : organization->slug);
}

const char *cc_project_name(const struct pipeline *pipeline, char out[static CC_SLUG])
{
	char opaque[OPAQUE + 1];

	make_opaque(pipeline->uuid, opaque);
	snprintf(out, CC_SLUG, "%s", cc_is_opaque(pipeline->organization) ? opaque : pipeline->slug);
	return out;
}

void cc_project_slug(const struct pipeline *pipeline, char out[static 2 * CC_SLUG])
{
	char organization[CC_SLUG], project[CC_SLUG];

	cc_organization_slug(pipeline->organization, organization);
	snprintf(out, 2 * CC_SLUG, "%s/%s", organization, cc_project_name(pipeline, project));
}

struct organization *cc_organization(const struct world *world, const char *slug)
{
	char own[CC_SLUG];

	for (int i = 0; i < world->organization_count; i++) {
		cc_organization_slug(&world->organizations[i], own);
		if (strcmp(own, slug) == 0) {
			return &world->organizations[i];
		}
	}
	return NULL;
}

struct pipeline *cc_project(const struct world *world, const char *vcs, const char *organization,
			    const char *project)
{
	char slug[2 * CC_SLUG], own[2 * CC_SLUG];

	vcs = strcmp(vcs, "github") == 0 ? "gh" : strcmp(vcs, "bitbucket") == 0 ? "bb" : vcs;
	snprintf(slug, sizeof slug, "%s/%s/%s", vcs, organization, project);
	for (int i = 0; i < world->pipeline_count; i++) {
		cc_project_slug(&world->pipelines[i], own);
		if (!world->pipelines[i].deleted && strcmp(own, slug) == 0) {
			return &world->pipelines[i];
		}
	}
	return NULL;
}
