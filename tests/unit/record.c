/* The record: round trip, what its hash covers, JSON, ids, hostile bytes. */
/* SPDX-License-Identifier: MIT */
#include "common/record.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct arena arena;
static msgpack_sbuffer buffer;
static struct job jobs[2];
static struct attempt attempts[1];

static void set_up(void)
{
	arena_init(&arena, 1 << 20);
	msgpack_sbuffer_init(&buffer);
}

static void tear_down(void)
{
	msgpack_sbuffer_destroy(&buffer);
	arena_fini(&arena);
}

TestSuite(record, .init = set_up, .fini = tear_down);

static struct build example(void)
{
	struct build build;

	build_init(&build);
	build.id = TEXT("buildkite/acme/web/7");
	build.uid = TEXT("u");
	build.provider = TEXT("buildkite");
	build.number = 7;
	build.state = STATE_FINISHED;
	build.result = RESULT_CANCELLATION;
	build.message = TEXT("caf\xc3\xa9\0");
	build.author.login = TEXT("ann");
	build.coverage = 0.5;
	build.tests.failed = 0;
	job_init(&jobs[0]);
	job_init(&jobs[1]);
	jobs[0].id = TEXT("a");
	jobs[0].runner.queue = TEXT("q");
	jobs[1].kind = KIND_WAIT;
	jobs[1].superseded = true;
	build.jobs = (struct field_list){jobs, 2};
	attempts[0] = (struct attempt){1, STATE_FINISHED, RESULT_CANCELLATION, 5, INT_NULL};
	build.attempts = (struct field_list){attempts, 1};
	return build;
}

static uint64_t hash_of(const struct build *build)
{
	msgpack_sbuffer packed;
	uint64_t hash;

	msgpack_sbuffer_init(&packed);
	build_pack(build, &packed, &hash);
	msgpack_sbuffer_destroy(&packed);
	return hash;
}

Test(record, comes_back)
{
	struct build build = example(), back;
	const struct job *job;
	struct err err;

	build.version = 9;
	build.origin = ORIGIN_REPLAY;
	build_pack(&build, &buffer, NULL);
	cr_assert(build_unpack(buffer.data, buffer.size, &arena, &back, &err) == OK, "%s", err.text);
	cr_expect(text_same(back.id, build.id) && back.number == 7 && back.version == 9);
	cr_expect(back.origin == ORIGIN_REPLAY && back.result == RESULT_CANCELLATION && back.attempt == 1);
	cr_expect(text_same(back.message, build.message) && text_is(back.author.login, "ann"));
	cr_expect(!back.author.name.at && back.tests.failed == 0 && back.tests.total == INT_NULL);
	cr_expect(back.coverage == 0.5 && back.started_at == INT_NULL);
	cr_assert(back.jobs.count == 2 && back.attempts.count == 1);
	job = back.jobs.items;
	cr_expect(text_is(job[0].id, "a") && text_is(job[0].runner.queue, "q") && !job[0].superseded);
	cr_expect(job[1].superseded && job[1].kind == KIND_WAIT && job[1].parallel.index == INT_NULL);
	cr_expect(((struct attempt *)back.attempts.items)->started_at == 5);
	cr_expect(hash_of(&back) == hash_of(&build));
}

Test(record, hash_covers_all_but_version_and_origin)
{
	struct build build = example();
	uint64_t hash = hash_of(&build), packed;

	build_pack(&build, &buffer, &packed);
	cr_expect(packed == hash);
	build.version = 12;
	build.origin = ORIGIN_BACKFILL;
	cr_expect(hash_of(&build) == hash);
	jobs[1].superseded = false;
	cr_expect(hash_of(&build) != hash);
	jobs[1].superseded = true;
	attempts[0].finished_at = 6;
	cr_expect(hash_of(&build) != hash);
	attempts[0].finished_at = INT_NULL;
	build.tag = TEXT("");
	cr_expect(hash_of(&build) != hash, "an empty text isn't null");
}

/* Each field in turn: whatever changes must change the hash, and come back. */
Test(record, every_field_counts)
{
	struct build base = example();
	uint64_t hash = hash_of(&base);

	for (const struct field *field = build_fields; field->key; field++) {
		struct build build = example(), back;
		void *at = (char *)&build + field->offset;
		bool tail = strcmp(field->key, "version") == 0 || strcmp(field->key, "origin") == 0;
		struct err err;

		if (strcmp(field->key, "type") == 0 || strcmp(field->key, "id") == 0) {
			continue;
		}
		switch (field->type) {
		case FIELD_TEXT:
			*(struct text *)at = TEXT("changed");
			break;
		case FIELD_INT:
			*(int64_t *)at = 424242;
			break;
		case FIELD_REAL:
			*(double *)at = 0.75;
			break;
		case FIELD_WORD:
			*(int *)at = 3;
			break;
		case FIELD_GROUP: {
			const struct field *member = field->members;
			void *inside = (char *)at + member->offset;
			if (member->type == FIELD_TEXT) {
				*(struct text *)inside = TEXT("changed");
			} else {
				*(int64_t *)inside = 424242;
			}
			break;
		}
		default:
			((struct field_list *)at)->count = 0;
		}
		cr_expect((hash_of(&build) == hash) == tail, "%s", field->key);
		msgpack_sbuffer_clear(&buffer);
		build_pack(&build, &buffer, NULL);
		cr_assert(build_unpack(buffer.data, buffer.size, &arena, &back, &err) == OK);
		cr_expect(hash_of(&back) == hash_of(&build), "%s", field->key);
	}
}

Test(record, is_small)
{
	struct build build;

	build_init(&build);
	build.id = TEXT("a");
	build_pack(&build, &buffer, NULL);
	/* type, id, attempt, two empty lists, version and origin: a null costs nothing */
	cr_expect(buffer.size == 1 + 11 + 5 + 9 + 10 + 6 + 17 + 12, "%zu", buffer.size);
}

Test(record, needs_type_and_id)
{
	struct build build = example(), back;
	struct err err;

	build.id = (struct text){0};
	build_pack(&build, &buffer, NULL);
	cr_expect(build_unpack(buffer.data, buffer.size, &arena, &back, &err) == ERR_DATA);
	cr_expect_str_eq(err.text, "a record without id");
	build = example();
	build.type = TEXT("job");
	msgpack_sbuffer_clear(&buffer);
	build_pack(&build, &buffer, NULL);
	cr_expect(build_unpack(buffer.data, buffer.size, &arena, &back, &err) == ERR_DATA);
	cr_expect_str_eq(err.text, "a record without type \"build\"");
}

Test(record, as_json_has_every_key)
{
	struct build build = example();
	size_t size, members = 0;
	char *json = build_json(&build, &size);
	yyjson_doc *doc = yyjson_read(json, size, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);

	cr_assert(doc && strlen(json) == size);
	for (const struct field *field = build_fields; field->key; field++, members++) {
		cr_expect(yyjson_obj_get(root, field->key), "%s", field->key);
	}
	cr_expect(yyjson_obj_size(root) == members);
	cr_expect(yyjson_equals_str(yyjson_obj_get(root, "result"), "cancellation"));
	cr_expect(yyjson_is_null(yyjson_obj_get(root, "version")));
	cr_expect(yyjson_get_len(yyjson_obj_get(root, "message")) == 6);
	yyjson_doc_free(doc);
	free(json);
	build.coverage = INFINITY;
	build.message = TEXT("\xff");
	json = build_json(&build, &size);
	cr_expect(json, "no value may make a record unprintable");
	free(json);
}

Test(record, is_safe_cut_anywhere_and_with_any_byte_changed)
{
	struct build build = example(), back;
	struct err err;

	build_pack(&build, &buffer, NULL);
	for (size_t size = 0; size < buffer.size; size++) {
		char *exact = malloc(size ? size : 1);
		memcpy(exact, buffer.data, size);
		cr_expect(build_unpack(exact, size, &arena, &back, &err) == ERR_DATA, "%zu", size);
		free(exact);
	}
	for (size_t i = 0; i < buffer.size; i++) {
		char was = buffer.data[i];
		for (int byte = 0; byte < 256; byte++) {
			buffer.data[i] = (char)byte;
			arena_reset(&arena);
			if (build_unpack(buffer.data, buffer.size, &arena, &back, &err) == OK) {
				free(build_json(&back, &(size_t){0}));
				(void)hash_of(&back);
			}
		}
		buffer.data[i] = was;
	}
}

Test(record, id_parts_are_encoded)
{
	static const char *const rows[][2] = {
		{"", ""},         {"acme", "acme"},     {"A-z_0.9~", "A-z_0.9~"},
		{"a/b", "a%2Fb"}, {"a b%", "a%20b%25"}, {"caf\xc3\xa9", "caf%C3%A9"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_expect_str_eq(id_part(&arena, text_of(rows[i][0])), rows[i][1]);
	}
	cr_expect_str_eq(id_part(&arena, (struct text){"\0", 1}), "%00");
	cr_expect_str_eq(id_part(&arena, (struct text){0}), "");
	arena.max_bytes = 0;
	cr_expect(!id_part(&arena, TEXT("a")));
}
