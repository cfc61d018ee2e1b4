/* bench-normalize: one raw build to its packed record, by the normalizer's pure part, beside a bare loop that
 * looks the same fields up with yyjson and packs them with msgpack-c: no quirks, no attempts, no errors. In
 * turns in one run; prints a Markdown table of medians (docs/performance.md). */
/* SPDX-License-Identifier: MIT */
#include "common/raw.h"
#include "common/record.h"
#include "common/time.h"
#include "normalizer/provider.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#define BUILDS     512
#define TURNS      4 /* of all builds in a round */
#define ROUNDS_MAX 99
#define ARENA_MAX  (1 << 20)

static struct raw raws[BUILDS];
static struct arena arena;
static msgpack_sbuffer packed;

static void read_raws(void)
{
	for (int i = 0; i < BUILDS; i++) {
		msgpack_sbuffer envelope;
		struct err err;

		msgpack_sbuffer_init(&envelope);
		payload_pack(i + 1, &envelope);
		if (raw_unpack(envelope.data, envelope.size, &raws[i], &err) != OK) {
			fail(err.text);
		}
		msgpack_sbuffer_release(&envelope); /* the raws point into it until the end */
	}
}

static void normalize_one(const struct raw *raw)
{
	struct normal_notes notes = {0};
	struct build *builds;
	size_t count;
	uint64_t hash;
	struct err err;

	if (provider_find(raw->provider)->normalize(raw, &arena, &builds, &count, &notes, &err) != OK) {
		fail(err.text);
	}
	build_pack_content(builds, &packed, &hash);
	builds->version = raw->observed_at;
	build_pack_tail(builds, &packed);
}

static void bare_value(msgpack_packer *packer, const char *key, yyjson_val *value)
{
	const char *text = yyjson_get_str(value);
	size_t size = yyjson_get_len(value);
	int64_t ms;

	if (!value || yyjson_is_null(value)) {
		msgpack_pack_nil(packer);
	} else if (!text) {
		msgpack_pack_int64(packer,
				   yyjson_is_bool(value) ? yyjson_get_bool(value) : yyjson_get_sint(value));
	} else if (strcmp(key + strlen(key) - 3, "_at") == 0 && time_parse(text, size, &ms) == OK) {
		msgpack_pack_int64(packer, ms);
	} else {
		msgpack_pack_str_with_body(packer, text, size);
	}
}

static void bare_members(msgpack_packer *packer, yyjson_val *object, const char *const *keys)
{
	for (; *keys; keys++) {
		msgpack_pack_str_with_body(packer, *keys, strlen(*keys));
		bare_value(packer, *keys, yyjson_obj_get(object, *keys));
	}
}

/* The members that end up in this build's record, as it has no retries, matrix or pull request. */
static void bare_one(const struct raw *raw)
{
	static const char *const build_keys[] = {"id",           "url",        "web_url",     "number",
						 "state",        "blocked",    "message",     "commit",
						 "branch",       "tag",        "source",      "created_at",
						 "scheduled_at", "started_at", "finished_at", NULL};
	static const char *const job_keys[] = {"id",          "type",         "name",        "group_key",
					       "state",       "web_url",      "soft_failed", "exit_status",
					       "created_at",  "scheduled_at", "runnable_at", "started_at",
					       "finished_at", "retried",      NULL};
	static const char *const person_keys[] = {"name", "email", NULL};
	static const char *const agent_keys[] = {"name", "version", NULL};
	static const char *const pipeline_keys[] = {"repository", "default_branch", NULL};
	yyjson_alc allocator = arena_yyjson(&arena);
	yyjson_doc *doc =
		yyjson_read_opts((char *)(uintptr_t)raw->body.at, raw->body.size, 0, &allocator, NULL);
	yyjson_val *build = yyjson_doc_get_root(doc), *job;
	msgpack_packer packer;
	size_t i, count;

	msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
	bare_members(&packer, build, build_keys);
	bare_members(&packer, yyjson_obj_get(build, "creator"), person_keys);
	bare_members(&packer, yyjson_obj_get(build, "pipeline"), pipeline_keys);
	yyjson_arr_foreach(yyjson_obj_get(build, "jobs"), i, count, job)
	{
		bare_members(&packer, job, job_keys);
		bare_members(&packer, yyjson_obj_get(job, "agent"), agent_keys);
	}
}

/* Microseconds a build; *size_bytes: of one record. */
static double round_of(void (*one)(const struct raw *raw), size_t *size_bytes)
{
	double start = seconds();

	for (int i = 0; i < TURNS * BUILDS; i++) {
		arena_reset(&arena);
		msgpack_sbuffer_clear(&packed);
		one(&raws[i % BUILDS]);
	}
	*size_bytes = packed.size;
	return (seconds() - start) * 1e6 / (TURNS * BUILDS);
}

int main(int argc, char **argv)
{
	double ours[ROUNDS_MAX], bare[ROUNDS_MAX], our_us, bare_us;
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 31;
	size_t our_bytes = 0, bare_bytes = 0;

	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: bench-normalize [ROUNDS]\n");
		return 2;
	}
	arena_init(&arena, ARENA_MAX);
	msgpack_sbuffer_init(&packed);
	read_raws();
	for (int i = 0; i < rounds; i++) {
		bare[i] = round_of(bare_one, &bare_bytes);
		ours[i] = round_of(normalize_one, &our_bytes);
	}
	our_us = median(ours, (int)rounds);
	bare_us = median(bare, (int)rounds);
	printf("| one build of %zu B with 5 jobs | µs | bytes out | ratio | goal |\n|---|---|---|---|---|\n",
	       raws[0].body.size);
	printf("| bare yyjson + msgpack-c loop | %.2f | %zu | 1.00 | |\n", bare_us, bare_bytes);
	printf("| normalised and packed | %.2f | %zu | %.2f | ≥ 0.6 |\n", our_us, our_bytes,
	       bare_us / our_us);
	msgpack_sbuffer_destroy(&packed);
	arena_fini(&arena);
	return 0;
}
