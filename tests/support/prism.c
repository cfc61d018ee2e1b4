/* SPDX-License-Identifier: MIT */
#include "tests/support/prism.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDER  BINARY_DIR "/tests/prism"
#define PROGRAM FOLDER "/node_modules/@stoplight/prism-cli/dist/index.js"

const char *prism_specification(const char *name)
{
	static char path[4096];
	const char *const folders[] = {getenv("BUILDBUS_SPECS"), SOURCE_DIR "/../shared/specs",
				       SOURCE_DIR "/../../shared/specs"};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s/%s", folders[i] ? folders[i] : "", name);
		if (folders[i] && access(path, R_OK) == 0) {
			return path;
		}
	}
	return NULL;
}

/* Two tests may want it at once. */
const char *prism_program(void)
{
	return system("node --version >/dev/null 2>&1 && mkdir -p " FOLDER " && flock " FOLDER
		      " sh -c 'cd " FOLDER " && { test -f " PROGRAM
		      " || timeout -k 5 120 npm install --no-audit --no-fund --prefer-offline "
		      "--ignore-scripts @stoplight/prism-cli@5 >npm.log 2>&1; }'") == 0
		       ? PROGRAM
		       : NULL;
}
