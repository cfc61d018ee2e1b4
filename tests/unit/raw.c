/* The envelope of a raw record. */
/* SPDX-License-Identifier: MIT */
#include "common/raw.h"

#include "common/record.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct raw example = {
	.provider = TEXT("buildkite"),
	.source = TEXT("main"),
	.kind = RAW_BUILD,
	.key = TEXT("17"),
	.observed_at = 1767225600000,
	.url = TEXT("https://api/x"),
	.origin = ORIGIN_BACKFILL,
	.body = TEXT("{\"a\":1}\0"),
};

static enum status repack(const struct raw *in, struct raw *out, struct err *err)
{
	static msgpack_sbuffer buffer; /* out points into it */

	msgpack_sbuffer_destroy(&buffer);
	msgpack_sbuffer_init(&buffer);
	raw_pack(in, &buffer);
	return raw_unpack(buffer.data, buffer.size, out, err);
}

Test(raw, comes_back)
{
	struct raw back;
	struct err err;

	cr_assert(repack(&example, &back, &err) == OK, "%s", err.text);
	cr_expect(text_same(back.provider, example.provider) && text_same(back.source, example.source));
	cr_expect(back.kind == RAW_BUILD && text_same(back.key, example.key));
	cr_expect(back.observed_at == example.observed_at && text_same(back.url, example.url));
	cr_expect(back.origin == ORIGIN_BACKFILL && text_same(back.body, example.body));
}

Test(raw, of_a_build_that_is_gone_has_no_body)
{
	struct raw gone = example, back;
	struct err err;

	gone.kind = RAW_GONE;
	gone.body = (struct text){0};
	cr_assert(repack(&gone, &back, &err) == OK);
	cr_expect(back.kind == RAW_GONE && !back.body.at);
	gone.kind = RAW_OVERSIZE;
	cr_assert(repack(&gone, &back, &err) == OK);
	cr_expect(back.kind == RAW_OVERSIZE);
}

Test(raw, needs_provider_kind_key_and_time)
{
	struct raw row, back;
	struct err err;

	row = example, row.provider = (struct text){0};
	cr_expect(repack(&row, &back, &err) == ERR_DATA);
	row = example, row.kind = RAW_NULL;
	cr_expect(repack(&row, &back, &err) == ERR_DATA);
	row = example, row.key = (struct text){0};
	cr_expect(repack(&row, &back, &err) == ERR_DATA);
	row = example, row.observed_at = INT_NULL;
	cr_expect(repack(&row, &back, &err) == ERR_DATA);
	cr_expect_str_eq(err.text, "an envelope without provider, kind, key or observed_at");
}

Test(raw, of_a_later_version_is_read)
{
	struct raw back;
	struct err err;
	msgpack_sbuffer buffer;
	msgpack_packer packer;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, schema_count(raw_fields, &example) + 1);
	msgpack_pack_str_with_body(&packer, "later", 5);
	msgpack_pack_map(&packer, 1);
	msgpack_pack_nil(&packer);
	msgpack_pack_array(&packer, 1);
	msgpack_pack_nil(&packer);
	schema_pack_members(&buffer, raw_fields, &example);
	cr_assert(raw_unpack(buffer.data, buffer.size, &back, &err) == OK, "%s", err.text);
	cr_expect(text_same(back.key, example.key));
	msgpack_sbuffer_destroy(&buffer);
}

Test(raw, is_safe_cut_anywhere_and_with_any_byte_changed)
{
	msgpack_sbuffer buffer;
	struct raw back;
	struct err err;

	msgpack_sbuffer_init(&buffer);
	raw_pack(&example, &buffer);
	for (size_t size = 0; size < buffer.size; size++) {
		char *exact = malloc(size ? size : 1); /* so that a sanitizer sees a read past the end */
		memcpy(exact, buffer.data, size);
		cr_expect(raw_unpack(exact, size, &back, &err) == ERR_DATA, "%zu", size);
		free(exact);
	}
	for (size_t i = 0; i < buffer.size; i++) {
		char was = buffer.data[i];
		for (int byte = 0; byte < 256; byte++) {
			buffer.data[i] = (char)byte;
			(void)!raw_unpack(buffer.data, buffer.size, &back, &err);
		}
		buffer.data[i] = was;
	}
	msgpack_sbuffer_destroy(&buffer);
}
