/* What a subcommand of `buildbus` is: one struct at the end of its file and one line in buildbus.c. Its
 * options are rows; the same rows parse, complain and print --help. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes of commands (docs/architecture.md). */
enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

enum option_type {
	OPTION_FLAG, /* bool: no value */
	OPTION_TEXT, /* const char *: points into argv; stays as it is when absent */
	OPTION_INT,  /* int64_t from min to max; stays as it is when absent */
	OPTION_EACH, /* struct option_list: may be given again and again */
};

enum { OPTION_LIST_MAX = 16 };

struct option_list {
	const char *items[OPTION_LIST_MAX];
	size_t count;
};

struct option_row {
	const char *name; /* "config-file", without dashes; NULL ends the rows */
	char letter;      /* 'c'; 0: none */
	enum option_type type;
	size_t offset;     /* in the command's options struct */
	const char *value; /* what --help calls the value, e.g. "FILE"; NULL for flags */
	const char *help;
	int64_t min, max; /* OPTION_INT */
};

/* The row that nearly every command has; target is a const char * in the options struct. */
#define OPTION_CONFIG_FILE(structure, member)                                                                \
	{                                                                                                    \
		"config-file", 'c', OPTION_TEXT, offsetof(structure, member), "FILE",                        \
			"the configuration (default $BUILDBUS_CONFIG, then ./buildbus.yml)", 0, 0            \
	}
#define OPTION_END                                                                                           \
	{                                                                                                    \
		0                                                                                            \
	}

struct command {
	const char *name;
	const char *summary;              /* one line, no full stop */
	const char *operands;             /* for the usage line, e.g. "[TOPIC…]"; NULL: none are taken */
	const struct option_row *options; /* ends with OPTION_END */
	size_t options_size; /* of the options struct: zeroed, then filled from the command line */
	const char *notes;   /* what --help says beyond the options; NULL: nothing */
	const char *exits;   /* a line each, "  0  …\n" */
	const char *example; /* one command line that works */
	/* options: the filled struct. operands: NULL-terminated. Returns the exit code. */
	int (*run)(const void *options, char *const *operands);
};

/* Parses argv (argv[0] is the command's name) and runs; answers --help. Wrong usage is one sentence on stderr
 * and EXIT_USAGE. */
int command_main(const struct command *command, int argc, char **argv);

/* `buildbus: <sentence>` on stderr; returns code, so that a failure is one line. */
int command_fail(int code, const char *format, ...) PRINTF(2, 3);
/* The same for what a library function reported: ERR_CONFIG is EXIT_USAGE, anything else EXIT_REFUSED. */
int command_fail_err(const struct err *err);

/* `<word>: <what>, did you mean X?` as ERR_CONFIG. */
struct nearest;
void command_unknown(struct err *err, const char *what, const struct nearest *nearest);

extern const struct command up_command, sync_command, builds_command, status_command, validate_command,
	dead_command, sinks_command, tap_command, keys_command, password_command, backup_command,
	replay_command, health_command, slack_command;
