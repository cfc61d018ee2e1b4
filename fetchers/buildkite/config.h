/* The `buildkite:` section of `sources:`. The rows stand alone, so that `buildbus validate` reads them too.
 */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

struct buildkite_config {
	char *access_token;
	char *organization_slug;
	struct config_list pipeline_slug; /* one item "*": every pipeline of the organization */
	struct config_since since;
	int64_t poll_interval_ms;
	bool coverage;
	struct config_list redact; /* paths, beside what is always left out: fetchers/redact.h */
	char *api_url;             /* without trailing slash: https://api.buildkite.com/v2 */
};

extern const struct config_row buildkite_config_rows[];
