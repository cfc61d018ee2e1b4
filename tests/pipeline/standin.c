/* A daemon for the tests of `buildbus up`: the real skeleton, and nothing to do. STANDIN_<name> (of the
 * instance or the process, as in STANDIN_sink_store) says how it behaves: "refuse", "die", "deaf", "talk", or
 * well when unset. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *behaviour = "";

static const char *behaviour_of(const char *name)
{
	char variable[64];

	snprintf(variable, sizeof variable, "STANDIN_%s", name);
	for (char *at = variable; *at; at++) {
		*at = *at == '-' ? '_' : *at;
	}
	return getenv(variable);
}

static enum status standin_open(void *state, struct process_context *context, struct err *err)
{
	*(struct process_context **)state = context;
	if (behaviour_of(context->name)) {
		behaviour = behaviour_of(context->name);
	} else if (behaviour_of(context->process->name)) {
		behaviour = behaviour_of(context->process->name);
	}
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

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	struct process process = {
		.state_size = sizeof(struct process_context *),
		.summary = "stands in for a daemon",
		.open = standin_open,
		.drain = standin_drain,
		.reload = standin_reload,
	};

	process.name = (name ? name + 1 : argv[0]) + strlen("buildbus-");
	return process_main(&process, argc, argv);
}
