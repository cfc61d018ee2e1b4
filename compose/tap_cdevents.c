/* SPDX-License-Identifier: MIT */
#include "compose/tap_cdevents.h"
#include "common/time.h"

#include <inttypes.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* CDEvents has neither timeout nor skip; a build that is gone has no result. */
static const struct outcome {
	const char *word, *errors;
} outcomes[] = {
	[RESULT_NULL] = {NULL, "the provider does not know it any more"},
	[RESULT_SUCCESS] = {"success", NULL},
	[RESULT_FAILURE] = {"failure", NULL},
	[RESULT_ERROR] = {"error", NULL},
	[RESULT_TIMEOUT] = {"error", "timeout"},
	[RESULT_CANCELLATION] = {"cancel", NULL},
	[RESULT_SKIP] = {"cancel", "skipped"},
};

/* One event on its way out. */
struct telling {
	struct cdevents *cdevents;
	const struct build *build;
	const struct buildbus_tap_event *event;
	FILE *out;
	yyjson_mut_doc *doc;
	bool failed;
};

static bool is_told(struct cdevents *cdevents, const char *id)
{
	uint64_t hash = XXH3_64bits(id, strlen(id)) | 1;
	uint64_t *slot = &cdevents->told[hash / 2 % CDEVENTS_TOLD];
	bool told = *slot == hash;

	*slot = hash;
	return told;
}

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, struct text text)
{
	if (text.at) {
		yyjson_mut_obj_add_strncpy(doc, object, key, text.at, text.size);
	}
}

/* `/buildkite/acme/web`: the pipeline that the event is of. */
static struct text source_of(const struct build *build, char *room)
{
	const char *slash = memrchr(build->id.at, '/', build->id.size);
	size_t size = slash ? (size_t)(slash - build->id.at) : build->id.size;

	room[0] = '/';
	memcpy(room + 1, build->id.at, size);
	return (struct text){room, size + 1};
}

static yyjson_mut_val *context_of(struct telling *telling, const char *type, const char *id, int64_t at)
{
	yyjson_mut_doc *doc = telling->doc;
	yyjson_mut_val *context = yyjson_mut_obj(doc);
	char *room = malloc(telling->build->id.size + 1), time[32];

	time_format(at, time);
	yyjson_mut_obj_add_str(doc, context, "specversion", "0.5.1");
	yyjson_mut_obj_add_strcpy(doc, context, "id", id);
	if (room) {
		add_text(doc, context, "source", source_of(telling->build, room));
	}
	yyjson_mut_obj_add_str(doc, context, "type", type);
	yyjson_mut_obj_add_strcpy(doc, context, "timestamp", time);
	add_text(doc, context, "chainId", telling->build->id);
	free(room);
	return context;
}

static void drop_nulls(yyjson_mut_val *object)
{
	yyjson_mut_obj_iter iter = yyjson_mut_obj_iter_with(object);
	yyjson_mut_val *key;

	while ((key = yyjson_mut_obj_iter_next(&iter))) {
		yyjson_mut_val *value = yyjson_mut_obj_iter_get_val(key);

		if (yyjson_mut_is_null(value)) {
			yyjson_mut_obj_iter_remove(&iter);
		} else if (yyjson_mut_is_obj(value)) {
			drop_nulls(value);
		}
	}
}

/* What CDEvents has no place for: the record without its lists, or one job of it. */
static yyjson_mut_val *custom_of(struct telling *telling, const struct job *job)
{
	yyjson_mut_doc *doc = telling->doc;
	yyjson_mut_val *custom = yyjson_mut_obj(doc), *ours;

	if (job) {
		ours = yyjson_mut_obj(doc);
		add_text(doc, ours, "build", telling->build->id);
		yyjson_mut_obj_add_val(doc, ours, "job", schema_json(doc, job_fields, job));
	} else {
		ours = schema_json(doc, build_fields, telling->build);
		yyjson_mut_obj_remove_key(ours, "jobs");
		yyjson_mut_obj_remove_key(ours, "attempts");
	}
	drop_nulls(ours);
	yyjson_mut_obj_add_sint(doc, ours, "seq", telling->event->seq);
	yyjson_mut_obj_add_sint(doc, ours, "epoch", telling->event->epoch);
	yyjson_mut_obj_add_val(doc, custom, "buildbus", ours);
	return custom;
}

static void print(struct telling *telling, yyjson_mut_val *context, struct text subject_id,
		  yyjson_mut_val *content, const struct job *job)
{
	yyjson_mut_doc *doc = telling->doc;
	yyjson_mut_val *root = yyjson_mut_obj(doc), *subject = yyjson_mut_obj(doc);
	char *json;

	add_text(doc, subject, "id", subject_id);
	yyjson_mut_obj_add_val(doc, subject, "content", content);
	yyjson_mut_obj_add_val(doc, root, "context", context);
	yyjson_mut_obj_add_val(doc, root, "subject", subject);
	yyjson_mut_obj_add_val(doc, root, "customData", custom_of(telling, job));
	yyjson_mut_obj_add_str(doc, root, "customDataContentType", "application/json");
	yyjson_mut_doc_set_root(doc, root);
	json = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL);
	telling->failed |= !json;
	fprintf(telling->out, "%s\n", json ? json : "");
	free(json);
}

static void add_outcome(yyjson_mut_doc *doc, yyjson_mut_val *content, int result)
{
	const struct outcome *outcome = &outcomes[result];

	if (outcome->word) {
		yyjson_mut_obj_add_str(doc, content, "outcome", outcome->word);
	}
	if (outcome->errors) {
		yyjson_mut_obj_add_str(doc, content, "errors", outcome->errors);
	}
}

/* A page for people, else the API's, else a name: `uri` must be there. */
static void add_uri(yyjson_mut_doc *doc, yyjson_mut_val *content, struct text url, const struct build *build)
{
	struct text api = build->api_url, id = build->id;
	char *name = NULL;

	if (url.at || api.at) {
		add_text(doc, content, "uri", url.at ? url : api);
	} else if (asprintf(&name, "urn:buildbus:%.*s", TEXT_FMT(id)) > 0) {
		add_text(doc, content, "uri", text_of(name));
		free(name);
	}
}

static void tell_run(struct telling *telling, const char *predicate, const char *type, int64_t at, int result)
{
	const struct build *build = telling->build;
	yyjson_mut_val *content;
	char *id = NULL;

	if (asprintf(&id, "%.*s/%" PRId64 "/%s", TEXT_FMT(build->id), build->attempt, predicate) < 0) {
		telling->failed = true;
		return;
	}
	if (!is_told(telling->cdevents, id)) {
		content = yyjson_mut_obj(telling->doc);
		add_text(telling->doc, content, "pipelineName",
			 build->pipeline.at ? build->pipeline : build->id);
		add_uri(telling->doc, content, build->url, build);
		if (result >= 0) {
			add_outcome(telling->doc, content, result);
		}
		print(telling, context_of(telling, type, id, at), build->id, content, NULL);
	}
	free(id);
}

static void tell_task(struct telling *telling, const struct job *job, const char *predicate, const char *type,
		      int64_t at, int result)
{
	const struct build *build = telling->build;
	yyjson_mut_doc *doc = telling->doc;
	yyjson_mut_val *content, *run;
	char *id = NULL;

	if (asprintf(&id, "%.*s/jobs/%.*s/%s", TEXT_FMT(build->id), TEXT_FMT(job->id), predicate) < 0) {
		telling->failed = true;
		return;
	}
	if (!is_told(telling->cdevents, id)) {
		content = yyjson_mut_obj(doc);
		run = yyjson_mut_obj(doc);
		add_text(doc, content, "taskName", job->name.at ? job->name : job->id);
		add_uri(doc, content, job->url.at ? job->url : build->url, build);
		add_text(doc, run, "id", build->id);
		yyjson_mut_obj_add_val(doc, content, "pipelineRun", run);
		if (result >= 0) {
			add_outcome(doc, content, result);
		}
		print(telling, context_of(telling, type, id, at), job->id, content, job);
	}
	free(id);
}

/* Only what ran is a task run: others were never begun. */
static void tell_jobs(struct telling *telling)
{
	const struct job *jobs = telling->build->jobs.items;

	for (size_t i = 0; i < telling->build->jobs.count; i++) {
		const struct job *job = &jobs[i];

		if (!job->id.at || job->kind != KIND_SCRIPT || job->started_at == INT_NULL) {
			continue;
		}
		tell_task(telling, job, "started", "dev.cdevents.taskrun.started.0.3.0", job->started_at, -1);
		if (job->state == STATE_FINISHED && job->finished_at != INT_NULL) {
			tell_task(telling, job, "finished", "dev.cdevents.taskrun.finished.0.3.0",
				  job->finished_at, job->result);
		}
	}
}

/* In the order in which it happened; `blocked` has no event. */
static void tell(struct telling *telling)
{
	const struct build *build = telling->build;
	int64_t queued = build->queued_at != INT_NULL ? build->queued_at : build->created_at;

	if (queued != INT_NULL) {
		tell_run(telling, "queued", "dev.cdevents.pipelinerun.queued.0.3.0", queued, -1);
	}
	if (build->started_at != INT_NULL) {
		tell_run(telling, "started", "dev.cdevents.pipelinerun.started.0.3.0", build->started_at, -1);
	}
	tell_jobs(telling);
	if (build->state == STATE_FINISHED) {
		tell_run(telling, "finished", "dev.cdevents.pipelinerun.finished.0.3.0",
			 build->finished_at != INT_NULL ? build->finished_at : build->version, build->result);
	}
}

enum status cdevents_print(struct cdevents *cdevents, const struct build *build,
			   const struct buildbus_tap_event *event, FILE *out, struct err *err)
{
	struct telling telling = {.cdevents = cdevents,
				  .build = build,
				  .event = event,
				  .out = out,
				  .doc = yyjson_mut_doc_new(NULL)};

	if (telling.doc) {
		tell(&telling);
	}
	telling.failed |= !telling.doc;
	yyjson_mut_doc_free(telling.doc);
	return telling.failed ? err_set(err, ERR_SYS, "out of memory for an event") : OK;
}
