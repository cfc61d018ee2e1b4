/* Reading the raw archive (archive.h). */
/* SPDX-License-Identifier: MIT */
#include "normalizer/replay.h"

#include <stdlib.h>
#include <zstd.h>

#define FRAME_BYTES_MAX                                                                                      \
	(16 << 20) /* one begins with less than 1 MiB in it, and takes one envelope of 8 more */

static enum status grow(struct archive_frame *frame, struct err *err)
{
	size_t capacity = frame->capacity ? frame->capacity * 2 : 1 << 20;
	char *bytes;

	if (frame->size < frame->capacity) {
		return OK;
	}
	if (capacity > FRAME_BYTES_MAX) {
		return err_set(err, ERR_DATA, "raw archive: the frame of record %lld is too big",
			       (long long)frame->seq);
	}
	bytes = realloc(frame->bytes, capacity);
	if (!bytes) {
		return err_set(err, ERR_SYS, "out of memory for the raw archive");
	}
	frame->bytes = bytes;
	frame->capacity = capacity;
	return OK;
}

static enum status unpack(struct archive_frame *frame, struct text packed, ZSTD_DCtx *zstd, struct err *err)
{
	ZSTD_inBuffer in = {.src = packed.at, .size = packed.size};
	size_t left = 1;

	frame->size = frame->at = 0;
	while (left > 0) {
		enum status status = grow(frame, err);
		size_t before = in.pos + frame->size;

		if (status != OK) {
			return status;
		}
		ZSTD_outBuffer out = {.dst = frame->bytes, .size = frame->capacity, .pos = frame->size};
		left = ZSTD_decompressStream(zstd, &out, &in);
		frame->size = out.pos;
		if (ZSTD_isError(left) || (left > 0 && in.pos + frame->size == before)) {
			return err_set(err, ERR_DATA, "raw archive: the frame of record %lld is damaged",
				       (long long)frame->seq);
		}
	}
	return OK;
}

enum status archive_frame_load(struct archive_frame *frame, struct db *db, int64_t after, int64_t until,
			       struct err *err)
{
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	sqlite3_stmt *row;
	enum status status = db_query(db, SQL_READ_RAW, &row, err, "i", after);

	frame->seq = row && after < until ? sqlite3_column_int64(row, 0) : 0;
	if (status == OK && !zstd) {
		status = err_set(err, ERR_SYS, "out of memory for the raw archive");
	}
	if (status == OK && frame->seq) {
		status = unpack(frame, db_text(row, 1), zstd, err);
	}
	db_done(db, SQL_READ_RAW);
	ZSTD_freeDCtx(zstd);
	return status;
}

static bool is_entry(const msgpack_object *object)
{
	const msgpack_object *at = object->via.array.ptr;

	return object->type == MSGPACK_OBJECT_ARRAY && object->via.array.size >= 3 &&
	       at[0].type == MSGPACK_OBJECT_STR && at[1].type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
	       at[2].type == MSGPACK_OBJECT_BIN;
}

bool archive_frame_next(struct archive_frame *frame, struct archived *out)
{
	msgpack_unpacked unpacked;
	bool found = false;

	msgpack_unpacked_init(&unpacked);
	while (!found && frame->at < frame->size &&
	       msgpack_unpack_next(&unpacked, frame->bytes, frame->size, &frame->at) ==
		       MSGPACK_UNPACK_SUCCESS) {
		const msgpack_object *at = unpacked.data.via.array.ptr;

		found = is_entry(&unpacked.data);
		if (found) {
			out->target = (struct text){at[0].via.str.ptr, at[0].via.str.size};
			out->seq = (int64_t)at[1].via.u64;
			out->envelope = (struct text){at[2].via.bin.ptr, at[2].via.bin.size};
		}
	}
	msgpack_unpacked_destroy(&unpacked); /* texts point into the frame */
	return found;
}

void archive_frame_fini(struct archive_frame *frame)
{
	free(frame->bytes);
	*frame = (struct archive_frame){0};
}
