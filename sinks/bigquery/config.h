/* `- bigquery:` of the configuration. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

#define BIGQUERY_API_URL "https://bigquery.googleapis.com"

enum bigquery_mode { BIGQUERY_LOAD, BIGQUERY_STREAM };

struct bigquery_config {
	char *project, *dataset, *location, *credentials, *api_url;
	int mode; /* enum bigquery_mode */
	int64_t interval_ms;
};

extern const struct config_row bigquery_config_rows[];

/* What rows can't say: names as BigQuery takes them. ERR_CONFIG. */
enum status bigquery_config_check(const void *section, const struct config *file, struct err *err) MUST_CHECK;
