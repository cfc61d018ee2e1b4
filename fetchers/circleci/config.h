/* The `circleci:` section of `sources:`. The rows stand alone, so that `buildbus validate` reads them too. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

enum build_per { PER_PIPELINE, PER_WORKFLOW };

struct circleci_config {
	char *token;
	struct config_list project_slug; /* one item "*": every project that the token follows */
	int build_per;                   /* enum build_per */
	struct config_since since;
	int64_t poll_interval_ms;
	bool tests, coverage;
	struct config_list redact; /* paths, beside what is always left out: fetchers/redact.h */
	char *api_url;             /* without trailing slash: https://circleci.com/api/v2 */
};

extern const struct config_row circleci_config_rows[];
