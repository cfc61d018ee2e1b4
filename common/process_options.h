/* The flags that every daemon has. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/log.h"
#include "common/process.h"

struct process_options {
	const char *config_path; /* NULL: config_load looks for it */
	const char *name;        /* never NULL */
	const char *metrics;     /* "ADDR:PORT"; NULL: not served */
	int ready_fd;            /* -1: nobody waits */
	enum log_level least;
	bool version, help;
	bool check; /* ask, say, exit */
};

/* Fills options (whose texts point into argv). ERR_CONFIG says in one sentence what is wrong with the flags.
 */
enum status process_options_read(struct process_options *options, const struct process *process, int argc,
				 char **argv, struct err *err) MUST_CHECK;
/* Answers --help and --version on stdout. */
void process_options_answer(const struct process_options *options, const struct process *process);
