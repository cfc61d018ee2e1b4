/* SPDX-License-Identifier: MIT */
#include "compose/sync_tally.h"
#include "compose/status_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status tally_init(struct sync_tally *tally, const struct config *config, struct err *err)
{
	*tally = (struct sync_tally){.sinks = calloc(config->section_count + 1, sizeof *tally->sinks)};
	if (!tally->sinks) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	for (size_t i = 0; i < config->section_count; i++) {
		if (config->sections[i].side == SECTION_DESTINATION) {
			tally->sinks[tally->sink_count++].name = config->sections[i].name;
		}
	}
	return OK;
}

void tally_fini(struct sync_tally *tally)
{
	while (tally->refusals) {
		struct sync_refusal *next = tally->refusals->next;

		free(tally->refusals->why);
		free(tally->refusals);
		tally->refusals = next;
	}
	free(tally->sinks);
	*tally = (struct sync_tally){0};
}

static int64_t count_of(yyjson_val *fields, const char *key)
{
	return yyjson_get_sint(yyjson_obj_get(fields, key));
}

static struct sync_sink *sink_named(struct sync_tally *tally, const char *name)
{
	for (size_t i = 0; name && i < tally->sink_count; i++) {
		if (strcmp(name, tally->sinks[i].name) == 0) {
			return &tally->sinks[i];
		}
	}
	return NULL;
}

/* A sink that was restarted tells its part at each end. */
static void add_counts(struct sync_sink *sink, yyjson_val *fields)
{
	sink->created += count_of(fields, "created");
	sink->updated += count_of(fields, "updated");
	sink->unchanged += count_of(fields, "unchanged");
	sink->rejected += count_of(fields, "rejected");
}

static void sink_event(struct sync_sink *sink, const char *event, yyjson_val *fields)
{
	const char *why = yyjson_get_str(yyjson_obj_get(fields, "why"));

	if (strcmp(event, "sink.detached") == 0) {
		add_counts(sink, fields);
	} else if (strcmp(event, "sink.known_end") == 0) {
		sink->told = true;
	} else if (strcmp(event, "sink.recovered") == 0) {
		sink->trouble[0] = '\0';
	} else if (why && (strcmp(event, "sink.retry") == 0 || strcmp(event, "firestore.waiting") == 0)) {
		snprintf(sink->trouble, sizeof sink->trouble, "%s", why);
	}
}

struct sync_sink *tally_sink(struct sync_tally *tally, const char *process)
{
	const char *prefix = "sink-";

	return strncmp(process, prefix, strlen(prefix)) == 0 ? sink_named(tally, process + strlen(prefix))
							     : NULL;
}

void tally_status(struct sync_tally *tally, yyjson_mut_val *status)
{
	yyjson_mut_val *each;
	size_t index, max;

	yyjson_mut_arr_foreach(status_at(status, "sinks"), index, max, each)
	{
		struct sync_sink *sink = sink_named(tally, yyjson_mut_get_str(status_at(each, "name")));

		if (sink) {
			sink->behind = yyjson_mut_get_sint(status_at(each, "lag_records"));
		}
	}
}

bool tally_refused(const struct sync_tally *tally, const char *target, const char *why)
{
	for (const struct sync_refusal *refusal = tally->refusals; refusal; refusal = refusal->next) {
		if (strcmp(refusal->target, target) == 0 || strncmp(refusal->why, why, strlen(why)) == 0) {
			return true;
		}
	}
	return false;
}

void tally_refuse(struct sync_tally *tally, const char *target, const char *why)
{
	struct sync_refusal *refusal;

	if (tally_refused(tally, target, why)) {
		return;
	}
	refusal = malloc(sizeof *refusal + strlen(target) + 1);
	if (refusal) {
		memcpy(refusal->target, target, strlen(target) + 1);
		refusal->why = strdup(why);
		refusal->next = tally->refusals;
		tally->refusals = refusal;
	}
}

void tally_event(struct sync_tally *tally, const char *event, yyjson_val *fields)
{
	const char *target = yyjson_get_str(yyjson_obj_get(fields, "target"));
	const char *why = yyjson_get_str(yyjson_obj_get(fields, "why"));

	struct sync_sink *sink = sink_named(tally, yyjson_get_str(yyjson_obj_get(fields, "sink")));

	if (sink) {
		sink_event(sink, event, fields);
	}
	if (strcmp(event, "fetch.ended") == 0) {
		tally->requests += count_of(fields, "requests");
		tally->fetched += count_of(fields, "builds");
	} else if (strcmp(event, "fetch.skipped") == 0) {
		tally->skipped++;
	} else if (strcmp(event, "fetch.refused") == 0 && target) {
		tally_refuse(tally, target, why ? why : "");
	}
}

int64_t tally_fetched(const struct sync_tally *tally)
{
	return tally->distinct > 0 ? tally->distinct : tally->fetched;
}

struct sync_sink tally_sum(const struct sync_tally *tally)
{
	struct sync_sink sum = {0};

	for (size_t i = 0; i < tally->sink_count; i++) {
		sum.created += tally->sinks[i].created;
		sum.updated += tally->sinks[i].updated;
		sum.unchanged += tally->sinks[i].unchanged;
		sum.rejected += tally->sinks[i].rejected;
	}
	return sum;
}
