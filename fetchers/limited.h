/* A 429: how long it says to wait. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"

/* From Retry-After or the headers of what is exhausted; else from the body, as Buildkite writes it:
 * {"message":…,"scope":"rest_user","limit":50,"current":55,"reset":42}. -1: it says nothing. */
int64_t limited_wait_ms(const struct http_answer *answer);
