/* Whatever comes to its port, the page of the store answers others, and the sink stores. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/crowd.h"
#include "tests/pipeline/dashboard_run.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

enum { IDLE = 1100, KEPT = 1000 /* that stay before one is sent away */, READERS = 40, LARGE = 50000 };

static void init(void)
{
	static const char *const no_secrets[] = {NULL};

	sink_run_init("buildbus-sink-store", no_secrets);
}

TestSuite(dashboard_attacks, .init = init, .fini = sink_run_fini, .timeout = 400);

/* It still answers, and still stores. */
static void expect_well(int64_t number)
{
	char path[96];

	page_store(number, number, 1);
	snprintf(path, sizeof path, "/api/v1/builds/buildkite%%2Facme%%2Fweb%%2F%lld", (long long)number);
	expect_status(path, "", 200);
}

static const struct {
	const char *path;
	int code;
} paths[] = {
	{"/api/v1/overview?days=0", 400},
	{"/api/v1/overview?days=366", 400},
	{"/api/v1/overview?days=-1", 400},
	{"/api/v1/overview?days=1e3", 400},
	{"/api/v1/overview?days=99999999999999999999", 400},
	{"/api/v1/overview?branch=%ff%fe", 400},
	{"/api/v1/overview?branch=%zz", 200},
	{"/api/v1/overview?branch=a%00b", 200},
	{"/api/v1/overview?pipeline=nobody", 200},
	{"/api/v1/pipelines/nobody", 404},
	{"/api/v1/pipelines/", 404},
	{"/api/v1/pipelines/..%2f..%2f..%2fetc%2fpasswd", 404},
	{"/api/v1/builds?limit=501", 400},
	{"/api/v1/builds?limit=0", 400},
	{"/api/v1/builds?offset=-5", 400},
	{"/api/v1/builds?offset=9223372036854775808", 400},
	{"/api/v1/builds?offset=1099511627776", 200},
	{"/api/v1/builds?offset=1099511627776&q=x", 200},
	{"/api/v1/builds?at=nan", 400},
	{"/api/v1/builds?at=2", 400},
	{"/api/v1/builds?at=1", 200},
	{"/api/v1/builds?after=1-", 400},
	{"/api/v1/builds?after=-9223372036854775808-1", 200},
	{"/api/v1/builds?after=99999999999999999999-1", 400},
	{"/api/v1/builds?state=dancing", 400},
	{"/api/v1/builds?result=success,,failure", 400},
	{"/api/v1/builds?from=yesterday", 400},
	{"/api/v1/builds?from=2026-11-21&to=2026-11-20", 200},
	{"/api/v1/builds/..%2f..%2fstore.db", 404},
	{"/../../../etc/passwd", 404},
	{"/..%2f..%2fetc/passwd", 404},
	{"/assets/../../store.db", 404},
	{"//", 404},
	{"/api/v1/", 404},
	{"/%", 404},
};

Test(dashboard_attacks, of_odd_paths_get_an_answer)
{
	page_start("");
	page_store(1, 30, 1);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		expect_status(paths[i].path, "", paths[i].code);
	}
	expect_well(31);
}

Test(dashboard_attacks, of_sql_find_nothing)
{
	static const char *const words[] = {"'%20OR%201=1--",
					    "%22;DROP%20TABLE%20builds;--",
					    "'%20UNION%20SELECT%201--",
					    "%25",
					    "_",
					    "*",
					    "%5c'"};
	static const char *const names[] = {"pipeline", "author", "q"};
	char path[200], *answer;

	page_start("");
	page_store(1, 5, 1);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
			snprintf(path, sizeof path, "/api/v1/builds?branch=all&%s=%s", names[j], words[i]);
			answer = page_get(path, "");
			cr_expect(strstr(answer, "{\"builds\":[],"), "%s: %.300s", path, answer);
			free(answer);
		}
		snprintf(path, sizeof path, "/api/v1/overview?branch=%s", words[i]);
		expect_status(path, "", 200);
	}
	expect_well(6);
}

static const struct {
	const char *request;
	int least, most;
} requests[] = {
	{"GET\r\n\r\n", 0, 499},
	{"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, 403}, /* no Host */
	{"GET / HTTP/9.9\r\nHost: a\r\nConnection: close\r\n\r\n", 0, 505},
	{"\x16\x03\x01\x02\x01\x01\x02\x01\xfc\x03\x03\r\nConnection: close\r\n\r\n", 0, 499},
	{"DELETE /api/v1/builds HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405, 405},
	{"PUT / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405, 405},
	{"POST /api/v1/builds HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: "
	 "close\r\n\r\nhi",
	 405, 405},
	{"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", 413, 413},
	{"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 0, 499},
	{"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", 0, 499},
	{"GET /api/v1/overview HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: "
	 "close\r\n\r\n0\r\n\r\n",
	 200, 499},
};

Test(dashboard_attacks, of_odd_requests_get_an_answer_or_an_end)
{
	page_start("");
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		int status = page_status(requests[i].request);

		cr_expect(status >= requests[i].least && status <= requests[i].most, "%.60s: %d",
			  requests[i].request, status);
	}
	expect_well(1);
}

Test(dashboard_attacks, of_large_headers_are_refused_and_pipelined_ones_answered)
{
	char *large = malloc(200000);
	struct wire_tap tap;
	int status;

	page_start("");
	snprintf(large, 200000, "GET / HTTP/1.1\r\nHost: localhost\r\nX: %0100000d\r\n\r\n", 1);
	status = page_status(large);
	cr_expect(status == 0 || (status >= 400 && status < 500), "%d", status);
	snprintf(large, 200000, "GET /%0100000d HTTP/1.1\r\nHost: localhost\r\n\r\n", 1);
	status = page_status(large);
	cr_expect(status == 0 || (status >= 400 && status < 500), "%d", status);
	tap_open(&tap);
	for (int i = 0; i < 20; i++) {
		static const char get[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

		tap_send(&tap, get, sizeof get - 1);
	}
	tap_send(&tap, "GET /last HTTP/1.1\r\nHost: localhost\r\n\r\n", 39);
	cr_expect(tap_until(&tap, "there is no such page"), "%s", tap.text);
	tap_close(&tap);
	free(large);
	expect_well(1);
}

static void may_open(rlim_t files)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < files ? limit.rlim_max : files;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < files) {
		cr_skip_test("the machine allows only %llu files a process",
			     (unsigned long long)limit.rlim_cur);
	}
}

Test(dashboard_attacks, of_idle_connections_and_slow_requests_keep_nobody_out)
{
	struct wire_tap *taps = calloc(IDLE, sizeof *taps);

	may_open(IDLE + 200);
	page_start("");
	for (int i = 0; i < IDLE; i++) {
		tap_open(&taps[i]);
		if (i % 2) {
			tap_send(&taps[i], "GET / HTTP/1.1\r\nHo", 18);
		}
	}
	expect_well(1);
	for (int i = 0; i < IDLE; i++) { /* a byte each: they stay alive */
		tap_send(&taps[i], "G", 1);
	}
	expect_well(2);
	for (int i = 0; i < IDLE; i++) {
		tap_close(&taps[i]);
	}
	free(taps);
	expect_well(3);
}

static void ask_once_and_stay(struct wire_tap *taps, int count)
{
	static const char get[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

	for (int i = 0; i < count; i++) {
		tap_open(&taps[i]);
		tap_send(&taps[i], get, sizeof get - 1);
	}
	for (int i = 0; i < count; i++) {
		cr_assert(tap_until(&taps[i], "\r\n\r\nok"), "%d: %s", i, taps[i].text);
	}
}

static void store_large(int count)
{
	char *message = malloc(LARGE);

	memset(message, 'x', LARGE);
	for (int i = 1; i <= count; i++) {
		struct build build;
		char id[64];

		build_init(&build);
		snprintf(id, sizeof id, "buildkite/acme/large/%d", i);
		build.id = text_of(id);
		build.message = (struct text){message, LARGE};
		build.number = build.version = 1;
		build.origin = ORIGIN_LIVE;
		build.state = STATE_QUEUED;
		build.created_at = 1795219200000 + i;
		fake_hub_add_build(run.hub, &build);
	}
	all_acked();
	free(message);
}

static void read_bytes(const struct wire_tap *tap, size_t size)
{
	struct pollfd readable = {tap->fd, POLLIN, 0};
	char bytes[16384];

	while (size > 0) {
		ssize_t got;

		cr_assert(poll(&readable, 1, (int)patience_ms()) == 1);
		got = recv(tap->fd, bytes, size < sizeof bytes ? size : sizeof bytes, 0);
		cr_assert(got > 0);
		size -= (size_t)got;
	}
}

/* An export was asked for before the others, and goes on being read. */
Test(dashboard_attacks, of_connections_that_asked_once_and_stay_keep_nobody_out)
{
	static const char get[] = "GET /api/v1/export.ndjson?branch=all HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct wire_tap *taps = calloc(KEPT, sizeof *taps);
	int small = 256 << 10;

	may_open(KEPT + 200);
	page_start("");
	store_large(200);
	tap_open(&taps[0]);
	setsockopt(taps[0].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	tap_send(&taps[0], get, sizeof get - 1);
	read_bytes(&taps[0], LARGE);
	ask_once_and_stay(taps + 1, KEPT - 1);
	read_bytes(&taps[0], 60 * LARGE);
	expect_well(1);
	expect_well(2);
	cr_expect(tap_until(&taps[0], "\r\n0\r\n\r\n"), "the export was broken off");
	for (int i = 0; i < KEPT; i++) {
		tap_close(&taps[i]);
	}
	free(taps);
}

Test(dashboard_attacks, of_readers_that_do_not_read_hold_up_nothing)
{
	static const char events[] = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
			  export[] =
				  "GET /api/v1/export.ndjson?branch=all HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct wire_tap taps[40];
	int small = 256 << 10;

	page_start("");
	page_store(1, 2000, 1);
	for (int i = 0; i < 40; i++) {
		tap_open(&taps[i]);
		setsockopt(taps[i].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
		i % 2 ? tap_send(&taps[i], events, sizeof events - 1)
		      : tap_send(&taps[i], export, sizeof export - 1);
	}
	page_store(2001, 6000, 1);
	expect_well(6001);
	expect_well(6002);
	/* Whoever reads again goes on: from there, or from now, which a reset's id tells. */
	for (int i = 1; i < 40; i += 2) {
		cr_assert(tap_until(&taps[i], "-6002\n"), "…%s",
			  taps[i].text + (taps[i].size > 500 ? taps[i].size - 500 : 0));
	}
	for (int i = 0; i < 40; i++) {
		tap_close(&taps[i]);
	}
	expect_well(6003);
}

/* With a build each; an overview of 365 days has 6 MB of them. */
static void store_pipelines(int count)
{
	for (int i = 0; i < count; i++) {
		struct build build;
		char id[64];

		build_init(&build);
		snprintf(id, sizeof id, "buildkite/acme/p%d/1", i);
		build.id = text_of(id);
		build.provider = TEXT("buildkite");
		build.organization = TEXT("acme");
		build.pipeline = TEXT("p");
		build.number = build.version = 1;
		build.origin = ORIGIN_LIVE;
		build.state = STATE_QUEUED;
		build.created_at = 1795219200000;
		fake_hub_add_build(run.hub, &build);
	}
	all_acked();
}

static const char overview[] = "/api/v1/overview?branch=all&days=365";

static void ask_and_do_not_read(struct wire_tap *tap)
{
	char request[128];
	int small = 256 << 10;

	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
		 overview);
	tap_open(tap);
	setsockopt(tap->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	tap_send(tap, request, strlen(request));
}

static bool has_begun(const struct wire_tap *tap)
{
	struct pollfd readable = {tap->fd, POLLIN, 0};

	return poll(&readable, 1, (int)patience_ms()) == 1;
}

/* The bytes of answers that come to their end after all. */
static size_t read_to_the_end(struct wire_tap *taps, int count)
{
	size_t bytes = 0;

	for (int i = 0; i < count; i++) {
		cr_expect(tap_ends(&taps[i]));
		if (taps[i].size > 0 && taps[i].text[taps[i].size - 1] == '}') {
			bytes += taps[i].size;
		}
		tap_close(&taps[i]);
	}
	return bytes;
}

Test(dashboard_attacks, of_large_answers_that_nobody_reads_are_bounded)
{
	struct wire_tap taps[READERS];
	char *answer = NULL;
	size_t bytes;

	page_start("");
	store_pipelines(210);
	for (int i = 0; i < READERS; i++) {
		ask_and_do_not_read(&taps[i]);
		cr_assert(has_begun(&taps[i]));
	}
	expect_well(1);
	do { /* the slowest go, one after the other */
		free(answer);
		answer = page_get(overview, "");
	} while (strstr(answer, " 503 ") && strstr(answer, "Retry-After: "));
	cr_expect(strstr(answer, " 200 OK"), "%.300s", answer);
	free(answer);
	bytes = read_to_the_end(taps, READERS);
	cr_expect(bytes > 0 && bytes <= CROWD_BYTES_MAX + READERS * CROWD_SMALL_BYTES, "%zu bytes", bytes);
}
