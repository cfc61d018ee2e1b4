/* SPDX-License-Identifier: MIT */
#include "tests/unit/process_case.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void run_child(int output, int ready, char **argv)
{
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	dup2(ready, 3);
	execv(DAEMON, argv);
	_exit(127);
}

struct child start(char **argv)
{
	struct child child = {0};
	int output[2], ready[2];

	cr_assert_eq(pipe2(output, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	child.pid = fork();
	if (child.pid == 0) {
		run_child(output[1], ready[1], argv);
	}
	close(output[1]);
	close(ready[1]);
	child.output = fdopen(output[0], "r");
	child.ready = ready[0];
	return child;
}

const char *expect(struct child *child, const char *text)
{
	while (fgets(child->line, sizeof child->line, child->output)) {
		if (strstr(child->line, text)) {
			return child->line;
		}
	}
	cr_assert_fail("the output ended without %s", text);
	return NULL;
}

int exit_code(struct child *child)
{
	int status = 0;

	waitpid(child->pid, &status, 0);
	fclose(child->output);
	close(child->ready);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int metrics_port(const struct child *child)
{
	const char *address = strstr(child->line, "\"address\":\"127.0.0.1:");

	cr_assert_not_null(address, "%s", child->line);
	return (int)strtol(strrchr(address, ':') + 1, NULL, 10);
}

const char *get(int port, const char *path)
{
	static char answer[16384];
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t size = 0;
	ssize_t got;

	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	while ((got = recv(fd, answer + size, sizeof answer - 1 - size, 0)) > 0) {
		size += (size_t)got;
	}
	answer[size] = '\0';
	close(fd);
	return answer;
}
