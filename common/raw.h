/* The envelope of a raw record (docs/protocol.md section 4): what the provider said, unchanged but for
 * redaction. One envelope is one body frame of `publish`. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/schema.h"

enum raw_kind {
	RAW_NULL,
	RAW_BUILD,    /* body is the provider's JSON of one build with its sub-resources */
	RAW_GONE,     /* the provider answered 404 for this key; no body */
	RAW_OVERSIZE, /* the build is over the protocol's bound; no body; becomes a dead letter */
	RAW_DETAILS,  /* what was owed of a finished build; body: JSON, none when it has no such thing */
	RAW_LATER,    /* that can't be had for now; no body; it stays owed for a while */
};

struct raw {
	struct text provider; /* "buildkite" */
	struct text source;   /* the source's name in the config */
	int kind;             /* enum raw_kind, packed as "build", "gone", "oversize", "details", "later" */
	struct text key; /* of one build within its target, e.g. "17": travels back as a due key while it is
			    open */
	int64_t observed_at; /* ms: earliest `Date` header among the answers it was made of */
	struct text url;     /* of the build in the provider's API, without a query */
	int origin;          /* enum build_origin: live or backfill */
	struct text body;
};

extern const struct field raw_fields[];

void raw_pack(const struct raw *raw, msgpack_sbuffer *out);
/* Texts point into bytes. ERR_DATA when it isn't an envelope or provider, kind, key or observed_at is
 * missing. */
enum status raw_unpack(const void *bytes, size_t size, struct raw *raw, struct err *err) MUST_CHECK;
