/* SPDX-License-Identifier: MIT */
#include "compose/foreground.h"
#include "common/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void on_stop(struct foreground *run, const char *why)
{
	if (run->stopped_ms == 0) {
		run->stopped_ms = now_ms();
		supervisor_stop(&run->all, why);
	} else if (now_ms() - run->stopped_ms >= PROCESS_SAME_SIGNAL_MS) {
		supervisor_kill(&run->all, "a second signal");
	}
}

static int on_signal(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	struct signalfd_siginfo info;
	struct foreground *run = arg;

	(void)loop;
	while (read(item->fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGCHLD) {
			supervisor_reap(&run->all);
		} else if (info.ssi_signo == SIGHUP) {
			supervisor_signal(&run->all, SIGHUP);
		} else {
			on_stop(run, info.ssi_signo == SIGINT ? "Ctrl-C" : "SIGTERM");
		}
	}
	return 0;
}

static enum status open_signals(struct foreground *run, struct err *err)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t set;

	zsys_handler_set(NULL); /* else CZMQ takes SIGINT and SIGTERM */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		sigaddset(&set, numbers[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1) {
		return err_sys(err, "block signals");
	}
	run->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return run->signal_fd == -1 ? err_sys(err, "signalfd") : OK;
}

enum status foreground_open(struct foreground *run, struct err *err)
{
	enum status status = open_signals(run, err);
	zmq_pollitem_t item = {.events = ZMQ_POLLIN};
	char pid[16];

	if (status != OK) {
		return status;
	}
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("BUILDBUS_PARENT", pid, 1); /* the daemons end with us, however we end */
	run->all.loop = zloop_new();
	if (!run->all.loop) {
		return err_set(err, ERR_SYS, "no memory for the event loop");
	}
	item.fd = run->signal_fd;
	zloop_poller(run->all.loop, &item, on_signal, run);
	return OK;
}

/* zloop also returns when poll is interrupted (a debugger, SIGCONT): go on then. */
void foreground_run(struct foreground *run)
{
	supervisor_start(&run->all);
	while (zloop_start(run->all.loop) == 0) {
	}
}

void foreground_close(struct foreground *run)
{
	zloop_destroy(&run->all.loop);
	if (run->signal_fd != -1) {
		close(run->signal_fd);
	}
	fleet_fini(&run->all.fleet);
}
