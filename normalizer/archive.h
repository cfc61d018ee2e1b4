/* The raw archive: the envelopes that changed something, so that records can be made anew after a fix. What
 * one transaction brings is one zstd frame, a row of `raw`: builds of one pipeline differ little, so together
 * they take a fraction of the room and of the time. A row's seq is that of its last record: a build is in the
 * first row whose seq is not less than its own. Unpacked, a frame is one msgpack array after the other:
 * [target, seq, envelope]. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/text.h"
#include "normalizer/db.h"

struct archive {
	struct ZSTD_CCtx_s *zstd;
	char *frame; /* as far as it is compressed */
	size_t size, capacity;
	size_t taken; /* bytes that went into it; 0: no frame is open */
	int64_t seq;  /* of the last record in it */
};

enum status archive_init(struct archive *archive, struct err *err) MUST_CHECK;
/* Accepts zeroed. */
void archive_fini(struct archive *archive);
/* Adds the envelope that the record at seq was made from. */
enum status archive_add(struct archive *archive, struct db *db, struct text target, int64_t seq,
			struct text envelope, struct err *err) MUST_CHECK;
/* Before the commit: stores the open frame, if there is one. */
enum status archive_flush(struct archive *archive, struct db *db, struct err *err) MUST_CHECK;
/* After a rollback. */
void archive_drop(struct archive *archive);
