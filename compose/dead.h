/* What the verbs of `buildbus dead` share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/dead_letters.h"
#include "compose/command.h"
#include "compose/table.h"

struct dead_options {
	const char *config_file, *sink;
	bool json, all;
};

struct dead {
	const struct dead_options *options;
	char *const *operands; /* after the verb */
	struct asker asker;
	struct letters chosen;
	struct table table;
	size_t shown; /* or settled */
};

/* Fills chosen with those that the command line names. */
enum status dead_choose(struct dead *dead, struct err *err) MUST_CHECK;
/* dead_change.c. Return the exit code. */
int dead_retry(struct dead *dead);
int dead_drop(struct dead *dead);
