/* Any bytes as a configuration file: it loads or says why, and each section reads or says why. */
/* SPDX-License-Identifier: MIT */
#include "fetchers/buildkite/config.h"
#include "common/config_private.h"
#include "sinks/store/config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct config_kind kinds[] = {
	{SECTION_SOURCE, "buildkite", true},
	{SECTION_SOURCE, "circleci", true},
	{SECTION_DESTINATION, "store", true},
	{0},
};

static void read_sections(const struct config *config)
{
	union {
		struct buildkite_config buildkite;
		struct store_config store;
	} target;

	for (size_t i = 0; i < config->section_count; i++) {
		const struct config_section *section = &config->sections[i];
		const struct config_row *rows =
			section->side == SECTION_SOURCE ? buildkite_config_rows : store_config_rows;
		struct config_problems problems = {0};

		memset(&target, 0, sizeof target);
		(void)!config_read_all(config, section, rows, &target, &problems);
		config_free(rows, &target);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_problems problems = {0};
	struct config config;
	int fd = memfd_create("config", MFD_CLOEXEC);
	char path[32];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		abort();
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	(void)!config_load_all(&config, path, kinds, &problems);
	read_sections(&config);
	config_fini(&config);
	close(fd);
	return 0;
}
