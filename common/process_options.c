/* SPDX-License-Identifier: MIT */
#include "common/process_options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_MAX_SIZE = 63 };
enum { FLAG_NAME = 256, FLAG_READY_FD, FLAG_METRICS, FLAG_CHECK, FLAG_VERSION, FLAG_HELP };

static const struct option flags[] = {
	{"config-file", required_argument, NULL, 'c'},
	{"name", required_argument, NULL, FLAG_NAME},
	{"ready-fd", required_argument, NULL, FLAG_READY_FD},
	{"metrics", required_argument, NULL, FLAG_METRICS},
	{"check", no_argument, NULL, FLAG_CHECK},
	{"verbose", no_argument, NULL, 'v'},
	{"version", no_argument, NULL, FLAG_VERSION},
	{"help", no_argument, NULL, FLAG_HELP},
	{0},
};

static enum status read_ready_fd(struct process_options *options, const char *text, struct err *err)
{
	char *end;
	long fd;

	errno = 0;
	fd = strtol(text, &end, 10);
	if (errno || end == text || *end || fd < 0 || fd > INT_MAX || fcntl((int)fd, F_GETFD) == -1) {
		return err_set(err, ERR_CONFIG, "--ready-fd %s: not an open file descriptor", text);
	}
	options->ready_fd = (int)fd;
	return OK;
}

static enum status read_name(struct process_options *options, const char *text, struct err *err)
{
	if (!*text || strlen(text) > NAME_MAX_SIZE) {
		return err_set(err, ERR_CONFIG, "--name: give it 1 to %d characters", NAME_MAX_SIZE);
	}
	options->name = text;
	return OK;
}

static enum status read_flag(struct process_options *options, int flag, char **argv, struct err *err)
{
	switch (flag) {
	case 'c':
		options->config_path = optarg;
		return OK;
	case 'v':
		options->least = LEVEL_DEBUG;
		return OK;
	case FLAG_NAME:
		return read_name(options, optarg, err);
	case FLAG_READY_FD:
		return read_ready_fd(options, optarg, err);
	case FLAG_METRICS:
		options->metrics = optarg;
		return OK;
	case FLAG_CHECK:
		options->check = true;
		return OK;
	case FLAG_VERSION:
		options->version = true;
		return OK;
	case FLAG_HELP:
		options->help = true;
		return OK;
	case ':':
		return err_set(err, ERR_CONFIG, "%s needs a value: see --help", argv[optind - 1]);
	default:
		return err_set(err, ERR_CONFIG, "%s: no such option, see --help", argv[optind - 1]);
	}
}

enum status process_options_read(struct process_options *options, const struct process *process, int argc,
				 char **argv, struct err *err)
{
	enum status status = OK;
	int flag;

	*options = (struct process_options){.name = process->name, .ready_fd = -1, .least = LEVEL_INFO};
	opterr = 0;
	optind = 0; /* 0, not 1: glibc starts over completely */
	while (status == OK && (flag = getopt_long(argc, argv, "+:c:v", flags, NULL)) != -1) {
		status = read_flag(options, flag, argv, err);
	}
	if (status == OK && optind < argc) {
		return err_set(err, ERR_CONFIG, "%s: takes no arguments, see --help", argv[optind]);
	}
	return status;
}

static const char help_format[] =
	"buildbus-%s: %s\n"
	"\n"
	"usage: buildbus-%s [-c FILE] [--name N] [--ready-fd N] [--metrics ADDR:PORT] [-v]\n"
	"       buildbus-%s [-c FILE] [--name N] --check\n"
	"\n"
	"  -c, --config-file FILE  the configuration (default $BUILDBUS_CONFIG, then ./buildbus.yml)\n"
	"      --name N            name of this instance in logs and on the bus (default %s)\n"
	"      --ready-fd N        write a newline to file descriptor N when ready\n"
	"      --metrics ADDR:PORT serve /metrics and /healthz there, e.g. 127.0.0.1:9100\n"
	"      --check             only ask whether everything that it needs may be used, a line each\n"
	"  -v, --verbose           log debug events too\n"
	"      --version           print the version\n"
	"      --help              print this\n"
	"\n"
	"SIGTERM drains within 10 s, a second one stops at once; SIGHUP reads the configuration anew.\n"
	"Exit codes: 0 asked to stop, 100 an operator must act, 111 temporary: restart it.\n"
	"Of --check: 0 everything may be used, 1 something may not.\n";

void process_options_answer(const struct process_options *options, const struct process *process)
{
	if (options->help) {
		printf(help_format, process->name, process->summary, process->name, process->name,
		       process->name);
	} else {
		printf("buildbus-%s %s\n", process->name, BUILDBUS_VERSION);
	}
}
