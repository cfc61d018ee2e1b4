/* SPDX-License-Identifier: MIT */
#include "common/raw.h"

#include "common/record.h"

static const char *const raw_kind_words[] = {NULL, "build", "gone", "oversize", "details", "later", NULL};

#define DEPTH_MAX 8 /* flat now, with room for what later versions nest */

#define AT(member) .offset = offsetof(struct raw, member)

const struct field raw_fields[] = {
	{"provider", FIELD_TEXT, AT(provider)},
	{"source", FIELD_TEXT, AT(source)},
	{"kind", FIELD_WORD, AT(kind), .words = raw_kind_words},
	{"key", FIELD_TEXT, AT(key)},
	{"observed_at", FIELD_INT, AT(observed_at)},
	{"url", FIELD_TEXT, AT(url)},
	{"origin", FIELD_WORD, AT(origin), .words = origin_words},
	{"body", FIELD_BYTES, AT(body)},
	{.key = NULL},
};

void raw_pack(const struct raw *raw, msgpack_sbuffer *out)
{
	schema_pack(out, raw_fields, raw);
}

enum status raw_unpack(const void *bytes, size_t size, struct raw *raw, struct err *err)
{
	struct arena none = {0}; /* an envelope has no lists */
	enum status status = schema_read(raw_fields, bytes, size, DEPTH_MAX, &none, raw, err);

	if (status == OK &&
	    (!raw->provider.at || !raw->key.at || raw->kind == RAW_NULL || raw->observed_at == INT_NULL)) {
		status = err_set(err, ERR_DATA, "an envelope without provider, kind, key or observed_at");
	}
	return status;
}
