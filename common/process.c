/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "common/check.h"
#include "common/log.h"
#include "common/metrics_private.h"
#include "common/notify.h"
#include "common/process_options.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { DRAIN_MS = 10000 };

struct runner {
	struct process_context context; /* first: process_stop gets only this */
	struct process_options options;
	void *state;
	int signal_fd;
	struct metrics_server *metrics; /* NULL without --metrics */
	int64_t started_ms;
	int stop_signal;        /* the one that began the drain */
	int64_t stop_signal_ms; /* and when */
	bool stopping;          /* process_stop was called: the loop ends with this turn */
	bool announced;         /* that it is ready */
	bool idling;            /* failed for good in a container: only waits for SIGTERM */
};

static int on_stop(zloop_t *loop, int timer, void *arg)
{
	(void)loop, (void)timer, (void)arg;
	return -1;
}

void process_stop(struct process_context *context, enum status status, const struct err *err)
{
	struct runner *runner = (struct runner *)context;

	/* The first failure is the reason; what follows from it is not. */
	if (context->status == OK && status != OK) {
		context->status = status;
		if (err) {
			context->err = *err;
		}
	}
	if (!runner->stopping) {
		runner->stopping = true;
		zloop_timer(context->loop, 0, 1, on_stop, NULL);
	}
}

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

static int on_signal(zloop_t *loop, zmq_pollitem_t *item, void *arg)
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

/* Before any thread exists: libzmq's threads inherit the mask, so every signal arrives at the loop. */
static enum status open_signals(struct runner *runner, struct err *err)
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

static enum status open_loop(struct runner *runner, struct err *err)
{
	zmq_pollitem_t item = {.fd = runner->signal_fd, .events = ZMQ_POLLIN};
	zloop_t *loop = zloop_new();

	if (!loop) {
		return err_set(err, ERR_SYS, "no memory for the event loop");
	}
	runner->context.loop = loop;
	if (zloop_poller(loop, &item, on_signal, runner) == -1) {
		return err_set(err, ERR_SYS, "no memory for the event loop");
	}
	return runner->metrics ? metrics_server_attach(runner->metrics, loop, err) : OK;
}

static enum status open_metrics(struct runner *runner, struct err *err)
{
	enum status status;

	metrics_process_open(runner->context.name);
	if (!runner->options.metrics) {
		return OK;
	}
	status = metrics_server_new(&runner->metrics, runner->options.metrics, err);
	if (status == OK) {
		log_info("proc.metrics", STR("address", metrics_server_address(runner->metrics)));
	}
	return status;
}

static enum status open_config(struct runner *runner, struct err *err)
{
	struct process_context *context = &runner->context;
	enum status status = config_load(&context->config, runner->options.config_path, err);

	context->config.bus.who = context->process->name;
	if (status != OK) {
		return status;
	}
	if (context->process->state_size > 0 && !(runner->state = calloc(1, context->process->state_size))) {
		return err_set(err, ERR_SYS, "no memory for the state");
	}
	return OK;
}

static void announce(struct runner *runner)
{
	int fd = runner->options.ready_fd;

	if (runner->announced) {
		return;
	}
	runner->announced = true;
	if (fd != -1) {
		/* Whoever waited may be gone; that is no reason to stop. */
		if (write(fd, "\n", 1) == -1) {
			log_debug("proc.ready_unread", STR("why", strerror(errno)));
		}
		close(fd);
	}
	notify_manager("READY=1");
	metrics_started();
	log_info("proc.ready", STR("config", runner->context.config.path),
		 NUM("ms", now_ms() - runner->started_ms));
}

void process_ready(struct process_context *context)
{
	announce((struct runner *)context);
}

/* Runs until process_stop. zloop also returns when poll is interrupted (a debugger, SIGCONT): go on then. */
static void run_loop(struct runner *runner)
{
	struct process_context *context = &runner->context;
	int result;

	do {
		errno = 0;
		result = zloop_start(context->loop);
	} while (!runner->stopping && result == 0 && (errno == EINTR || errno == 0));
	if (!runner->stopping) {
		context->status = err_sys(&context->err, "the event loop ended by itself");
	}
}

static enum status begin(struct runner *runner, struct err *err)
{
	struct process_context *context = &runner->context;
	const struct process *process = context->process;

	if (!context->checking) {
		return process->open(runner->state, context, err);
	}
	if (!process->check) {
		process_stop(context, OK, NULL);
		return OK;
	}
	return process->check(runner->state, context, err);
}

static void run_open(struct runner *runner)
{
	struct process_context *context = &runner->context;
	const struct process *process = context->process;
	struct err err = {0};
	enum status status = begin(runner, &err);

	if (status == OK) {
		if (!context->ready_later && !context->checking) {
			announce(runner);
		}
		run_loop(runner);
	} else {
		process_stop(context, status, &err);
	}
	if (process->close) {
		process->close(runner->state);
	}
	metrics_forget_collectors(); /* their state is gone, the server may go on */
}

/* Restarting can't help and would only hide the sentence: stay, say it, wait until somebody acts. */
static void idle_in_container(struct runner *runner)
{
	struct err ignored;

	/* A new loop: the old one may still know events of a state that is closed. */
	zloop_destroy(&runner->context.loop);
	runner->stopping = runner->context.draining = false;
	runner->idling = true;
	metrics_health(false, runner->context.err.text);
	if (open_loop(runner, &ignored) == OK) {
		run_loop(runner);
	}
}

/* Of a check, the lines say it; what ended it early goes among them. */
static int exit_code(const struct process_context *context)
{
	if (!context->checking) {
		return err_exit_code(context->status);
	}
	if (context->status != OK && *context->err.text) {
		check_say(CHECK_BAD, context->name, "%s", context->err.text);
	}
	return context->status == OK ? 0 : 1;
}

static int finish(struct runner *runner)
{
	struct process_context *context = &runner->context;
	const char *container = getenv("BUILDBUS_CONTAINER");
	int code = exit_code(context);

	if (code != 0) {
		log_error("proc.failed", STR("why", context->err.text), NUM("code", code));
		notify_failure(context->err.text);
	}
	if (code == 100 && container && strcmp(container, "1") == 0 && runner->signal_fd != -1) {
		idle_in_container(runner);
	}
	metrics_server_free(&runner->metrics);
	zloop_destroy(&context->loop);
	config_fini(&context->config);
	free(runner->state);
	if (runner->signal_fd != -1) {
		close(runner->signal_fd);
	}
	log_info("proc.exit", NUM("code", code), NUM("ms", now_ms() - runner->started_ms));
	return code;
}

/* Everything before the state: what fails here has nothing to close. */
static enum status prepare(struct runner *runner, int argc, char **argv)
{
	struct process_context *context = &runner->context;
	struct err *err = &context->err;
	enum status status = process_options_read(&runner->options, context->process, argc, argv, err);

	context->name = runner->options.name;
	context->checking = runner->options.check;
	log_open(context->name, context->checking ? LEVEL_SILENT : runner->options.least);
	if (status != OK || runner->options.help || runner->options.version) {
		return status;
	}
	status = open_metrics(runner, err);
	if (status == OK) {
		status = open_loop(runner, err);
	}
	return status == OK ? open_config(runner, err) : status;
}

int process_main(const struct process *process, int argc, char **argv)
{
	struct runner runner = {.context.process = process, .signal_fd = -1, .started_ms = now_ms()};
	struct process_context *context = &runner.context;

	context->status = open_signals(&runner, &context->err);
	if (context->status == OK) {
		context->status = prepare(&runner, argc, argv);
	}
	if (context->status == OK && (runner.options.help || runner.options.version)) {
		process_options_answer(&runner.options, process);
		close(runner.signal_fd);
		return 0;
	}
	if (context->status == OK) {
		run_open(&runner);
	}
	return finish(&runner);
}
