/* `--from SEQ|TIME`: the number of a record, a time, or how long ago. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdint.h>

/* Sets *seq (at least 1) or *time_ms. */
enum status from_read(const char *from, int64_t *seq, int64_t *time_ms, struct err *err) MUST_CHECK;
