/* SPDX-License-Identifier: MIT */
#include "fetchers/path.h"

#include <stdarg.h>
#include <stdio.h>

void path_put(struct path *path, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(path->text + path->size, sizeof path->text - path->size, format, arguments);
	va_end(arguments);
	if (length > 0 && path->size + (size_t)length < sizeof path->text) {
		path->size += (size_t)length;
	}
}
