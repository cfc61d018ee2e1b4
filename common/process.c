/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "common/check.h"
#include "common/log.h"
#include "common/metrics_private.h"
#include "common/notify.h"
#include "common/process_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static enum status open_loop(struct runner *runner, struct err *err)
{
	zmq_pollitem_t item = {.fd = runner->signal_fd, .events = ZMQ_POLLIN};
	zloop_t *loop = zloop_new();

	if (!loop) {
		return err_set(err, ERR_SYS, "no memory for the event loop");
	}
	runner->context.loop = loop;
	if (zloop_poller(loop, &item, process_on_signal, runner) == -1) {
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

/* Restarting can't help and would only hide the sentence: stay, say it, wait until somebody acts. Who only
 * has no part in the configuration is well: the services of all containers are started, wanted or not. */
static int idle_in_container(struct runner *runner, int code)
{
	struct process_context *context = &runner->context;
	struct err ignored;

	/* A new loop: the old one may still know events of a state that is closed. */
	zloop_destroy(&context->loop);
	runner->stopping = context->draining = false;
	context->status = OK;
	runner->idling = true;
	metrics_health(context->unwanted, context->err.text);
	metrics_started();
	if (open_loop(runner, &ignored) == OK) {
		run_loop(runner);
	}
	return context->status != OK || context->unwanted ? err_exit_code(context->status) : code;
}

static bool stays(const struct runner *runner, int code)
{
	const char *container = getenv("BUILDBUS_CONTAINER");

	return code == 100 && container && strcmp(container, "1") == 0 && runner->signal_fd != -1;
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
	int code = exit_code(context);

	if (context->unwanted && stays(runner, code)) {
		log_info("proc.rests", STR("why", context->err.text));
	} else if (code != 0) {
		log_error("proc.failed", STR("why", context->err.text), NUM("code", code));
		notify_failure(context->err.text);
	}
	if (stays(runner, code)) {
		code = idle_in_container(runner, code);
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

	context->status = process_signals_open(&runner, &context->err);
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
