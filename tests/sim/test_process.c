/* The real executable over real HTTP. */
/* SPDX-License-Identifier: MIT */
#include "tests/sim/payload.h"

#include <criterion/criterion.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS_MAX = 12 };

struct child {
	pid_t pid;
	int ready, errors; /* read ends */
	int port;
};

/* Starts the simulator with --ready-fd 9 and the arguments given; does not wait. */
static struct child spawn(const char *const *args)
{
	const char *argv[ARGS_MAX] = {SIM_EXECUTABLE, "--ready-fd", "9"};
	struct child child = {0};
	int ready[2], errors[2];

	for (int i = 0; args[i]; i++) {
		argv[i + 3] = args[i];
	}
	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(errors, O_CLOEXEC), 0);
	child.pid = fork();
	if (child.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves nothing behind */
		dup2(errors[1], STDERR_FILENO);
		dup2(ready[1], 9);
		execv(SIM_EXECUTABLE, (char *const *)argv);
		_exit(127);
	}
	close(ready[1]);
	close(errors[1]);
	child.ready = ready[0];
	child.errors = errors[0];
	return child;
}

static void read_all(int fd, char *out, size_t room)
{
	size_t used = 0;
	ssize_t got;

	while (used + 1 < room && (got = read(fd, out + used, room - used - 1)) > 0) {
		used += (size_t)got;
	}
	out[used] = '\0';
}

static struct child start(const char *const *args)
{
	struct child child = spawn(args);
	char line[32];

	read_all(child.ready, line, sizeof line);
	child.port = (int)strtol(line, NULL, 10);
	cr_assert_gt(child.port, 0, "ready with '%s'", line);
	cr_assert_eq(line[strlen(line) - 1], '\n');
	return child;
}

static int exit_code(struct child *child)
{
	int status;

	cr_assert_eq(waitpid(child->pid, &status, 0), child->pid);
	close(child->ready);
	close(child->errors);
	cr_assert(WIFEXITED(status), "status %x", status);
	return WEXITSTATUS(status);
}

static size_t on_data(char *data, size_t size, size_t count, void *text)
{
	text_add(text, data, size * count);
	return size * count;
}

static struct curl_slist *headers;

static void aim(CURL *curl, const struct child *child, const char *method, const char *path,
		struct text *body)
{
	char url[512];

	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", child->port, path);
	headers = headers ? headers : curl_slist_append(NULL, "Authorization: Bearer sim-token");
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

/* The status, or minus curl's error. */
static long ask(CURL *curl, const struct child *child, const char *method, const char *path,
		struct text *body)
{
	long status = 0;
	CURLcode code;

	body->size = 0;
	aim(curl, child, method, path, body);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return code ? -(long)code : status;
}

static long post(const struct child *child, const char *path, const char *json)
{
	CURL *curl = curl_easy_init();
	struct text body = {0};
	long status;

	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
	status = ask(curl, child, "POST", path, &body);
	curl_easy_cleanup(curl);
	text_fini(&body);
	return status;
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(process, says_that_it_is_ready_and_ends_when_asked)
{
	struct child child = start(ARGS("--builds", "50"));
	CURL *curl = curl_easy_init();
	struct text body = {0};
	long opened;

	cr_assert_eq(ask(curl, &child, "GET", "/v2/builds?per_page=5", &body), 200);
	cr_assert_eq(body.data[0], '[');
	cr_assert_eq(ask(curl, &child, "GET", "/v2/organizations/ac%6De", &body), 200);
	curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &opened);
	cr_assert_eq(opened, 0, "the connection was not kept");
	kill(child.pid, SIGTERM);
	cr_assert_eq(exit_code(&child), 0);
	curl_easy_cleanup(curl);
	text_fini(&body);
}

Test(process, ends_by_its_control)
{
	struct child child = start(ARGS("--builds", "1"));

	cr_assert_eq(post(&child, "/_sim/quit", ""), 200);
	cr_assert_eq(exit_code(&child), 0);
}

/* The held answer is still held when another one has come, and does not delay the end. */
Test(process, a_slow_answer_holds_up_nobody)
{
	struct child child = start(ARGS("--builds", "1", "--latency", "10m"));
	CURLM *multi = curl_multi_init();
	CURL *slow = curl_easy_init(), *quick = curl_easy_init();
	struct text body = {0}, other = {0};
	int running = 1;

	aim(slow, &child, "GET", "/v2/builds", &body);
	curl_multi_add_handle(multi, slow);
	/* until the simulator has counted it */
	do {
		curl_multi_perform(multi, &running);
		cr_assert_eq(running, 1);
		curl_multi_poll(multi, NULL, 0, 10, NULL);
		cr_assert_eq(ask(quick, &child, "GET", "/_sim/stats", &other), 200);
	} while (!strstr(other.data, "\"all_builds\":1"));
	kill(child.pid, SIGTERM);
	cr_assert_eq(exit_code(&child), 0);
	curl_multi_remove_handle(multi, slow);
	curl_easy_cleanup(slow);
	curl_easy_cleanup(quick);
	curl_multi_cleanup(multi);
	text_fini(&body);
	text_fini(&other);
}

Test(process, drops_a_connection_when_it_is_told)
{
	struct child child = start(ARGS("--builds", "1"));
	CURL *curl = curl_easy_init();
	struct text body = {0};

	cr_assert_eq(post(&child, "/_sim/faults", "{\"drop\": true}"), 200);
	cr_assert_eq(ask(curl, &child, "GET", "/v2/builds", &body), -(long)CURLE_GOT_NOTHING);
	cr_assert_eq(ask(curl, &child, "GET", "/v2/builds", &body), 200);
	kill(child.pid, SIGINT);
	cr_assert_eq(exit_code(&child), 0);
	curl_easy_cleanup(curl);
	text_fini(&body);
}

static void refuses(const char *const *args, int code, const char *sentence)
{
	struct child child = spawn(args);
	char text[1024];

	read_all(child.errors, text, sizeof text);
	cr_assert_eq(exit_code(&child), code);
	cr_assert(strstr(text, sentence), "'%s' does not contain '%s'", text, sentence);
	cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1, "more than one line: %s", text);
}

Test(process, refuses_bad_usage_in_one_sentence)
{
	refuses(ARGS("--seed", "x"), 2, "--seed: 'x' is not a number");
	refuses(ARGS("--bulids", "3"), 2, "Unknown option --bulids");
	refuses(ARGS("--history", "30"), 2, "--history: '30' is not a duration");
	refuses(ARGS("--start", "yesterday"), 2, "--start: 'yesterday' is not a time");
	refuses(ARGS("--clock", "broken"), 2, "--clock: 'broken' is neither");
	refuses(ARGS("--listen", "nowhere"), 2, "--listen: 'nowhere'");
	refuses(ARGS("--listen", "example.com:0"), 2, "'example.com' is not an IPv4 address");
	refuses(ARGS("--print-config"), 2, "--print-config needs the port");
	refuses(ARGS("--base-url", "http://sim"), 2, "--base-url: 'http://sim' does not end in /v2");
	refuses(ARGS("--seed"), 2, "--seed needs a value");
	refuses(ARGS("more"), 2, "Unknown argument more");
	refuses(ARGS("--builds", "1", "--write-config", "/nowhere/x"), 1, "Can't write /nowhere/x");
}

Test(process, refuses_a_port_that_is_taken)
{
	struct child child = start(ARGS("--builds", "1"));
	char port[32];

	snprintf(port, sizeof port, "127.0.0.1:%d", child.port);
	refuses(ARGS("--builds", "1", "--listen", port), 1, "Can't listen on");
	kill(child.pid, SIGTERM);
	cr_assert_eq(exit_code(&child), 0);
}
