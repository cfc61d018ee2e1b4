/* Between the subcommands of `buildbus keys`. */
/* SPDX-License-Identifier: MIT */
#pragma once

struct keys_options {
	const char *role, *dir, *config_file;
};

/* Makes the certificates that a configuration's processes lack, each process's in a folder of its own;
 * returns the exit code. Interrupted anywhere, the next one completes it. */
int keys_init(const struct keys_options *options);
