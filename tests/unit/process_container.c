/* A daemon in a container, where ending would only make it start again. */
/* SPDX-License-Identifier: MIT */
#include "tests/unit/process_case.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

TestSuite(process_container, .timeout = 30);

Test(process_container, in_a_container_code_100_stays_until_sigterm)
{
	struct child child;

	setenv("BUILDBUS_CONTAINER", "1", 1);
	setenv("TEST_CONFIG", "operator", 1);
	child = START("-v");
	expect(&child, "proc.failed");
	kill(child.pid, SIGTERM);
	expect(&child, "proc.stop");
	cr_assert_eq(exit_code(&child), 100);
}

Test(process_container, in_a_container_sighup_lets_it_be_started_again)
{
	struct child child;

	setenv("BUILDBUS_CONTAINER", "1", 1);
	setenv("TEST_CONFIG", "operator", 1);
	child = START("-v");
	expect(&child, "proc.failed");
	kill(child.pid, SIGHUP);
	cr_assert_eq(exit_code(&child), 111);
}

Test(process_container, that_nobody_wants_is_an_error_where_somebody_started_it)
{
	struct child child;

	setenv("TEST_OPEN", "unwanted", 1);
	child = START("-v");
	expect(&child, "proc.failed");
	cr_assert_eq(exit_code(&child), 100);
}

Test(process_container, that_nobody_wants_rests_in_a_container_and_is_well)
{
	struct child child;
	int port;

	setenv("BUILDBUS_CONTAINER", "1", 1);
	setenv("TEST_OPEN", "unwanted", 1);
	child = START("--metrics", "127.0.0.1:0");
	expect(&child, "\"event\":\"proc.metrics\"");
	port = metrics_port(&child);
	expect(&child, "\"event\":\"proc.rests\",\"why\":\"no section\"");
	cr_assert_not_null(strstr(get(port, "/healthz"), "HTTP/1.1 200"));
	kill(child.pid, SIGTERM);
	expect(&child, "proc.stop");
	cr_assert_eq(exit_code(&child), 0);
}

Test(process_container, in_a_container_bad_flags_stay_until_sigterm_too)
{
	struct child child;

	setenv("BUILDBUS_CONTAINER", "1", 1);
	child = START("--wrong");
	expect(&child, "proc.failed");
	kill(child.pid, SIGTERM);
	expect(&child, "proc.exit");
	cr_assert_eq(exit_code(&child), 100);
}

Test(process_container, in_a_container_code_111_exits_to_be_restarted)
{
	struct child child;

	setenv("BUILDBUS_CONTAINER", "1", 1);
	setenv("TEST_OPEN", "system", 1);
	child = START("-v");
	cr_assert_eq(exit_code(&child), 111);
}

Test(process_container, in_a_container_health_is_red_with_the_sentence)
{
	struct child child;
	int port;

	setenv("BUILDBUS_CONTAINER", "1", 1);
	setenv("TEST_OPEN", "operator", 1);
	child = START("--metrics", "127.0.0.1:0");
	expect(&child, "\"event\":\"proc.metrics\"");
	port = metrics_port(&child);
	expect(&child, "proc.failed");
	cr_assert_not_null(strstr(get(port, "/healthz"), "HTTP/1.1 503"));
	cr_assert_not_null(strstr(get(port, "/healthz"), "\r\n\r\nport 5550 is in use\n"));
	kill(child.pid, SIGTERM);
	cr_assert_eq(exit_code(&child), 100);
}
