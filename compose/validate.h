/* `buildbus validate`: is this file usable? */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"

/* Reads the whole file, every section with its rows, every variable: a line a key on stdout (secrets as ***),
 * every problem on stderr. config_path NULL: as config_load. Returns the exit code: 0 usable, 2 not.
 * online: where nothing is wrong, the processes are started with --check, so that those who use the
 * credentials ask with them; 1: somebody refuses. */
int validate_run(const char *config_path, bool online);

/* Reads every section as the processes will, so that `up` refuses what can't be used before anything starts.
 * Secrets are registered with log_secret. */
enum status validate_sections(const struct config *config, struct err *err) MUST_CHECK;
