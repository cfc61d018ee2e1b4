/* Text into gzip as it comes, so that only the compressed bytes are held. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct gzip {
	z_stream stream;
	char *bytes; /* heap; size of them are written */
	size_t size, capacity;
	size_t taken; /* bytes of text */
	bool open;
};

enum status gzip_open(struct gzip *gzip, struct err *err) MUST_CHECK;
/* Bytes as they are, before the first text or after the end. */
enum status gzip_raw(struct gzip *gzip, const char *bytes, size_t size, struct err *err) MUST_CHECK;
enum status gzip_add(struct gzip *gzip, const char *text, size_t size, struct err *err) MUST_CHECK;
enum status gzip_end(struct gzip *gzip, struct err *err) MUST_CHECK;
/* Accepts zeroed. */
void gzip_close(struct gzip *gzip);
