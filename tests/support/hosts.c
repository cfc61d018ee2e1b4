/* SPDX-License-Identifier: MIT */
#include "tests/support/hosts.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct place *place;
static int hosts;
static char *names; /* as in /etc/hosts */

static int run(const char *format, va_list values) __attribute__((format(printf, 1, 0)));
static int run(const char *format, va_list values)
{
	char *command, *whole;
	int code;

	cr_assert(vasprintf(&command, format, values) > 0);
	cr_assert(asprintf(&whole, "{ PATH=$PATH:/usr/sbin:/sbin; %s; } >%s/network 2>&1", command,
			   place->folder) > 0);
	code = system(whole);
	free(command);
	free(whole);
	return code;
}

static int sh(const char *format, ...) __attribute__((format(printf, 1, 2)));
static int sh(const char *format, ...)
{
	va_list values;
	int code;

	va_start(values, format);
	code = run(format, values);
	va_end(values);
	return code;
}

static void must(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void must(const char *format, ...)
{
	va_list values;
	size_t size;
	int code;

	va_start(values, format);
	code = run(format, values);
	va_end(values);
	if (code != 0) {
		fail_at(HERE, "%s: %s", format, place_read(place, "network", &size));
	}
}

static void write_names(void)
{
	FILE *file = fopen(place_path(place, "hosts"), "we");

	cr_assert(file);
	fprintf(file, "127.0.0.1 localhost\n%s", names ? names : "");
	fclose(file);
}

void hosts_open(const struct place *of)
{
	place = of;
	if (geteuid() != 0 || unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) {
		cr_skip_test("only root may make network namespaces, where it is allowed");
	}
	write_names();
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(place_path(place, "hosts"), "/etc/hosts", NULL, MS_BIND, NULL) != 0) {
		cr_skip_test("no /etc/hosts of its own for the test");
	}
	if (sh("ip link set lo up && ip addr add " HOSTS_ROUTER
	       "/32 dev lo && ip link add probe type veth && "
	       "ip link del probe && echo 1 >/proc/sys/net/ipv4/ip_forward") != 0) {
		cr_skip_test("no ip with veth here (Debian: iproute2)");
	}
	if (sh("iptables -A FORWARD -m statistic --mode nth --every 2 --packet 0 -j DROP && iptables -F") !=
	    0) {
		cr_skip_test("no iptables with the match statistic here");
	}
}

/* The namespace lives as long as somebody has it open. */
static int make_namespace(pid_t *keeper)
{
	char path[64], ready;
	int made[2], fd;

	cr_assert_eq(pipe2(made, O_CLOEXEC), 0);
	*keeper = fork();
	if (*keeper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) != 0 || write(made[1], "", 1) != 1) {
			_exit(1);
		}
		pause();
	}
	close(made[1]);
	cr_assert_eq(read(made[0], &ready, 1), 1);
	close(made[0]);
	snprintf(path, sizeof path, "/proc/%d/ns/net", (int)*keeper);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	return fd;
}

int hosts_add(void)
{
	int n = ++hosts, fd;
	pid_t keeper;

	fd = make_namespace(&keeper);
	must("ip link add h%d type veth peer name eth0 netns %d && ip addr add 10.77.%d.254/24 dev h%d && "
	     "ip link set h%d up",
	     n, (int)keeper, n, n, n);
	must("nsenter --net=/proc/%d/ns/net sh -c 'ip link set lo up && ip addr add 10.77.%d.1/24 dev eth0 "
	     "&& "
	     "ip link set eth0 up && ip route add default via 10.77.%d.254'",
	     (int)keeper, n, n);
	kill(keeper, SIGKILL);
	waitpid(keeper, NULL, 0);
	return fd;
}

void hosts_name(const char *name, const char *address)
{
	free(names);
	cr_assert(asprintf(&names, "%s %s\n", address, name) > 0);
	write_names();
}

void hosts_cut(int host)
{
	must("iptables -A FORWARD -s 10.77.%d.1 -j DROP && iptables -A FORWARD -d 10.77.%d.1 -j DROP", host,
	     host);
}

void hosts_join(int host)
{
	must("iptables -D FORWARD -s 10.77.%d.1 -j DROP && iptables -D FORWARD -d 10.77.%d.1 -j DROP", host,
	     host);
}

void hosts_lossy(int one_in)
{
	must("iptables -A FORWARD -m statistic --mode random --probability %f -j DROP", 1.0 / one_in);
}
