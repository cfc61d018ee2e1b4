/* Processes and peers of the benchmarks. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void fail(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof *values, compare_doubles);
	return values[count / 2];
}

double percentile(double *sorted, int count, double part)
{
	return sorted[(int)((double)(count - 1) * part)];
}

void place_make(struct hub_process *place)
{
	snprintf(place->dir, sizeof place->dir, "%s/buildbus-bench-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(place->dir)) {
		fail("mkdtemp");
	}
	snprintf(place->config, sizeof place->config, "%s/bench.yml", place->dir);
}

void place_remove(const struct hub_process *place)
{
	char command[400];

	snprintf(command, sizeof command, "rm -rf '%s'", place->dir);
	if (system(command) != 0) {
		fail(command);
	}
}

static void write_config(const struct hub_process *hub, int archive)
{
	FILE *file = fopen(hub->config, "w");

	if (!file) {
		fail(hub->config);
	}
	fprintf(file,
		"bus: {state_dir: %s, min_free: 1MiB, raw_retention: %s}\nsources:\n  - buildkite: "
		"{access_token: x, "
		"organization_slug: acme, pipeline_slug: bench}\n",
		hub->dir, archive ? "30d" : "0");
	fclose(file);
}

void daemon_start(const char *bin, const char *program, const char *config, int *pid, double *ready_ms)
{
	double start = seconds();
	char path[512], fd[16], byte;
	int ready[2];

	if (pipe(ready) != 0) {
		fail("pipe");
	}
	snprintf(path, sizeof path, "%s/%s", bin, program);
	snprintf(fd, sizeof fd, "%d", ready[1]);
	*pid = vfork(); /* a fork would count this process's pages as the child's start */
	if (*pid == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 2);
		execl(path, path, "-c", config, "--ready-fd", fd, (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	if (*pid < 0 || read(ready[0], &byte, 1) != 1) {
		fail(program);
	}
	*ready_ms = (seconds() - start) * 1e3;
	close(ready[0]);
}

/* From /proc: ru_maxrss would count what a fork shared before its exec. */
void daemon_memory(int pid, long *peak_kib, long *private_kib)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, "VmHWM:", 6) == 0) {
			*peak_kib = strtol(line + 6, NULL, 10);
		} else if (strncmp(line, "RssAnon:", 8) == 0) {
			*private_kib = strtol(line + 8, NULL, 10);
		}
	}
	if (file) {
		fclose(file);
	}
}

void daemon_end(int pid, double *cpu_s)
{
	struct rusage usage;
	int status;

	kill(pid, SIGTERM);
	if (wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fail("a process did not end well");
	}
	if (cpu_s) {
		*cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	}
}

void hub_start(const struct bench *bench, struct hub_process *hub, int archive, double *ready_ms)
{
	place_make(hub);
	write_config(hub, archive);
	daemon_start(bench->bin, "buildbus-normalizer", hub->config, &hub->pid, ready_ms);
}

void hub_stop(struct hub_process *hub, long *peak_kib, double *cpu_s)
{
	long private_kib;

	daemon_memory(hub->pid, peak_kib, &private_kib);
	daemon_end(hub->pid, cpu_s);
	place_remove(hub);
}

void *peer_connect(void *context, const struct hub_process *hub, const char *name)
{
	void *socket = zmq_socket(context, ZMQ_DEALER);
	int linger = 0, hwm = 0;
	char endpoint[400];

	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
	zmq_setsockopt(socket, ZMQ_SNDHWM, &hwm, sizeof hwm);
	zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
	snprintf(endpoint, sizeof endpoint, "ipc://%s/%s.ipc", hub->dir, name);
	if (zmq_connect(socket, endpoint) != 0) {
		fail(endpoint);
	}
	return socket;
}

void peer_send(void *socket, struct wire_message *message)
{
	struct err err;

	if (wire_send(socket, NULL, message, &err) != OK) {
		fail("send");
	}
}

void peer_receive(void *socket, struct wire_message *message, struct wire_fields *fields)
{
	struct err err;
	int64_t version;
	zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};

	if (zmq_poll(&item, 1, 30000) != 1 || wire_receive(socket, NULL, message, &err) != OK ||
	    wire_read(message, fields, &version, &err) != OK) {
		fail("no answer from the hub within 30 s");
	}
}

int64_t peer_lease(void *socket)
{
	struct wire_message message = {0};
	struct wire_fields fields;
	struct wire_head head;
	int64_t fence = 0;

	while (!fence) {
		wire_begin(&head, "claim", 2);
		wire_put_string(&head, "buildkite");
		wire_put_string(&head, "bench");
		if (wire_end(&head, &message) != OK) {
			fail("claim");
		}
		peer_send(socket, &message);
		peer_receive(socket, &message, &fields);
		if (text_is(fields.command, "lease")) {
			wire_int(&fields, 1, &fence);
		}
		wire_fields_fini(&fields);
	}
	wire_fini(&message);
	return fence;
}

void peer_publish_head(struct wire_message *message, int64_t fence, int64_t n)
{
	struct wire_head head;

	wire_begin(&head, "publish", 3);
	wire_put_int(&head, fence);
	wire_put_int(&head, n);
	wire_put_nil(&head);
	if (wire_end(&head, message) != OK) {
		fail("publish");
	}
}
