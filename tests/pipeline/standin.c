/* A daemon for the tests of `buildbus up`: the real skeleton, and nothing to do. STANDIN_<process> (as in
 * STANDIN_sink_store) says how it behaves: "refuse", "die", "deaf", "talk", or well when unset. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *behaviour = "";

static enum status standin_open(void *state, struct process_context *context, struct err *err)
{
	(void)state, (void)context;
	if (strcmp(behaviour, "refuse") == 0) {
		return err_set(err, ERR_CONFIG, "the token is wrong: make a new one");
	}
	if (strcmp(behaviour, "die") == 0) {
		return err_set(err, ERR_SYS, "the disk is tired");
	}
	if (strcmp(behaviour, "talk") == 0) {
		/* A line in two writes, and one that never ends. */
		fputs("plain ", stderr);
		fputs("words\nand \"more\"", stderr);
		exit(111);
	}
	return OK;
}

static void standin_drain(void *state)
{
	struct process_context *context = *(struct process_context **)state;

	if (strcmp(behaviour, "deaf") != 0) {
		process_stop(context, OK, NULL);
	}
}

static void standin_reload(void *state, struct config *fresh)
{
	(void)state, (void)fresh;
}

static enum status remember(void *state, struct process_context *context, struct err *err)
{
	*(struct process_context **)state = context;
	return standin_open(state, context, err);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	struct process process = {
		.state_size = sizeof(struct process_context *),
		.summary = "stands in for a daemon",
		.open = remember,
		.drain = standin_drain,
		.reload = standin_reload,
	};
	char variable[64];

	name = (name ? name + 1 : argv[0]) + strlen("buildbus-");
	process.name = name;
	snprintf(variable, sizeof variable, "STANDIN_%s", name);
	for (char *at = variable; *at; at++) {
		*at = *at == '-' ? '_' : *at;
	}
	behaviour = getenv(variable) ? getenv(variable) : "";
	return process_main(&process, argc, argv);
}
