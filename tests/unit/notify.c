/* What a service manager is told, over a socket like systemd's. */
/* SPDX-License-Identifier: MIT */
#include "common/notify.h"
#include "common/log.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(notify, .timeout = 30);

/* Binds name (`@…` abstract) as the manager does, and sets NOTIFY_SOCKET. */
static int manager_open(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, name, size);
	if (*name == '@') {
		address.sun_path[0] = '\0';
	}
	cr_assert_eq(bind(fd, (struct sockaddr *)&address,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)),
		     0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void expect(int manager, const char *state)
{
	char heard[2048] = "";
	ssize_t size = recv(manager, heard, sizeof heard - 1, 0);

	cr_expect_eq(size, (ssize_t)strlen(state));
	cr_expect_str_eq(heard, state);
}

Test(notify, a_manager_on_a_path_and_on_an_abstract_name_hears_the_state)
{
	char path[64], abstract[64];
	int manager;

	snprintf(path, sizeof path, "/tmp/buildbus-notify-%d", (int)getpid());
	manager = manager_open(path);
	notify_manager("READY=1");
	expect(manager, "READY=1");
	close(manager);
	unlink(path);
	snprintf(abstract, sizeof abstract, "@buildbus-notify-%d", (int)getpid());
	manager = manager_open(abstract);
	notify_manager("STOPPING=1");
	expect(manager, "STOPPING=1");
	close(manager);
}

Test(notify, a_failure_is_one_line_without_secrets)
{
	char abstract[64];
	int manager;

	snprintf(abstract, sizeof abstract, "@buildbus-notify-%d", (int)getpid());
	manager = manager_open(abstract);
	log_secret("hunter2hunter2");
	notify_failure("token hunter2hunter2 is refused\nREADY=1");
	expect(manager, "STATUS=token *** is refused READY=1");
	close(manager);
}

Test(notify, nobody_there_is_no_matter)
{
	static const char *const sockets[] = {"", "@", "relative", "/nowhere/notify"};
	char endless[200];

	notify_manager("READY=1");
	for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
		setenv("NOTIFY_SOCKET", sockets[i], 1);
		notify_manager("READY=1");
	}
	memset(endless, '/', sizeof endless - 1);
	endless[sizeof endless - 1] = '\0';
	setenv("NOTIFY_SOCKET", endless, 1);
	notify_manager("READY=1");
}
