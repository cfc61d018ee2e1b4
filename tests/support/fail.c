/* SPDX-License-Identifier: MIT */
#include "tests/support/fail.h"
#include "tests/support/child.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool failed, outside;

bool has_failed(void)
{
	return failed;
}

void fail_at(struct spot spot, const char *format, ...)
{
	const char *slash = strrchr(spot.file, '/');
	char text[16384];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	failed = true;
	children_tell();
	if (outside) { /* nobody would hear Criterion's assertion, and it would wait for ever */
		fprintf(stderr, "%s:%d: %s\n", slash ? slash + 1 : spot.file, spot.line, text);
		exit(1);
	}
	cr_assert_fail("%s:%d: %s", slash ? slash + 1 : spot.file, spot.line, text);
	abort();
}

void fail_outside(bool is)
{
	outside = is;
}

static int patience = 1;

void be_patient(int times)
{
	patience = times;
}

int64_t patience_ms(void)
{
#ifdef __SANITIZE_ADDRESS__
	return 30000 * patience;
#else
	return 10000 * patience;
#endif
}

int64_t test_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
