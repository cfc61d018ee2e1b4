/* A path of an API below api_url, put together piece by piece. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stddef.h>

#define PATH_BYTES 2048

struct path {
	char text[PATH_BYTES];
	size_t size;
};

/* Appends. All that goes into a path is bounded; what would not fit is left out. */
void path_put(struct path *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
