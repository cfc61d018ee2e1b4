/* SPDX-License-Identifier: MIT */
#include "common/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static PRINTF(3, 0) void put(struct err *err, enum status status, const char *format, va_list args)
{
	if (!err) {
		return;
	}
	err->status = status;
	vsnprintf(err->text, sizeof err->text, format, args);
}

enum status err_set(struct err *err, enum status status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(err, status, format, args);
	va_end(args);
	return status;
}

enum status err_sys(struct err *err, const char *format, ...)
{
	int saved = errno;
	va_list args;

	va_start(args, format);
	put(err, ERR_SYS, format, args);
	va_end(args);
	if (err) {
		size_t used = strlen(err->text);
		snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(saved));
	}
	return ERR_SYS;
}

enum status err_prefix(struct err *err, const char *format, ...)
{
	char old[sizeof err->text];
	va_list args;
	size_t used;

	memcpy(old, err->text, sizeof old);
	va_start(args, format);
	put(err, err->status, format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %.*s", (int)(sizeof old - 3), old);
	return err->status;
}

enum status err_append(struct err *err, const char *format, ...)
{
	size_t used = strlen(err->text);
	va_list args;

	va_start(args, format);
	vsnprintf(err->text + used, sizeof err->text - used, format, args);
	va_end(args);
	return err->status;
}

void *must_have(void *memory)
{
	if (!memory) {
		abort();
	}
	return memory;
}

int err_exit_code(enum status status)
{
	switch (status) {
	case OK:
		return 0;
	case ERR_CONFIG:
		return 100;
	default:
		return 111;
	}
}
