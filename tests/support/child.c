/* SPDX-License-Identifier: MIT */
#include "tests/support/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct child {
	pid_t pid;
	int pid_fd, error_fd, ready_fd;
	int code;
	bool ended;
	char *program, *sanitizer;
	char greeting[64];
	char *line; /* of the last event */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t more;
	char *text; /* under mutex: all of its stderr */
	size_t size, capacity, seen;
	bool closed;
	struct child *next;
};

static struct child *children;
static const char *secret;

static void keep(struct child *child, const char *bytes, size_t size)
{
	pthread_mutex_lock(&child->mutex);
	if (child->size + size + 1 > child->capacity) {
		child->capacity = (child->size + size + 1) * 2;
		child->text = realloc(child->text, child->capacity);
	}
	memcpy(child->text + child->size, bytes, size);
	child->size += size;
	child->text[child->size] = '\0';
	child->closed = size == 0;
	pthread_cond_broadcast(&child->more);
	pthread_mutex_unlock(&child->mutex);
}

static void *read_errors(void *arg)
{
	struct child *child = arg;
	char bytes[16384];
	ssize_t size;

	do {
		size = read(child->error_fd, bytes, sizeof bytes);
		if (size >= 0) {
			keep(child, bytes, (size_t)size);
		}
	} while (size > 0 || (size < 0 && errno == EINTR));
	return NULL;
}

static struct child *child_new(const struct launch *launch)
{
	static int number;
	struct child *child = calloc(1, sizeof *child);
	const char *folder = launch->program[0] == '/' ? "" : BUILDBUS_BIN_DIR "/";

	cr_assert(child);
	cr_assert_gt(asprintf(&child->program, "%s%s", folder, launch->program), 0);
	cr_assert_gt(asprintf(&child->sanitizer, "%s/sanitizer-%d", launch->place->folder, ++number), 0);
	pthread_mutex_init(&child->mutex, NULL);
	pthread_cond_init(&child->more, NULL);
	child->next = children;
	children = child;
	return child;
}

struct child *child_start(const struct launch *launch)
{
	struct child *child = child_new(launch);
	int error[2], ready[2];

	cr_assert_eq(pipe2(error, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	child->pid = fork();
	cr_assert_geq(child->pid, 0);
	if (child->pid == 0) {
		/* Both away from the numbers that dup2 fills. */
		launch_run(launch, child->program, child->sanitizer, fcntl(error[1], F_DUPFD, 64),
			   fcntl(ready[1], F_DUPFD, 64));
	}
	close(error[1]);
	close(ready[1]);
	child->error_fd = error[0];
	child->ready_fd = ready[0];
	child->pid_fd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	cr_assert_geq(child->pid_fd, 0);
	cr_assert_eq(pthread_create(&child->thread, NULL, read_errors, child), 0);
	return child;
}

static bool readable(int fd, int64_t until_ms)
{
	struct pollfd item = {.fd = fd, .events = POLLIN};
	int64_t left = until_ms - test_now_ms();

	return poll(&item, 1, left > 0 ? (int)left : 0) == 1;
}

void child_ready_at(struct spot spot, struct child *child)
{
	int64_t until = test_now_ms() + patience_ms();
	size_t used = 0;

	while (used < sizeof child->greeting - 1) {
		char *at = &child->greeting[used];
		if (!readable(child->ready_fd, until)) {
			fail_at(spot, "%s did not say that it is ready", child->program);
		}
		if (read(child->ready_fd, at, 1) != 1) {
			fail_at(spot, "%s ended (%d) instead of being ready", child->program,
				child_end_at(spot, child));
		}
		if (*at == '\n') {
			*at = '\0';
			return;
		}
		used++;
	}
	fail_at(spot, "%s wrote something else to its ready descriptor", child->program);
}

const char *child_greeting(const struct child *child)
{
	return child->greeting;
}

static bool has_field(const char *line, const char *field, const char *value)
{
	char quoted[512], bare[512];
	const char *at;

	if (!field) {
		return true;
	}
	snprintf(quoted, sizeof quoted, "\"%s\":\"%s\"", field, value);
	snprintf(bare, sizeof bare, "\"%s\":%s", field, value);
	at = strstr(line, bare);
	return strstr(line, quoted) || (at && strchr(",}", at[strlen(bare)]));
}

/* Under mutex: looks at the lines that are complete and not yet seen. */
static bool find_event(struct child *child, const char *event, const char *field, const char *value)
{
	char mark[128], *end;

	snprintf(mark, sizeof mark, "\"event\":\"%s\"", event);
	while (child->text && (end = strchr(child->text + child->seen, '\n'))) {
		free(child->line);
		child->line = strndup(child->text + child->seen, (size_t)(end - child->text) - child->seen);
		child->seen = (size_t)(end - child->text) + 1;
		if (strstr(child->line, mark) && has_field(child->line, field, value)) {
			return true;
		}
	}
	return false;
}

const char *child_event_at(struct spot spot, struct child *child, const char *event, const char *field,
			   const char *value)
{
	struct timespec until;
	bool found, late = false;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += patience_ms() / 1000;
	pthread_mutex_lock(&child->mutex);
	while (!(found = find_event(child, event, field, value)) && !child->closed && !late) {
		late = pthread_cond_timedwait(&child->more, &child->mutex, &until) != 0;
	}
	pthread_mutex_unlock(&child->mutex);
	if (!found) {
		fail_at(spot, "%s did not say %s with %s %s", child->program, event, field ? field : "any",
			value ? value : "field");
	}
	return child->line;
}

void child_says_at(struct spot spot, struct child *child, const char *text)
{
	struct timespec until;
	bool found, late = false;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += patience_ms() / 1000;
	pthread_mutex_lock(&child->mutex);
	while (!(found = child->text && strstr(child->text, text)) && !child->closed && !late) {
		late = pthread_cond_timedwait(&child->more, &child->mutex, &until) != 0;
	}
	pthread_mutex_unlock(&child->mutex);
	if (!found) {
		fail_at(spot, "%s did not say %s", child->program, text);
	}
}

void child_skip(struct child *child)
{
	pthread_mutex_lock(&child->mutex);
	child->seen = child->size;
	pthread_mutex_unlock(&child->mutex);
}

bool child_said(struct child *child, const char *text)
{
	bool said;

	pthread_mutex_lock(&child->mutex);
	said = child->text && strstr(child->text, text);
	pthread_mutex_unlock(&child->mutex);
	return said;
}

char *child_text(struct child *child)
{
	char *text;

	pthread_mutex_lock(&child->mutex);
	text = strdup(child->text ? child->text : "");
	pthread_mutex_unlock(&child->mutex);
	return text;
}

int child_count(struct child *child, const char *text)
{
	char *all = child_text(child);
	int count = 0;

	for (const char *at = all; (at = strstr(at, text)); at += strlen(text)) {
		count++;
	}
	free(all);
	return count;
}

pid_t child_pid(const struct child *child)
{
	return child->pid;
}

void child_signal(struct child *child, int number)
{
	if (!child->ended) {
		kill(child->pid, number);
	}
}

bool child_ended(struct child *child)
{
	int status = 0;

	if (!child->ended && readable(child->pid_fd, 0)) {
		waitpid(child->pid, &status, 0);
		child->ended = true;
		child->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
		pthread_join(child->thread, NULL);
	}
	return child->ended;
}

int child_end_at(struct spot spot, struct child *child)
{
	if (!child->ended && !readable(child->pid_fd, test_now_ms() + patience_ms() + 10000)) {
		fail_at(spot, "%s does not end", child->program);
	}
	child_ended(child);
	return child->code;
}

void child_kill(struct child *child)
{
	child_signal(child, SIGKILL);
	child_end(child);
}

void child_stop_at(struct spot spot, struct child *child)
{
	int code;

	child_signal(child, SIGTERM);
	code = child_end_at(spot, child);
	if (code != 0) {
		fail_at(spot, "%s ended with %d instead of 0", child->program, code);
	}
}

/* The sanitizer names its file log_path.PID. */
static char *report_of(const struct child *child)
{
	char path[512], *text = calloc(1, 8192);
	FILE *file;

	snprintf(path, sizeof path, "%s.%d", child->sanitizer, (int)child->pid);
	file = fopen(path, "re");
	if (!file) {
		free(text);
		return NULL;
	}
	text[fread(text, 1, 8191, file)] = '\0';
	fclose(file);
	return text;
}

static void unlink_child(struct child *child)
{
	struct child **at = &children;

	while (*at != child) {
		at = &(*at)->next;
	}
	*at = child->next;
}

void children_keep_secret(const char *text)
{
	secret = text;
}

void child_free_at(struct spot spot, struct child **child)
{
	struct child *gone = *child;
	char *report;

	if (!gone) {
		return;
	}
	child_kill(gone);
	report = report_of(gone);
	if (report) {
		fail_at(spot, "%s: %s", gone->program, report);
	}
	if (secret && child_said(gone, secret)) {
		fail_at(spot, "%s told the secret %s", gone->program, secret);
	}
	unlink_child(gone);
	close(gone->pid_fd);
	close(gone->error_fd);
	close(gone->ready_fd);
	free(gone->text);
	free(gone->line);
	free(gone->program);
	free(gone->sanitizer);
	free(gone);
	*child = NULL;
}

void children_tell(void)
{
	for (struct child *child = children; child; child = child->next) {
		size_t from = child->size > 3000 ? child->size - 3000 : 0;
		char *report = report_of(child);
		pthread_mutex_lock(&child->mutex);
		fprintf(stderr, "--- %s:\n%s\n%s", child->program, child->text ? child->text + from : "",
			report ? report : "");
		pthread_mutex_unlock(&child->mutex);
		free(report);
	}
}
