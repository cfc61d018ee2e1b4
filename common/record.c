/* SPDX-License-Identifier: MIT */
#include "common/record.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

const char *const state_words[] = {NULL, "queued", "running", "blocked", "finished", NULL};
const char *const result_words[] = {NULL,      "success",      "failure", "error",
				    "timeout", "cancellation", "skip",    NULL};
const char *const trigger_words[] = {NULL,     "push",     "pull_request", "schedule", "api",
				     "manual", "upstream", "other",        NULL};
const char *const kind_words[] = {NULL, "script", "approval", "trigger", "wait", NULL};
const char *const origin_words[] = {NULL, "live", "backfill", "replay", NULL};

#define AT(struct_type, member) .offset = offsetof(struct struct_type, member)
#define WORDS(list)             .type = FIELD_WORD, .words = list

const struct field attempt_fields[] = {
	{"attempt", FIELD_INT, AT(attempt, attempt)},
	{"state", WORDS(state_words), AT(attempt, state)},
	{"result", WORDS(result_words), AT(attempt, result)},
	{"started_at", FIELD_INT, AT(attempt, started_at)},
	{"finished_at", FIELD_INT, AT(attempt, finished_at)},
	{.key = NULL},
};

/* Members of a group are at offsets inside the group. */
#define IN_JOB(group, member)   .offset = offsetof(struct job, group.member) - offsetof(struct job, group)
#define IN_BUILD(group, member) .offset = offsetof(struct build, group.member) - offsetof(struct build, group)

static const struct field runner_fields[] = {
	{"name", FIELD_TEXT, IN_JOB(runner, name)},
	{"queue", FIELD_TEXT, IN_JOB(runner, queue)},
	{"class", FIELD_TEXT, IN_JOB(runner, class)},
	{.key = NULL},
};

static const struct field parallel_fields[] = {
	{"index", FIELD_INT, IN_JOB(parallel, index)},
	{"total", FIELD_INT, IN_JOB(parallel, total)},
	{.key = NULL},
};

const struct field job_fields[] = {
	{"id", FIELD_TEXT, AT(job, id)},
	{"name", FIELD_TEXT, AT(job, name)},
	{"kind", WORDS(kind_words), AT(job, kind)},
	{"group", FIELD_TEXT, AT(job, group)},
	{"state", WORDS(state_words), AT(job, state)},
	{"result", WORDS(result_words), AT(job, result)},
	{"provider_state", FIELD_TEXT, AT(job, provider_state)},
	{"soft_failed", FIELD_BOOL, AT(job, soft_failed)},
	{"attempt", FIELD_INT, AT(job, attempt)},
	{"superseded", FIELD_BOOL, AT(job, superseded)},
	{"exit_status", FIELD_INT, AT(job, exit_status)},
	{"queued_at", FIELD_INT, AT(job, queued_at)},
	{"started_at", FIELD_INT, AT(job, started_at)},
	{"finished_at", FIELD_INT, AT(job, finished_at)},
	{"queue_ms", FIELD_INT, AT(job, queue_ms)},
	{"duration_ms", FIELD_INT, AT(job, duration_ms)},
	{"runner", FIELD_GROUP, AT(job, runner), .members = runner_fields},
	{"parallel", FIELD_GROUP, AT(job, parallel), .members = parallel_fields},
	{"url", FIELD_TEXT, AT(job, url)},
	{.key = NULL},
};

static const struct field author_fields[] = {
	{"name", FIELD_TEXT, IN_BUILD(author, name)},
	{"email", FIELD_TEXT, IN_BUILD(author, email)},
	{"login", FIELD_TEXT, IN_BUILD(author, login)},
	{.key = NULL},
};

static const struct field tests_fields[] = {
	{"total", FIELD_INT, IN_BUILD(tests, total)},
	{"passed", FIELD_INT, IN_BUILD(tests, passed)},
	{"failed", FIELD_INT, IN_BUILD(tests, failed)},
	{"skipped", FIELD_INT, IN_BUILD(tests, skipped)},
	{.key = NULL},
};

const struct field build_fields[] = {
	{"type", FIELD_TEXT, AT(build, type)},
	{"id", FIELD_TEXT, AT(build, id)},
	{"uid", FIELD_TEXT, AT(build, uid)},
	{"provider", FIELD_TEXT, AT(build, provider)},
	{"organization", FIELD_TEXT, AT(build, organization)},
	{"pipeline", FIELD_TEXT, AT(build, pipeline)},
	{"number", FIELD_INT, AT(build, number)},
	{"attempt", FIELD_INT, AT(build, attempt)},
	{"attempts", FIELD_LIST, AT(build, attempts), .members = attempt_fields,
	 .member_size = sizeof(struct attempt)},
	{"state", WORDS(state_words), AT(build, state)},
	{"result", WORDS(result_words), AT(build, result)},
	{"provider_state", FIELD_TEXT, AT(build, provider_state)},
	{"branch", FIELD_TEXT, AT(build, branch)},
	{"default_branch", FIELD_TEXT, AT(build, default_branch)},
	{"tag", FIELD_TEXT, AT(build, tag)},
	{"commit", FIELD_TEXT, AT(build, commit)},
	{"message", FIELD_TEXT, AT(build, message)},
	{"author", FIELD_GROUP, AT(build, author), .members = author_fields},
	{"trigger", WORDS(trigger_words), AT(build, trigger)},
	{"pull_request", FIELD_INT, AT(build, pull_request)},
	{"repository", FIELD_TEXT, AT(build, repository)},
	{"created_at", FIELD_INT, AT(build, created_at)},
	{"queued_at", FIELD_INT, AT(build, queued_at)},
	{"started_at", FIELD_INT, AT(build, started_at)},
	{"finished_at", FIELD_INT, AT(build, finished_at)},
	{"queue_ms", FIELD_INT, AT(build, queue_ms)},
	{"duration_ms", FIELD_INT, AT(build, duration_ms)},
	{"url", FIELD_TEXT, AT(build, url)},
	{"api_url", FIELD_TEXT, AT(build, api_url)},
	{"coverage", FIELD_REAL, AT(build, coverage)},
	{"tests", FIELD_GROUP, AT(build, tests), .members = tests_fields},
	{"workflow", FIELD_TEXT, AT(build, workflow)},
	{"jobs", FIELD_LIST, AT(build, jobs), .members = job_fields, .member_size = sizeof(struct job)},
	{"version", FIELD_INT, AT(build, version)},
	{"origin", WORDS(origin_words), AT(build, origin)},
	{.key = NULL},
};

/* build > jobs[] > job > runner, with room for what later versions nest. */
#define DEPTH_MAX 16

void build_init(struct build *build)
{
	memset(build, 0, sizeof *build);
	schema_init(build_fields, build);
	build->type = TEXT("build");
	build->attempt = 1;
}

void job_init(struct job *job)
{
	memset(job, 0, sizeof *job);
	schema_init(job_fields, job);
	job->attempt = 1;
}

void build_pack_content(const struct build *build, msgpack_sbuffer *out, uint64_t *content_hash)
{
	struct build content = *build;
	msgpack_packer packer;
	size_t start;

	content.version = INT_NULL;
	content.origin = ORIGIN_NULL;
	msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, schema_count(build_fields, &content) + 2);
	start = out->size;
	schema_pack_members(out, build_fields, &content);
	*content_hash = XXH3_64bits(out->data + start, out->size - start);
}

void build_pack_tail(const struct build *build, msgpack_sbuffer *out)
{
	const char *origin = origin_words[build->origin ? build->origin : ORIGIN_LIVE];
	msgpack_packer packer;

	msgpack_packer_init(&packer, out, msgpack_sbuffer_write);
	msgpack_pack_str_with_body(&packer, "version", 7);
	msgpack_pack_int64(&packer, build->version);
	msgpack_pack_str_with_body(&packer, "origin", 6);
	msgpack_pack_str_with_body(&packer, origin, strlen(origin));
}

void build_pack(const struct build *build, msgpack_sbuffer *out, uint64_t *content_hash)
{
	uint64_t hash;

	build_pack_content(build, out, content_hash ? content_hash : &hash);
	build_pack_tail(build, out);
}

enum status build_unpack(const void *bytes, size_t size, struct arena *arena, struct build *build,
			 struct err *err)
{
	enum status status = schema_read(build_fields, bytes, size, DEPTH_MAX, arena, build, err);

	if (status == OK && (!build->id.at || !text_is(build->type, "build"))) {
		status =
			err_set(err, ERR_DATA, "a record without %s", build->id.at ? "type \"build\"" : "id");
	}
	return status;
}

char *build_json(const struct build *build, size_t *size)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char *json = NULL;

	if (doc) {
		yyjson_mut_doc_set_root(doc, schema_json(doc, build_fields, build));
		json = yyjson_mut_write(doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, size);
		yyjson_mut_doc_free(doc);
	}
	return json;
}

char *id_part(struct arena *arena, struct text part)
{
	static const char hex[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, part.size * 3 + 1), *to = out;

	for (size_t i = 0; out && i < part.size; i++) {
		unsigned char c = (unsigned char)part.at[i];
		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c && strchr("-_.~", c))) {
			*to++ = (char)c;
		} else {
			*to++ = '%';
			*to++ = hex[c >> 4];
			*to++ = hex[c & 15];
		}
	}
	return out;
}
