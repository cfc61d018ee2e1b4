/* SPDX-License-Identifier: MIT */
#include "compose/child.h"
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The child's sides of the pipes. */
struct ends {
	int ready, log;
};

enum status child_init(struct child *child, enum child_role role, const char *name, const char *const *args,
		       struct err *err)
{
	*child = (struct child){.role = role, .ready_fd = -1, .log_fd = -1, .name = strdup(name)};
	if (!child->name) {
		return err_set(err, ERR_SYS, "out of memory");
	}
	for (size_t i = 0; args[i] && i < CHILD_ARGS_MAX - 1; i++) {
		child->args[i] = strdup(args[i]);
		if (!child->args[i]) {
			return err_set(err, ERR_SYS, "out of memory");
		}
	}
	relay_init(&child->relay, child->name);
	return OK;
}

void child_fini(struct child *child)
{
	for (size_t i = 0; i < CHILD_ARGS_MAX; i++) {
		free(child->args[i]);
	}
	free(child->name);
	*child = (struct child){.ready_fd = -1, .log_fd = -1};
}

/* Runs in the child between fork and exec: async-signal-safe calls only (libzmq may have threads). */
static void become(struct child *child, struct ends ends, char **args)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* Out of the terminal's foreground group: Ctrl-C is for us, who stop them in order. */
	setpgid(0, 0);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 || dup2(ends.log, STDOUT_FILENO) == -1 ||
	    dup2(ends.log, STDERR_FILENO) == -1 || fcntl(ends.ready, F_SETFD, 0) == -1) {
		_exit(111);
	}
	execv(child->args[0], args);
	_exit(127);
}

static void arguments(struct child *child, char *number, char **args)
{
	size_t count = 0;

	while (child->args[count]) {
		args[count] = child->args[count];
		count++;
	}
	args[count++] = "--ready-fd";
	args[count++] = number;
	args[count] = NULL;
}

static enum status open_pipes(struct child *child, struct ends *ends, struct err *err)
{
	int ready[2], log[2];

	if (pipe2(ready, O_CLOEXEC) == -1) {
		return err_sys(err, "pipe");
	}
	if (pipe2(log, O_CLOEXEC) == -1) {
		close(ready[0]);
		close(ready[1]);
		return err_sys(err, "pipe");
	}
	fcntl(ready[0], F_SETFL, O_NONBLOCK);
	fcntl(log[0], F_SETFL, O_NONBLOCK);
	child->ready_fd = ready[0];
	child->log_fd = log[0];
	*ends = (struct ends){.ready = ready[1], .log = log[1]};
	return OK;
}

static void close_pipes(struct child *child)
{
	if (child->ready_fd != -1) {
		close(child->ready_fd);
	}
	if (child->log_fd != -1) {
		close(child->log_fd);
	}
	child->ready_fd = child->log_fd = -1;
}

enum status child_start(struct child *child, struct err *err)
{
	char *args[CHILD_ARGS_MAX + 2], number[16];
	struct ends ends = {-1, -1};
	enum status status = open_pipes(child, &ends, err);

	if (status != OK) {
		return status;
	}
	snprintf(number, sizeof number, "%d", ends.ready);
	arguments(child, number, args);
	child->pid = fork();
	if (child->pid == 0) {
		become(child, ends, args);
	}
	close(ends.ready);
	close(ends.log);
	if (child->pid == -1) {
		child->pid = 0;
		close_pipes(child);
		return err_sys(err, "start %s", child->name);
	}
	child->state = CHILD_STARTING;
	child->started_ms = now_ms();
	return OK;
}

void child_signal(const struct child *child, int number)
{
	if (child->pid > 0) {
		kill(child->pid, number);
	}
}

bool child_relay(struct child *child)
{
	char bytes[16384];
	ssize_t size = read(child->log_fd, bytes, sizeof bytes);

	if (size > 0) {
		relay_bytes(&child->relay, bytes, (size_t)size);
		return true;
	}
	return size == -1 && (errno == EAGAIN || errno == EINTR);
}

void child_ended(struct child *child)
{
	int left = 0;

	/* Not the poller's way of asking: what a grandchild still holds open must not be waited for. */
	while (child->log_fd != -1 && ioctl(child->log_fd, FIONREAD, &left) == 0 && left > 0) {
		child_relay(child);
	}
	relay_end(&child->relay);
	close_pipes(child);
	child->pid = 0;
}
