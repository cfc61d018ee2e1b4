/* SPDX-License-Identifier: MIT */
#include "compose/from.h"
#include "common/process.h"
#include "common/time.h"

#include <stdlib.h>
#include <string.h>

enum status from_read(const char *from, int64_t *seq, int64_t *time_ms, struct err *err)
{
	size_t digits = strspn(from, "0123456789");
	int64_t ago_ms;

	if (digits > 0 && from[digits] == '\0' && digits < 19) {
		*seq = strtoll(from, NULL, 10);
		*seq += *seq == 0;
		return OK;
	}
	if (time_parse(from, strlen(from), time_ms) == OK) {
		return OK;
	}
	if (duration_parse(from, &ago_ms) == OK) {
		*time_ms = wall_ms() - ago_ms;
		return OK;
	}
	return err_set(err, ERR_CONFIG,
		       "--from %s: give it the number of a record, a time (2026-01-31T08:00:00Z), or how "
		       "long ago (2h)",
		       from);
}
