/* The daemon skeleton, run for real in a child process. config_load is a stand-in here: config has its own
 * tests. */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "tests/unit/process_case.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t read_ready(struct child *child, char out[8])
{
	ssize_t size = read(child->ready, out, 8);

	return size > 0 ? (size_t)size : 0;
}

TestSuite(process, .timeout = 30);

Test(process, says_ready_on_the_inherited_descriptor_and_drains_at_sigterm)
{
	struct child child = START("-c", "a.yml", "--ready-fd", "3", "--name", "one");
	char ready[8];

	cr_assert_eq(read_ready(&child, ready), 1);
	cr_assert_eq(ready[0], '\n');
	cr_assert_eq(read_ready(&child, ready), 0, "the descriptor is closed after the newline");
	expect(&child, "\"proc\":\"one\",\"event\":\"test.open\",\"name\":\"one\"");
	expect(&child, "\"event\":\"proc.ready\",\"config\":\"a.yml\"");
	kill(child.pid, SIGTERM);
	expect(&child, "\"event\":\"proc.stop\",\"signal\":\"TERM\"");
	expect(&child, "\"event\":\"test.drain\",\"draining\":1");
	expect(&child, "\"event\":\"test.close\",\"opened\":1");
	expect(&child, "\"event\":\"proc.exit\",\"code\":0");
	cr_assert_eq(exit_code(&child), 0);
}

Test(process, a_second_signal_stops_at_once)
{
	struct child child;

	setenv("TEST_NEVER_DRAINS", "1", 1);
	child = START("-v");
	expect(&child, "proc.ready");
	kill(child.pid, SIGINT);
	expect(&child, "test.drain");
	kill(child.pid, SIGTERM);
	expect(&child, "\"event\":\"proc.stop_now\",\"why\":\"a second signal\"");
	cr_assert_eq(exit_code(&child), 0);
}

/* The signal comes twice, as from timeout(1): to the process and to its group. That is not a second one. */
Test(process, a_drain_that_does_not_end_is_cut_off_after_ten_seconds)
{
	struct child child;
	int64_t asked;

	setenv("TEST_NEVER_DRAINS", "1", 1);
	child = START("-v");
	expect(&child, "proc.ready");
	asked = now_ms();
	kill(child.pid, SIGTERM);
	expect(&child, "test.drain");
	kill(child.pid, SIGTERM);
	expect(&child, "\"event\":\"proc.stop_now\"");
	cr_assert_geq(now_ms() - asked, 9900);
	cr_assert_eq(exit_code(&child), 0);
}

Test(process, an_open_that_needs_an_operator_exits_100_with_the_sentence_once)
{
	struct child child;

	setenv("TEST_OPEN", "operator", 1);
	child = START("--ready-fd", "3");
	expect(&child, "\"event\":\"test.close\"");
	expect(&child, "\"level\":\"error\",\"proc\":\"test\",\"event\":\"proc.failed\",\"why\":\"port 5550 "
		       "is in use\","
		       "\"code\":100}");
	expect(&child, "\"event\":\"proc.exit\",\"code\":100");
	cr_assert_eq(read_ready(&child, child.line), 0, "not ready");
	cr_assert_eq(exit_code(&child), 100);
}

Test(process, a_failure_while_running_exits_111_and_the_first_reason_counts)
{
	struct child child;

	setenv("TEST_AFTER", "system", 1);
	child = START("-v");
	expect(&child, "\"event\":\"proc.failed\",\"why\":\"the disk is gone\",\"code\":111}");
	cr_assert_eq(exit_code(&child), 111);
}

Test(process, an_unusable_config_exits_100_before_open)
{
	struct child child;

	setenv("TEST_CONFIG", "operator", 1);
	child = START("-v");
	cr_assert_not_null(
		strstr(expect(&child, "event"), "\"why\":\"buildbus.yml:3: no such key\",\"code\":100"));
	cr_assert_eq(exit_code(&child), 100);
}

Test(process, sighup_hands_over_the_config_read_anew)
{
	struct child child = START("-c", "b.yml");

	expect(&child, "proc.ready");
	kill(child.pid, SIGHUP);
	expect(&child, "\"event\":\"test.reload\",\"path\":\"b.yml\",\"same\":1");
	expect(&child, "\"event\":\"proc.reloaded\"");
	kill(child.pid, SIGTERM);
	cr_assert_eq(exit_code(&child), 0);
}

Test(process, sighup_with_an_unusable_file_keeps_the_old_config)
{
	struct child child;

	setenv("TEST_RELOAD_ERROR", "b.yml:9: twice", 1);
	child = START("-c", "b.yml");
	expect(&child, "proc.ready");
	kill(child.pid, SIGHUP);
	expect(&child, "\"level\":\"error\",\"proc\":\"test\",\"event\":\"proc.reload_failed\",\"why\":\"b."
		       "yml:9: twice; the old configuration stays\"");
	kill(child.pid, SIGTERM);
	expect(&child, "test.drain");
	cr_assert_eq(exit_code(&child), 0);
}

Test(process, goes_on_after_being_stopped_and_continued)
{
	struct child child = START("-v");

	expect(&child, "proc.ready");
	kill(child.pid, SIGSTOP);
	waitpid(child.pid, NULL, WUNTRACED);
	kill(child.pid, SIGCONT);
	waitpid(child.pid, NULL, WCONTINUED);
	kill(child.pid, SIGHUP);
	expect(&child, "test.reload");
	kill(child.pid, SIGTERM);
	cr_assert_eq(exit_code(&child), 0);
}

Test(process, bad_flags_exit_100_with_one_sentence)
{
	static const struct {
		const char *flag, *value, *why;
	} rows[] = {
		{"--wrong", NULL, "--wrong: no such option, see --help"},
		{"-x", NULL, "-x: no such option, see --help"},
		{"--name", NULL, "--name needs a value: see --help"},
		{"--name", "", "--name: give it 1 to 63 characters"},
		{"--ready-fd", "x", "--ready-fd x: not an open file descriptor"},
		{"--ready-fd", "99", "--ready-fd 99: not an open file descriptor"},
		{"more", NULL, "more: takes no arguments, see --help"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct child child = START((char *)rows[i].flag, (char *)rows[i].value);

		cr_assert_not_null(strstr(expect(&child, "proc.failed"), rows[i].why), "%s", child.line);
		cr_assert_eq(exit_code(&child), 100);
	}
}

Test(process, version_and_help_are_answered_on_stdout)
{
	struct child child = START("--version");

	cr_assert_str_eq(expect(&child, "buildbus"), "buildbus-test " BUILDBUS_VERSION "\n");
	cr_assert_eq(exit_code(&child), 0);
	child = START("--help");
	cr_assert_str_eq(expect(&child, "buildbus"), "buildbus-test: stands for a daemon\n");
	expect(&child, "--metrics ADDR:PORT");
	cr_assert_eq(exit_code(&child), 0);
}

Test(process, serves_metrics_and_health_while_it_runs)
{
	struct child child = START("--metrics", "127.0.0.1:0", "--name", "one");
	int port;

	expect(&child, "\"event\":\"proc.metrics\"");
	port = metrics_port(&child);
	expect(&child, "proc.ready");
	cr_assert_not_null(strstr(get(port, "/healthz"), "HTTP/1.1 200"));
	cr_assert_not_null(strstr(get(port, "/metrics"), "process=\"one\"} 1\n"));
	kill(child.pid, SIGTERM);
	cr_assert_eq(exit_code(&child), 0);
}

Test(process, a_metrics_port_in_use_exits_100)
{
	struct child first = START("--metrics", "127.0.0.1:0"), second;
	char address[32], want[128];

	expect(&first, "\"event\":\"proc.metrics\"");
	snprintf(address, sizeof address, "127.0.0.1:%d", metrics_port(&first));
	snprintf(want, sizeof want,
		 "\"why\":\"--metrics %s: the port is in use; choose another\",\"code\":100", address);
	second = START("--metrics", address);
	expect(&second, want);
	cr_assert_eq(exit_code(&second), 100);
	kill(first.pid, SIGTERM);
	cr_assert_eq(exit_code(&first), 0);
}

/* A parent that starts the daemon and dies when it is ready. */
static void die_as_parent(int output, int pid_out)
{
	setenv("BUILDBUS_PARENT", "1", 1);
	int ready[2];
	pid_t pid;
	char byte;

	if (pipe(ready) == -1 || (pid = fork()) == -1) {
		_exit(1);
	}
	if (pid == 0) {
		run_child(output, ready[1], (char *[]){"buildbus-test", "--ready-fd", "3", NULL});
	}
	if (read(ready[0], &byte, 1) != 1 || write(pid_out, &pid, sizeof pid) != sizeof pid) {
		_exit(1);
	}
	_exit(0);
}

Test(process, ends_when_the_parent_that_started_it_dies)
{
	struct child child = {0};
	int output[2], pids[2];
	pid_t parent;

	prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that the orphan is ours to wait for */
	cr_assert_eq(pipe2(output, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(pids, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0) {
		die_as_parent(output[1], pids[1]);
	}
	close(output[1]);
	cr_assert_eq(waitpid(parent, NULL, 0), parent);
	cr_assert_eq(read(pids[0], &child.pid, sizeof child.pid), sizeof child.pid);
	child.output = fdopen(output[0], "r");
	expect(&child, "\"event\":\"proc.stop\",\"signal\":\"TERM\"");
	cr_assert_eq(exit_code(&child), 0);
}
