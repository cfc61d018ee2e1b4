/* SPDX-License-Identifier: MIT */
#include "fetchers/artifact.h"

#include <string.h>

size_t artifact_folders(const char *path)
{
	size_t count = 0;

	for (; (path = strchr(path, '/')); path++) {
		count++;
	}
	return count;
}
