/* SPDX-License-Identifier: MIT */
#include "normalizer/archive.h"

#include "common/process.h"

#include <msgpack.h>
#include <stdlib.h>
#include <zstd.h>

#define LEVEL      1
#define WINDOW_LOG 17        /* 128 KiB: the builds just before */
#define FRAME_MAX  (1 << 20) /* bytes that go into one: what a reader of one build must unpack */

enum status archive_init(struct archive *archive, struct err *err)
{
	*archive = (struct archive){.zstd = ZSTD_createCCtx()};
	if (!archive->zstd ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(archive->zstd, ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(archive->zstd, ZSTD_c_windowLog, WINDOW_LOG))) {
		return err_set(err, ERR_SYS, "out of memory for the raw archive");
	}
	return OK;
}

void archive_fini(struct archive *archive)
{
	ZSTD_freeCCtx(archive->zstd);
	free(archive->frame);
	*archive = (struct archive){0};
}

void archive_drop(struct archive *archive)
{
	ZSTD_CCtx_reset(archive->zstd, ZSTD_reset_session_only);
	archive->size = archive->taken = 0;
}

static bool grow(struct archive *archive)
{
	size_t capacity = archive->capacity ? archive->capacity * 2 : ZSTD_CStreamOutSize();
	char *frame;

	if (archive->size < archive->capacity) {
		return true;
	}
	frame = realloc(archive->frame, capacity);
	if (frame) {
		archive->frame = frame;
		archive->capacity = capacity;
	}
	return frame;
}

/* Until the bytes are taken; ZSTD_e_end: until the frame is whole. */
static enum status compress(struct archive *archive, const void *bytes, size_t size, ZSTD_EndDirective how,
			    struct err *err)
{
	ZSTD_inBuffer in = {.src = bytes, .size = size};
	size_t left;

	do {
		if (!grow(archive)) {
			return err_set(err, ERR_SYS, "out of memory for the raw archive");
		}
		ZSTD_outBuffer out = {.dst = archive->frame, .size = archive->capacity, .pos = archive->size};
		left = ZSTD_compressStream2(archive->zstd, &out, &in, how);
		archive->size = out.pos;
		if (ZSTD_isError(left)) {
			return err_set(err, ERR_SYS, "raw archive: %s", ZSTD_getErrorName(left));
		}
	} while (in.pos < in.size || (how == ZSTD_e_end && left > 0));
	archive->taken += size;
	return OK;
}

/* [target, seq, …: the envelope's bytes follow. */
static enum status compress_head(struct archive *archive, struct text target, int64_t seq, size_t size,
				 struct err *err)
{
	msgpack_sbuffer head;
	msgpack_packer packer;
	enum status status;

	msgpack_sbuffer_init(&head);
	msgpack_packer_init(&packer, &head, msgpack_sbuffer_write);
	msgpack_pack_array(&packer, 3);
	msgpack_pack_str_with_body(&packer, target.at, target.size);
	msgpack_pack_int64(&packer, seq);
	msgpack_pack_bin(&packer, size);
	status = compress(archive, head.data, head.size, ZSTD_e_continue, err);
	msgpack_sbuffer_destroy(&head);
	return status;
}

enum status archive_add(struct archive *archive, struct db *db, struct text target, int64_t seq,
			struct text envelope, struct err *err)
{
	enum status status = compress_head(archive, target, seq, envelope.size, err);

	if (status == OK) {
		status = compress(archive, envelope.at, envelope.size, ZSTD_e_continue, err);
	}
	archive->seq = seq;
	return status == OK && archive->taken >= FRAME_MAX ? archive_flush(archive, db, err) : status;
}

enum status archive_flush(struct archive *archive, struct db *db, struct err *err)
{
	enum status status;

	if (archive->taken == 0) {
		return OK;
	}
	status = compress(archive, NULL, 0, ZSTD_e_end, err);
	if (status == OK) {
		status = db_run(db, SQL_RAW_ADD, err, "iib", archive->seq, wall_ms(),
				(struct text){archive->frame, archive->size});
	}
	archive_drop(archive);
	return status;
}
