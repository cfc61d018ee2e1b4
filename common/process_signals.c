/* Signals as events of the loop. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/notify.h"
#include "common/process_private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { DRAIN_MS = 10000 };

static int on_drain_deadline(zloop_t *loop, int timer, void *arg)
{
	struct runner *runner = arg;

	(void)loop, (void)timer;
	log_warn("proc.stop_now", STR("why", "what was in flight did not finish within 10 s"));
	process_stop(&runner->context, OK, NULL);
	return 0;
}

static void on_terminate(struct runner *runner, int number)
{
	struct process_context *context = &runner->context;

	if (context->checking) {
		process_stop(context, ERR_AGAIN, NULL);
		return;
	}
	if (context->draining && number == runner->stop_signal &&
	    now_ms() - runner->stop_signal_ms < PROCESS_SAME_SIGNAL_MS) {
		return;
	}
	if (context->draining) {
		log_warn("proc.stop_now", STR("why", "a second signal"));
		process_stop(context, OK, NULL);
		return;
	}
	log_info("proc.stop", STR("signal", number == SIGTERM ? "TERM" : "INT"));
	notify_manager("STOPPING=1");
	runner->stop_signal = number;
	runner->stop_signal_ms = now_ms();
	context->draining = true;
	if (runner->idling || !context->process->drain) {
		process_stop(context, OK, NULL);
		return;
	}
	zloop_timer(context->loop, DRAIN_MS, 1, on_drain_deadline, runner);
	context->process->drain(runner->state);
}

static void on_hangup(struct runner *runner)
{
	struct process_context *context = &runner->context;
	struct config old = context->config, fresh = {0};
	struct err err = {0};

	if (runner->idling) {
		process_stop(context, ERR_AGAIN, NULL);
		return;
	}
	if (!context->process->reload) {
		log_info("proc.reload_ignored",
			 STR("why", "this process reads its configuration once: restart it for another"));
		return;
	}
	if (config_load(&fresh, runner->options.config_path, &err) != OK) {
		config_fini(&fresh);
		err_append(&err, "; the old configuration stays");
		log_error("proc.reload_failed", STR("why", err.text));
		return;
	}
	fresh.bus.who = context->process->name;
	context->config = fresh;
	context->process->reload(runner->state, &context->config);
	config_fini(&old);
	log_info("proc.reloaded", STR("config", context->config.path));
}

int process_on_signal(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	struct signalfd_siginfo info;

	(void)loop;
	while (read(item->fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGHUP) {
			on_hangup(arg);
		} else {
			on_terminate(arg, (int)info.ssi_signo);
		}
	}
	return 0;
}

static long parent_pid(void)
{
	const char *parent = getenv("BUILDBUS_PARENT");

	return parent ? strtol(parent, NULL, 10) : 0;
}

bool process_orphaned(void)
{
	long pid = parent_pid();

	return pid > 1 && getppid() != pid;
}

/* A daemon that `buildbus up` started ends with it, however it ends. BUILDBUS_PARENT is 1, or the parent's
 * pid, which also catches a parent that died before we asked. */
static void follow_parent(void)
{
	if (parent_pid() > 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	}
	if (process_orphaned()) {
		raise(SIGTERM);
	}
}

enum status process_signals_open(struct runner *runner, struct err *err)
{
	sigset_t set;

	zsys_handler_set(NULL); /* else CZMQ takes SIGINT and SIGTERM */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is a full disk like any other */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1) {
		return err_sys(err, "block signals");
	}
	runner->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (runner->signal_fd == -1) {
		return err_sys(err, "signalfd");
	}
	follow_parent();
	return OK;
}
