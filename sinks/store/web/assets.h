/* The files of the web page, compressed. Built from src/ by embed.mjs; an empty table with
 * -DBUILDBUS_WEB=OFF. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct asset {
	const char *path;     /* "/index.html", "/assets/index-1c0SCT9a.js" */
	const char *type;     /* Content-Type */
	const char *etag;     /* with its quotes */
	const char *encoding; /* Content-Encoding of the bytes; NULL: as they are */
	const unsigned char *at;
	size_t size;
	bool immutable; /* the path changes with the contents: caches may keep it for ever */
};

extern const struct asset assets[];
extern const size_t assets_count;
