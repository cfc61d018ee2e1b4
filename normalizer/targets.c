/* Which targets exist: from the configuration and from what discoveries found. */
/* SPDX-License-Identifier: MIT */
#include "normalizer/targets.h"
#include "common/log.h"
#include "normalizer/batch.h"
#include "normalizer/hub.h"
#include "normalizer/lease.h"
#include "normalizer/plan.h"
#include "normalizer/port.h"
#include "normalizer/records.h"

#include <stdlib.h>

struct source *source_named(struct hub *hub, struct text name)
{
	for (size_t i = 0; i < hub->source_count; i++) {
		if (text_is(name, hub->sources[i].name)) {
			return &hub->sources[i];
		}
	}
	return NULL;
}

int64_t hub_poll_ms(const struct hub *hub, const char *name)
{
	struct source *source = source_named((struct hub *)(uintptr_t)hub, text_of(name));

	return source ? source->poll_ms : 30000;
}

static enum status put(struct hub *hub, struct text name, const char *provider, const char *source,
		       const char *parent, struct err *err)
{
	return db_run(&hub->db, SQL_TARGET_PUT, err, "tttti", name, text_of(provider), text_of(source),
		      text_of(parent), wall_ms());
}

/* What the configuration no longer names, and what discoveries that are no longer configured had found, is
 * retired: not visited, its builds and cursors stay. */
static enum status put_all(struct hub *hub, const struct plan *plan, struct err *err)
{
	enum status status = db_run(&hub->db, SQL_TARGET_DOUBT, err, "");

	for (size_t i = 0; status == OK && i < plan->target_count; i++) {
		const struct plan_target *target = &plan->targets[i];
		status = put(hub, text_of(target->name), plan->sources[target->source].provider,
			     plan->sources[target->source].name, NULL, err);
	}
	if (status == OK) {
		status = db_run(&hub->db, SQL_TARGET_RETIRE_DOUBTED, err, "");
	}
	return status == OK ? db_run(&hub->db, SQL_TARGET_RETIRE_ORPHANS, err, "") : status;
}

/* A run that carries everything once doesn't wait until it is due, nor for the leases of a run that was
 * killed: it is alone here, and whoever still holds one is refused by its fence. */
static enum status put_due(struct hub *hub, struct err *err)
{
	enum status status = lease_end_all(hub, err);

	if (status == OK) {
		status = db_run(&hub->db, SQL_DUE_TARGETS, err, "");
	}
	return status == OK ? db_run(&hub->db, SQL_DUE_BUILDS, err, "") : status;
}

static void sources_free(struct source *sources, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(sources[i].name);
		free(sources[i].provider);
		free(sources[i].live);
		share_fini(&sources[i]);
	}
	free(sources);
}

/* What its workers were told stays true. */
static void inherit(struct source *source, struct source *old, size_t count)
{
	for (size_t i = 0; source->name && i < count; i++) {
		if (strcmp(old[i].name, source->name) == 0) {
			share_move(source, &old[i]);
		}
	}
}

static enum status add_sources(struct hub *hub, const struct plan *plan, struct err *err)
{
	hub->source_count = 0;
	hub->sources = calloc(plan->source_count + 1, sizeof *hub->sources);
	for (size_t i = 0; hub->sources && i < plan->source_count; i++) {
		hub->sources[i] =
			(struct source){.name = strdup(plan->sources[i].name),
					.provider = strdup(plan->sources[i].provider),
					.poll_ms = plan->sources[i].poll_ms,
					.live = plan->sources[i].live ? strdup(plan->sources[i].live) : NULL,
					.details = plan->sources[i].details,
					.budget_per_min = -1};
		hub->source_count++;
		if (!hub->sources[i].name || !hub->sources[i].provider ||
		    (plan->sources[i].live && !hub->sources[i].live)) {
			return err_set(err, ERR_SYS, "out of memory for the sources");
		}
	}
	return hub->sources ? OK : err_set(err, ERR_SYS, "out of memory for the sources");
}

static enum status take_sources(struct hub *hub, const struct plan *plan, struct err *err)
{
	struct source *old = hub->sources;
	size_t old_count = hub->source_count;
	enum status status = add_sources(hub, plan, err);

	for (size_t i = 0; i < hub->source_count; i++) {
		inherit(&hub->sources[i], old, old_count);
	}
	sources_free(old, old_count);
	return status;
}

enum status targets_load(struct hub *hub, const struct config *config, struct err *err)
{
	struct plan plan = {0};
	enum status status = plan_read(&plan, config, err);

	if (status == OK) {
		status = take_sources(hub, &plan, err);
	}
	if (status == OK && (status = batch_begin(hub, err)) == OK) {
		status = put_all(hub, &plan, err);
		if (status == OK && config->bus.sync) {
			status = put_due(hub, err);
		}
		if (status != OK) {
			batch_break(hub, err);
		}
		status = batch_end(hub, err);
		hub->targets_pending = status != OK;
	}
	plan_fini(&plan);
	return status;
}

void targets_fini(struct hub *hub)
{
	sources_free(hub->sources, hub->source_count);
	hub->sources = NULL;
	hub->source_count = 0;
}

static enum status add_found(struct hub *hub, const struct lease *lease, struct text slug,
			     struct intake *counts, struct err *err)
{
	struct text name = {0}, parent = {0};
	bool active = false, configured = false;
	sqlite3_stmt *row;
	enum status status;

	name.at = arena_format(&hub->arena, "%s:%.*s", lease->source, TEXT_FMT(slug));
	if (!name.at) {
		return err_set(err, ERR_SYS, "out of memory for a target");
	}
	name.size = strlen(name.at);
	status = db_query(&hub->db, SQL_TARGET_IS_ACTIVE, &row, err, "t", name);
	if (row) {
		active = sqlite3_column_int64(row, 0);
		parent = db_text(row, 1);
		configured = active && !parent.at;
	}
	db_done(&hub->db, SQL_TARGET_IS_ACTIVE);
	counts->fresh += !active;
	counts->unchanged += active;
	if (status != OK || configured) {
		return status;
	}
	return put(hub, name, lease->provider, lease->source, lease->target, err);
}

/* Those with a meaning of their own can't be found. */
static bool is_plain(const char *slug, size_t size)
{
	const char *slash = memrchr(slug, '/', size), *last = slash ? slash + 1 : slug;

	return slug[size - 1] != '*' && *last != LIVE_PART[0];
}

static enum status check_list(const msgpack_object_array *slugs, struct err *err)
{
	for (uint32_t i = 0; i < slugs->size; i++) {
		const msgpack_object_str *slug = &slugs->ptr[i].via.str;

		if (slugs->ptr[i].type != MSGPACK_OBJECT_STR ||
		    !name_ok((struct text){slug->ptr, slug->size}) || !is_plain(slug->ptr, slug->size)) {
			return err_set(
				err, ERR_DATA,
				"targets[%u] is not a slug of 1 to 512 bytes without * at its end or @ "
				"before its last part",
				i);
		}
	}
	return OK;
}

static enum status add_list(struct hub *hub, const struct lease *lease, const msgpack_object_array *slugs,
			    struct intake *counts, struct err *err)
{
	enum status status = OK;

	for (uint32_t i = 0; status == OK && i < slugs->size; i++) {
		const msgpack_object_str *slug = &slugs->ptr[i].via.str;

		arena_reset(&hub->arena);
		status = add_found(hub, lease, (struct text){slug->ptr, slug->size}, counts, err);
	}
	return status;
}

/* Retires what is in doubt. A list without anything is more often a fault, or a token that lost its teams,
 * than an organization without pipelines. */
static enum status retire_unfound(struct hub *hub, const struct lease *lease, bool nothing, int64_t doubted,
				  struct intake *counts, struct err *err)
{
	bool believe = true;
	enum status status = !nothing  ? found_something(hub, lease, err)
			     : doubted ? found_nothing(hub, lease, doubted, &believe, err)
				       : OK;

	if (status == OK && believe) {
		status = db_run(&hub->db, SQL_TARGET_RETIRE_UNFOUND, err, "t", text_of(lease->target));
		counts->stale = status == OK ? db_changes(&hub->db) : 0;
	}
	return status == OK ? db_run(&hub->db, SQL_TARGET_KEEP_UNFOUND, err, "t", text_of(lease->target))
			    : status;
}

enum status targets_found(struct hub *hub, const struct lease *lease, const struct found *found,
			  struct intake *counts, struct err *err)
{
	enum status status = OK;
	int64_t doubted;

	for (size_t i = 0; status == OK && i < found->list_count; i++) {
		status = check_list(found->lists[i], err);
	}
	if (status != OK) {
		return status;
	}
	arena_reset(&hub->arena);
	/* Doubt all, confirm what is listed, retire the rest: one pass, however long the lists are. */
	status = db_run(&hub->db, SQL_TARGET_DOUBT_FOUND, err, "t", text_of(lease->target));
	doubted = status == OK ? db_changes(&hub->db) : 0;
	for (size_t i = 0; status == OK && i < found->list_count; i++) {
		status = add_list(hub, lease, found->lists[i], counts, err);
	}
	return status == OK ? retire_unfound(hub, lease, found->slugs == 0, doubted, counts, err) : status;
}
