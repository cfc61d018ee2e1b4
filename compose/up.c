/* `buildbus up`: every process of a configuration on this machine, kept running until Ctrl-C. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/process.h"
#include "compose/command.h"
#include "compose/idle.h"
#include "compose/show.h"
#include "compose/supervise.h"
#include "compose/validate.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct up_options {
	const char *config_file;
	struct option_list replicas;
	bool verbose, quiet, show, once;
};

struct up {
	struct supervisor all;
	int signal_fd;
	int64_t stopped_ms; /* when the first signal came */
	struct show *show;
	struct idle *idle;
};

static void on_stop(struct up *up, const char *why)
{
	if (up->stopped_ms == 0) {
		up->stopped_ms = now_ms();
		supervisor_stop(&up->all, why);
	} else if (now_ms() - up->stopped_ms >= PROCESS_SAME_SIGNAL_MS) {
		supervisor_kill(&up->all, "a second signal");
	}
}

static int on_signal(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	struct signalfd_siginfo info;
	struct up *up = arg;

	(void)loop;
	while (read(item->fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGCHLD) {
			supervisor_reap(&up->all);
		} else if (info.ssi_signo == SIGHUP) {
			supervisor_signal(&up->all, SIGHUP);
		} else {
			on_stop(up, info.ssi_signo == SIGINT ? "Ctrl-C" : "SIGTERM");
		}
	}
	return 0;
}

static enum status open_signals(struct up *up, struct err *err)
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
	up->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return up->signal_fd == -1 ? err_sys(err, "signalfd") : OK;
}

static enum status up_open(struct up *up, struct err *err)
{
	enum status status = open_signals(up, err);
	zmq_pollitem_t item = {.events = ZMQ_POLLIN};
	char pid[16];

	if (status != OK) {
		return status;
	}
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("BUILDBUS_PARENT", pid, 1); /* the daemons end with us, however we end */
	up->all.loop = zloop_new();
	if (!up->all.loop) {
		return err_set(err, ERR_SYS, "no memory for the event loop");
	}
	item.fd = up->signal_fd;
	zloop_poller(up->all.loop, &item, on_signal, up);
	return OK;
}

/* zloop also returns when poll is interrupted (a debugger, SIGCONT): go on then. */
static void up_run(struct up *up)
{
	supervisor_start(&up->all);
	while (zloop_start(up->all.loop) == 0) {
	}
}

/* What an operator must act on scrolled by long ago. With --once nobody asks the provider again, so a visit
 * that failed is final too: whoever reads exit code 0 relies on the builds being there. */
static void say_again(struct up *up)
{
	for (size_t i = 0; i < up->all.fleet.count; i++) {
		const struct child *child = &up->all.fleet.children[i];

		if (*child->relay.why) {
			command_fail(EXIT_REFUSED, "%s: %s", child->name, child->relay.why);
		} else if (up->idle && *child->relay.visit_why) {
			command_fail(EXIT_REFUSED, "%s: %s", child->name, child->relay.visit_why);
			up->all.failed = true;
		}
	}
}

static bool on_idle(void *context, int64_t head)
{
	struct up *up = context;

	if (up->show && !show_has(up->show, head)) {
		return false;
	}
	supervisor_stop(&up->all, "every target was visited, every sink has confirmed everything");
	return true;
}

static void on_show(void *context)
{
	supervisor_fetch(context);
}

static enum status open_watchers(struct up *up, const struct up_options *options, const struct config *config,
				 struct err *err)
{
	enum status status = OK;

	up->all.strict = options->once;
	if (options->show) {
		up->all.hold_fetchers = true;
		status = show_new(&up->show, up->all.loop, &config->bus, on_show, &up->all, err);
	}
	if (status == OK && options->once) {
		status = idle_new(&up->idle, up->all.loop, config, on_idle, up, err);
	}
	return status;
}

static void up_close(struct up *up)
{
	idle_free(&up->idle);
	show_free(&up->show);
	zloop_destroy(&up->all.loop);
	if (up->signal_fd != -1) {
		close(up->signal_fd);
	}
	fleet_fini(&up->all.fleet);
}

static int up_config(const struct up_options *options, const struct config *config)
{
	struct up up = {.signal_fd = -1};
	struct err err = {0};
	struct fleet_options wanted = {.replicas = &options->replicas, .verbose = options->verbose};
	int code;
	enum status status = fleet_init(&up.all.fleet, config, &wanted, &err);

	if (status == OK) {
		status = up_open(&up, &err);
	}
	if (status == OK) {
		status = open_watchers(&up, options, config, &err);
	}
	if (status == OK) {
		up_run(&up);
		say_again(&up);
		code = up.all.failed ? EXIT_REFUSED : EXIT_DONE;
	} else {
		code = command_fail_err(&err);
	}
	up_close(&up);
	return code;
}

static int up_main(const void *given, char *const *operands)
{
	const struct up_options *options = given;
	struct config config = {0};
	struct err err = {0};
	int code;

	(void)operands;
	log_open("up", options->quiet ? LEVEL_WARN : options->verbose ? LEVEL_DEBUG : LEVEL_INFO);
	code = config_load(&config, options->config_file, &err) == OK &&
			       validate_sections(&config, &err) == OK
		       ? up_config(options, &config)
		       : command_fail_err(&err);
	config_fini(&config);
	return code;
}

static const struct option_row up_rows[] = {
	OPTION_CONFIG_FILE(struct up_options, config_file),
	{"replicas", 0, OPTION_EACH, offsetof(struct up_options, replicas), "PROCESS=N",
	 "so many of a fetcher, e.g. fetch-buildkite=3; may be repeated", 0, 0},
	{"verbose", 'v', OPTION_FLAG, offsetof(struct up_options, verbose), NULL, "log debug events too", 0,
	 0},
	{"quiet", 'q', OPTION_FLAG, offsetof(struct up_options, quiet), NULL, "log only warnings and errors",
	 0, 0},
	{"show", 0, OPTION_FLAG, offsetof(struct up_options, show), NULL,
	 "print each build on stdout whenever it changes", 0, 0},
	{"once", 0, OPTION_FLAG, offsetof(struct up_options, once), NULL,
	 "carry what there is now, then drain and exit", 0, 0},
	OPTION_END,
};

const struct command up_command = {
	.name = "up",
	.summary = "start everything that the configuration needs on this machine, until Ctrl-C",
	.options = up_rows,
	.options_size = sizeof(struct up_options),
	.notes = "Starts the normalizer, then a sink process for each destination and a fetcher for each "
		 "kind of\n"
		 "source. What dies is restarted with back-off; what says that an operator must act is not,\n"
		 "and when no fetcher or no sink is left everything ends.\n"
		 "Ctrl-C drains: fetchers, then sinks, then the normalizer; after 10 s, or at a second "
		 "Ctrl-C, what\n"
		 "is left is killed (nothing acknowledged is lost by that). SIGHUP is passed on: every "
		 "process reads\n"
		 "the configuration anew; a section that is added or removed needs a new start.\n"
		 "With --once it ends when every target was visited and every sink has confirmed everything, "
		 "or\n"
		 "when a process was refused what it needs.\n",
	.exits = "  0  asked to stop, and everything ended by itself\n"
		 "  1  a process was refused what it needs or had to be killed; with --once: or a visit "
		 "failed\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus up -c buildbus.yml --replicas fetch-buildkite=3",
	.run = up_main,
};
