/* The command line of buildbus-sim. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"
#include "tests/sim/sim.h"

struct options {
	struct sim_options sim;
	char address[64];
	int port;
	int ready_fd; /* -1: print a line instead */
	const char *write_config;
	const char *certificate, *key; /* paths; NULL: plain HTTP */
	bool print_config, warm, help, version;
};

extern const char options_help[];

/* ERR_CONFIG with one sentence: exit 2. Texts point into argv. */
enum status options_parse(struct options *options, int argc, char **argv, struct err *err) MUST_CHECK;
