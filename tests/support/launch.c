/* SPDX-License-Identifier: MIT */
#include "tests/support/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define READY_FD 3

static void set_environment(const struct launch *launch, const char *sanitizer)
{
	char options[512];

	/* A report lands in a file, so that it can't be missed among the log lines. */
	snprintf(options, sizeof options, "log_path=%s:exitcode=99", sanitizer);
	setenv("ASAN_OPTIONS", options, 1);
	snprintf(options, sizeof options, "log_path=%s:print_stacktrace=1", sanitizer);
	setenv("UBSAN_OPTIONS", options, 1);
	setenv("BUILDBUS_LOG", "json", 1);
	for (size_t i = 0; launch->env && launch->env[i]; i++) {
		putenv((char *)(uintptr_t)launch->env[i]);
	}
}

static void set_limits(const struct launch *launch)
{
	struct rlimit limit = {(rlim_t)launch->file_size_max, RLIM_INFINITY};

	if (launch->file_size_max > 0) {
		setrlimit(RLIMIT_FSIZE, &limit);
	}
	if (launch->uid &&
	    (setgroups(0, NULL) != 0 || setresgid(launch->uid, launch->uid, launch->uid) != 0 ||
	     setresuid(launch->uid, launch->uid, launch->uid) != 0)) {
		dprintf(STDERR_FILENO, "can't run as user %d: %s\n", (int)launch->uid, strerror(errno));
		_exit(127);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void move_to_host(const struct launch *launch)
{
	if (launch->host && setns(launch->host, CLONE_NEWNET) != 0) {
		dprintf(STDERR_FILENO, "can't run on another host: %s\n", strerror(errno));
		_exit(127);
	}
}

void launch_run(const struct launch *launch, const char *program, const char *sanitizer, int error, int ready)
{
	char *argv[64] = {(char *)(uintptr_t)program};
	const char *out = launch->stdout_path ? launch->stdout_path : "/dev/null";
	int count = 1, executable;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (; launch->args && launch->args[count - 1] && count < 60; count++) {
		argv[count] = (char *)(uintptr_t)launch->args[count - 1];
	}
	if (!launch->no_ready) {
		argv[count++] = "--ready-fd";
		argv[count++] = "3";
	}
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(open(out, O_WRONLY | O_CREAT | O_APPEND, 0600), STDOUT_FILENO);
	dup2(error, STDERR_FILENO);
	dup2(ready, READY_FD);
	move_to_host(launch);
	close_range(READY_FD + 1, ~0U, 0);
	set_environment(launch, sanitizer);
	/* Opened before uid changes: that user may not even look into a clone in /root. */
	executable = open(program, O_PATH | O_CLOEXEC);
	set_limits(launch);
	fexecve(executable, argv, environ);
	dprintf(STDERR_FILENO, "%s can't be run: %s\n", program, strerror(errno));
	_exit(127);
}
