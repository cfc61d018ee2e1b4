/* SPDX-License-Identifier: MIT */
#include "tests/support/envelope.h"

#include <stdio.h>
#include <stdlib.h>

static const char *or_else(const char *text, const char *fallback)
{
	return text ? text : fallback;
}

static bool is_final(const char *state)
{
	return strcmp(state, "passed") == 0 || strcmp(state, "failed") == 0 || strcmp(state, "canceled") == 0;
}

/* The keys of api.md section 1 that matter to a record. Heap. */
static char *json_of(const struct told *told)
{
	int number = told->number ? told->number : 1;
	const char *pipeline = or_else(told->pipeline, "web"), *state = or_else(told->state, "running");
	char uid[64], *json, *padding = calloc(1, told->pad + 1);

	memset(padding, 'x', told->pad);
	snprintf(uid, sizeof uid, "uid-%d", number);
	cr_assert_gt(
		asprintf(&json,
			 "{\"id\":\"%s\",\"number\":%d,\"state\":\"%s\",\"blocked\":false,\"source\":"
			 "\"webhook\","
			 "\"url\":\"https://api.buildkite.com/v2/organizations/acme/pipelines/%s/builds/%d\","
			 "\"web_url\":\"https://buildkite.com/acme/%s/builds/%d\",\"message\":\"m%s\","
			 "\"commit\":\"abc\",\"branch\":\"%s\",\"created_at\":\"%s\",\"scheduled_at\":\"%s\","
			 "\"started_at\":\"2025-12-31T23:59:10Z\",\"finished_at\":%s%s%s,\"jobs\":%s,"
			 "\"pipeline\":{\"id\":\"%s%s\",\"slug\":\"%s\",\"default_branch\":\"main\"}}",
			 or_else(told->uid, uid), number, state, pipeline, number, pipeline, number, padding,
			 or_else(told->branch, "main"), or_else(told->created_at, "2025-12-31T23:59:00Z"),
			 or_else(told->created_at, "2025-12-31T23:59:00Z"), is_final(state) ? "\"" : "null",
			 is_final(state) ? or_else(told->finished_at, "2025-12-31T23:59:50Z") : "",
			 is_final(state) ? "\"" : "", or_else(told->jobs, "[]"),
			 told->pipeline_uid ? "" : "pipe-", or_else(told->pipeline_uid, pipeline), pipeline),
		0);
	free(padding);
	return json;
}

static void put(msgpack_packer *to, const char *key, const char *value)
{
	msgpack_pack_str_with_body(to, key, strlen(key));
	msgpack_pack_str_with_body(to, value, strlen(value));
}

void envelope_add(struct spot spot, struct peer *peer, const struct told *told)
{
	const char *kind = or_else(told->kind, "build");
	bool bare = strcmp(kind, "build") != 0 && !told->body;
	char key[32], *json = told->body ? strdup(told->body) : json_of(told);
	msgpack_sbuffer bytes;
	msgpack_packer to;

	(void)spot;
	snprintf(key, sizeof key, "%d", told->number ? told->number : 1);
	msgpack_sbuffer_init(&bytes);
	msgpack_packer_init(&to, &bytes, msgpack_sbuffer_write);
	msgpack_pack_map(&to, bare ? 6 : 7);
	put(&to, "provider", "buildkite");
	put(&to, "source", "buildkite");
	put(&to, "kind", kind);
	put(&to, "key", or_else(told->key, key));
	put(&to, "origin", or_else(told->origin, "live"));
	msgpack_pack_str_with_body(&to, "observed_at", 11);
	msgpack_pack_int64(&to, told->observed_at ? told->observed_at : T0);
	if (!bare) {
		msgpack_pack_str_with_body(&to, "body", 4);
		msgpack_pack_bin_with_body(&to, json, strlen(json));
	}
	peer_with(peer, bytes.data, bytes.size);
	msgpack_sbuffer_destroy(&bytes);
	free(json);
}
