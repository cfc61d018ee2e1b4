/* Buildkite's JSON of one build to a record (api.md section 1; docs/record.md has the table). */
/* SPDX-License-Identifier: MIT */
#include "normalizer/buildkite_attempts.h"
#include "normalizer/buildkite_url.h"
#include "normalizer/buildkite_words.h"
#include "normalizer/repository.h"

#include <inttypes.h>

#define MESSAGE_MAX 16384 /* bytes */

/* At most size bytes, not in the middle of a character. */
static struct text cut(struct text text, size_t size)
{
	if (text.size > size) {
		text.size = size;
		while (text.size > 0 && (text.at[text.size] & 0xc0) == 0x80) {
			text.size--;
		}
	}
	return text;
}

/* Organization, pipeline and number: the build's own address knows best. */
static void read_address(struct json *from, const struct raw *raw, struct build *build)
{
	struct buildkite_address address = {.number = json_int(from, "number")};

	buildkite_address(from->doc->arena, build->api_url, &address);
	buildkite_address(from->doc->arena, raw->url, &address);
	if (!address.pipeline.at) {
		struct json pipeline = json_object(from, "pipeline");
		address.pipeline = json_text(&pipeline, "slug");
	}
	if (!address.organization.at || !address.pipeline.at) {
		json_fail(from, "url", "not the address of a build (…/organizations/O/pipelines/P/builds/N)");
	}
	if (address.number < 0) {
		json_fail(from, "number", address.number == INT_NULL ? "missing" : "negative");
	}
	build->organization = address.organization;
	build->pipeline = address.pipeline;
	build->number = address.number;
}

static void read_id(struct json *from, const struct raw *raw, struct build *build)
{
	struct arena *arena = from->doc->arena;
	char *organization, *pipeline, *id = NULL;

	build->uid = json_text(from, "id");
	build->api_url = json_text(from, "url");
	build->url = json_text(from, "web_url");
	read_address(from, raw, build);
	if (!build->api_url.at) {
		build->api_url = raw->url;
	}
	organization = id_part(arena, build->organization);
	pipeline = id_part(arena, build->pipeline);
	if (organization && pipeline) {
		id = arena_format(arena, "buildkite/%s/%s/%" PRId64, organization, pipeline, build->number);
	}
	if (!id) {
		json_full(from);
	}
	build->id = text_of(id);
}

static void read_state(struct json *from, struct build *build, struct normal_notes *notes)
{
	const struct state_word *word;
	bool blocked;

	build->provider_state = json_text(from, "state");
	blocked = json_bool(from, "blocked");
	word = state_word_find(buildkite_build_states, build->provider_state);
	if (word) {
		build->state = word->state;
		build->result = word->result;
	} else {
		notes->unknown_words += build->provider_state.at != NULL;
		build->state = state_of_times(build->started_at, build->finished_at);
		build->result = build->state == STATE_FINISHED ? RESULT_ERROR : RESULT_NULL;
	}
	if (blocked && !(word && word->for_good)) {
		build->state = STATE_BLOCKED;
		build->result = RESULT_NULL;
	}
}

/* False: it names nobody. */
static bool read_person(struct json *from, const char *key, struct build *build)
{
	struct json who = json_object(from, key);

	build->author.name = json_text(&who, "name");
	build->author.email = json_text(&who, "email");
	build->author.login = json_text(&who, "username");
	return build->author.name.at || build->author.email.at || build->author.login.at;
}

static void read_source(struct json *from, struct build *build, struct normal_notes *notes)
{
	struct text source = json_text(from, "source");

	build->trigger = word_find(buildkite_sources, source);
	if (source.at && !build->trigger) {
		notes->unknown_words++;
		build->trigger = TRIGGER_OTHER;
	}
	if (!read_person(from, "author", build)) {
		(void)read_person(from, "creator", build);
	}
}

static void read_pull_request(struct json *from, struct build *build)
{
	struct json pull_request = json_object(from, "pull_request");

	build->pull_request = json_int_if(&pull_request, "id");
	if (build->trigger == TRIGGER_PUSH && build->pull_request != INT_NULL) {
		build->trigger = TRIGGER_PULL_REQUEST;
	}
}

static void read_pipeline(struct json *from, struct build *build)
{
	struct json pipeline = json_object(from, "pipeline");
	struct text repository = json_text(&pipeline, "repository");

	build->repository = repository_url(from->doc->arena, repository);
	if (repository.at && !build->repository.at) {
		json_full(from);
	}
	build->default_branch = json_text(&pipeline, "default_branch");
	build->pipeline_uid = json_text(&pipeline, "id");
}

/* In the order in which Buildkite writes them. */
static void read_build(struct json *from, const struct raw *raw, struct build *build,
		       struct normal_notes *notes)
{
	struct buildkite_jobs jobs;
	int64_t scheduled_at;

	build->provider = TEXT("buildkite");
	read_id(from, raw, build);
	build->message = cut(json_text_as_is(from, "message"), MESSAGE_MAX);
	build->commit = json_text(from, "commit");
	build->branch = json_text(from, "branch");
	build->tag = json_text(from, "tag");
	read_source(from, build, notes);
	buildkite_jobs_read(from, &jobs, notes);
	build->jobs = (struct field_list){jobs.jobs, jobs.count};
	build->created_at = json_time(from, "created_at");
	scheduled_at = json_time(from, "scheduled_at");
	build->started_at = json_time(from, "started_at");
	build->finished_at = json_time(from, "finished_at");
	read_pull_request(from, build);
	read_pipeline(from, build);
	read_state(from, build, notes);
	if (from->doc->status == OK && (!buildkite_number_jobs(from->doc->arena, &jobs) ||
					!buildkite_attempts(from->doc->arena, &jobs, scheduled_at, build))) {
		json_full(from);
	}
}

static enum status normalize(const struct raw *raw, struct arena *arena, struct build **builds, size_t *count,
			     struct normal_notes *notes, struct err *err)
{
	struct json_doc doc = {.arena = arena, .err = err};
	struct json root;
	struct build *build;
	enum status status = json_open(&doc, raw->body, &root);

	if (status != OK) {
		return status;
	}
	build = arena_alloc(arena, sizeof *build);
	if (!build) {
		return err_set(err, ERR_DATA, "$: too big to be normalised");
	}
	build_init(build);
	read_build(&root, raw, build, notes);
	*builds = build;
	*count = doc.status == OK;
	return doc.status;
}

const struct provider buildkite_provider = {.name = "buildkite", .normalize = normalize};
