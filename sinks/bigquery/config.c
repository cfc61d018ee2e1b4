/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/config.h"

#include <string.h>

#define ROW(word, kind, member)                                                                              \
	.key = (word), .type = (kind), .offset = offsetof(struct bigquery_config, member)

static const char *const modes[] = {"load", "stream", NULL};

const struct config_row bigquery_config_rows[] = {
	{
		ROW("project_id", CONFIG_TEXT, project),
		.required = true,
		.slug = true,
		.help = "the Google Cloud project that owns the dataset and runs the jobs",
	},
	{
		ROW("dataset", CONFIG_TEXT, dataset),
		.required = true,
		.slug = true,
		.help = "the name of the dataset; made where there is none",
	},
	{
		ROW("location", CONFIG_TEXT, location),
		.fallback = "US",
		.help = "of a dataset that is made: a region or multi-region",
	},
	{
		ROW("credentials_file", CONFIG_PATH, credentials),
		.help = "the key file of a service account; without it GOOGLE_APPLICATION_CREDENTIALS, then "
			"the "
			"account of the machine on Google Cloud",
	},
	{
		ROW("mode", CONFIG_ENUM, mode),
		.fallback = "load",
		.choices = modes,
		.help = "load: by load jobs, each version once whatever crashes; stream: within seconds, by "
			"insertAll, "
			"some versions more than once",
	},
	{
		ROW("interval", CONFIG_DURATION, interval_ms),
		.fallback = "60s",
		.min = 1000,
		.max = 86400000,
		.help = "load: a load job at most so often (Google allows 1,500 a table and day)",
	},
	{
		ROW("api_url", CONFIG_URL, api_url),
		.fallback = BIGQUERY_API_URL,
		.help = "the REST API",
	},
	CONFIG_END,
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS  "0123456789"

enum status bigquery_config_check(const void *section, const struct config *file, struct err *err)
{
	const struct bigquery_config *config = section;
	size_t dataset = strlen(config->dataset), project = strlen(config->project);

	(void)file;
	if (dataset > 1024 || strspn(config->dataset, LETTERS DIGITS "_") != dataset) {
		return err_set(
			err, ERR_CONFIG,
			"dataset: \"%.80s\" can't be the name of a dataset: letters, digits and _ only",
			config->dataset);
	}
	if (project > 100 || strspn(config->project, LETTERS DIGITS "-.:") != project) {
		return err_set(
			err, ERR_CONFIG,
			"project_id: \"%.80s\" can't be the id of a project: it is the id, not the name, as "
			"in the address of the console",
			config->project);
	}
	return OK;
}
