/* SPDX-License-Identifier: MIT */
#include "normalizer/plan.h"

#include "common/arena.h"
#include "common/record.h"

#include <stdlib.h>

/* What the hub needs to know of a source of any kind; each kind names its slugs in its own key. */
struct part {
	char *organization;
	struct config_list slugs;
	int64_t poll_ms;
	bool coverage, tests;
};

#define SLUGS_ROW(KEY)                                                                                       \
	{                                                                                                    \
		.key = KEY, .type = CONFIG_LIST, .offset = offsetof(struct part, slugs), .required = true,   \
	}
#define POLL_ROW                                                                                             \
	{                                                                                                    \
		.key = "poll_interval", .type = CONFIG_DURATION, .offset = offsetof(struct part, poll_ms),   \
		.fallback = "30s", .min = 1000,                                                              \
	}

#define FLAG_ROW(FIELD)                                                                                      \
	{                                                                                                    \
		.key = #FIELD, .type = CONFIG_BOOL, .offset = offsetof(struct part, FIELD),                  \
		.fallback = "false",                                                                         \
	}

static const struct config_row buildkite_part[] = {
	{.key = "organization_slug",
	 .type = CONFIG_TEXT,
	 .offset = offsetof(struct part, organization),
	 .required = true},
	SLUGS_ROW("pipeline_slug"),
	POLL_ROW,
	FLAG_ROW(coverage),
	CONFIG_END,
};

static const struct config_row circleci_part[] = {SLUGS_ROW("project_slug"), POLL_ROW, FLAG_ROW(coverage),
						  FLAG_ROW(tests), CONFIG_END};

static const struct kind {
	const char *name;
	const struct config_row *rows;
	bool live; /* its fetcher knows live walks */
} kinds[] = {
	{"buildkite", buildkite_part, .live = true},
	{"circleci", circleci_part, .live = false},
};

static const struct kind *kind_of(const char *name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(name, kinds[i].name) == 0) {
			return &kinds[i];
		}
	}
	return NULL;
}

/* "gh/acme/my api" → "gh/acme/my%20api" */
static char *slug_name(struct arena *arena, const char *slug)
{
	char *name = arena_text(arena, "", 0);

	for (const char *at = slug; name && *at;) {
		size_t size = strcspn(at, "/");
		char *part = id_part(arena, (struct text){at, size});

		name = part ? arena_format(arena, "%s%s%s", name, part, at[size] ? "/" : "") : NULL;
		at += size + (at[size] == '/');
	}
	return name;
}

/* "acme" and "web" → "buildkite:acme/web"; the parts are encoded as in a record's id, "*" stays. */
static char *target_name(const char *source, const char *organization, const char *slug)
{
	struct arena arena;
	char *name = NULL, *first, *second;

	arena_init(&arena, 65536);
	first = arena_text(&arena, "", 0);
	if (organization) {
		char *part = id_part(&arena, text_of(organization));
		first = part ? arena_format(&arena, "%s/", part) : NULL;
	}
	second = strcmp(slug, "*") == 0 ? arena_text(&arena, "*", 1) : slug_name(&arena, slug);
	if (first && second && asprintf(&name, "%s:%s%s", source, first, second) < 0) {
		name = NULL;
	}
	arena_fini(&arena);
	return name;
}

/* Takes name. */
static enum status add_target(struct plan *plan, char *name, struct err *err)
{
	if (!name) {
		return err_set(err, ERR_SYS, "out of memory for the targets");
	}
	plan->targets[plan->target_count++] =
		(struct plan_target){.name = name, .source = plan->source_count - 1};
	return OK;
}

static bool is_many(const struct part *part)
{
	return part->slugs.count > 1 || (part->slugs.count == 1 && strcmp(part->slugs.items[0], "*") == 0);
}

/* One target more, which reads what is new of them all: `@` is in no encoded part, so it is no slug of
 * theirs. */
static enum status add_live(struct plan *plan, const struct part *part, struct err *err)
{
	struct plan_source *source = &plan->sources[plan->source_count - 1];
	char *folder, *name;

	if (!is_many(part)) {
		return OK;
	}
	folder = target_name(source->name, part->organization, "*");
	if (!folder || asprintf(&name, "%.*s" LIVE_PART, (int)strlen(folder) - 1, folder) < 0) {
		free(folder);
		return err_set(err, ERR_SYS, "out of memory for the targets");
	}
	free(folder);
	source->live = strdup(name);
	if (!source->live) {
		free(name);
		return err_set(err, ERR_SYS, "out of memory for the targets");
	}
	return add_target(plan, name, err);
}

static enum status add_targets(struct plan *plan, const struct part *part, struct err *err)
{
	const struct plan_source *source = &plan->sources[plan->source_count - 1];
	struct plan_target *targets =
		realloc(plan->targets, (plan->target_count + part->slugs.count + 3) * sizeof *targets);
	enum status status = OK;
	char *details = NULL;

	if (!targets) {
		return err_set(err, ERR_SYS, "out of memory for the targets");
	}
	plan->targets = targets;
	for (size_t i = 0; status == OK && i < part->slugs.count; i++) {
		status = add_target(plan, target_name(source->name, part->organization, part->slugs.items[i]),
				    err);
	}
	if (status == OK && source->details) {
		details = asprintf(&details, "%s:" PLAN_DETAILS, source->name) < 0 ? NULL : details;
		status = add_target(plan, details, err);
	}
	return status;
}

static enum status add_source(struct plan *plan, const struct config *config,
			      const struct config_section *section, struct err *err)
{
	const struct kind *kind = kind_of(section->kind);
	struct part part = {0};
	enum status status;

	if (!kind) {
		return OK; /* a kind that brings builds by other ways */
	}
	status = config_read_part(config, section, kind->rows, &part, err);
	if (status == OK) {
		plan->sources[plan->source_count++] =
			(struct plan_source){.name = strdup(section->name),
					     .provider = section->kind,
					     .poll_ms = part.poll_ms,
					     .details = part.coverage || part.tests};
		status = add_targets(plan, &part, err);
	}
	if (status == OK && kind->live &&
	    !config->bus.sync) { /* it saves visits, and in a sync each is wanted once */
		status = add_live(plan, &part, err);
	}
	config_free(kind->rows, &part);
	return status;
}

enum status plan_read(struct plan *plan, const struct config *config, struct err *err)
{
	enum status status = OK;

	*plan = (struct plan){.sources = calloc(config->section_count + 1, sizeof *plan->sources)};
	if (!plan->sources) {
		return err_set(err, ERR_SYS, "out of memory for the sources");
	}
	for (size_t i = 0; status == OK && i < config->section_count; i++) {
		if (config->sections[i].side == SECTION_SOURCE) {
			status = add_source(plan, config, &config->sections[i], err);
		}
	}
	return status;
}

void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->target_count; i++) {
		free(plan->targets[i].name);
	}
	for (size_t i = 0; i < plan->source_count; i++) {
		free(plan->sources[i].name);
		free(plan->sources[i].live);
	}
	free(plan->targets);
	free(plan->sources);
	*plan = (struct plan){0};
}
