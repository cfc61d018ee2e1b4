/* SPDX-License-Identifier: MIT */
#include "compose/validate_online.h"
#include "compose/command.h"
#include "compose/fleet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(const struct child *child)
{
	char *args[CHILD_ARGS_MAX + 1];
	size_t count = 0;

	while (child->args[count]) {
		args[count] = child->args[count];
		count++;
	}
	args[count++] = (char[]){"--check"};
	args[count] = NULL;
	execv(args[0], args);
	fprintf(stderr, "bad  %s: %s\n", args[0], strerror(errno));
	_exit(EXIT_REFUSED);
}

static int run(const struct child *child)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		become(child);
	}
	while (pid > 0 && waitpid(pid, &status, 0) == -1 && errno == EINTR) {
	}
	if (pid > 0 && WIFEXITED(status)) {
		return WEXITSTATUS(status) == 0 ? EXIT_DONE : EXIT_REFUSED;
	}
	return command_fail(EXIT_REFUSED, "%s: could not be asked to the end", child->name);
}

static int run_role(const struct fleet *fleet, enum child_role role)
{
	int code = EXIT_DONE;

	for (size_t i = 0; i < fleet->count; i++) {
		if (fleet->children[i].role == role && run(&fleet->children[i]) != EXIT_DONE) {
			code = EXIT_REFUSED;
		}
	}
	return code;
}

int validate_online(const struct config *config)
{
	static const struct option_list none = {.count = 0};
	const struct fleet_options wanted = {.replicas = &none};
	struct fleet fleet = {0};
	struct err err = {0};
	char self[16];
	int code;

	snprintf(self, sizeof self, "%ld", (long)getpid());
	setenv("BUILDBUS_PARENT", self, 1); /* they end with us */
	if (fleet_init(&fleet, config, &wanted, &err) == OK) {
		code = run_role(&fleet, ROLE_FETCHER);
		code = run_role(&fleet, ROLE_SINK) == EXIT_DONE ? code : EXIT_REFUSED;
	} else {
		code = command_fail_err(&err);
	}
	fleet_fini(&fleet);
	return code;
}
