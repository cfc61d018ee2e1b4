/* Metrics as the text of the exposition, and as they are served. */
/* SPDX-License-Identifier: MIT */
#include "common/metrics_private.h"
#include "common/process.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *text(void)
{
	static char copy[8192];
	size_t size;
	char *got = metrics_text(&size);

	snprintf(copy, sizeof copy, "%s", got);
	cr_assert_eq(size, strlen(copy));
	free(got);
	return copy;
}

Test(metrics, a_counter_is_a_number_that_its_owner_changes)
{
	int64_t *records = metrics_counter("buildbus_test_records_total", "Records.", NULL);

	*records += 3;
	cr_assert_str_eq(text(), "# HELP buildbus_test_records_total Records.\n"
				 "# TYPE buildbus_test_records_total counter\n"
				 "buildbus_test_records_total 3\n");
}

Test(metrics, the_same_name_and_labels_are_the_same_number)
{
	int64_t *a = metrics_counter("buildbus_test_total", "T.", LABELS("sink", "a"));
	int64_t *b = metrics_counter("buildbus_test_total", "T.", LABELS("sink", "b"));

	cr_assert_neq(a, b);
	cr_assert_eq(a, metrics_counter("buildbus_test_total", "T.", LABELS("sink", "a")));
}

Test(metrics, series_of_a_name_stand_together)
{
	*metrics_counter("buildbus_a_total", "A.", LABELS("sink", "x", "kind", "y")) = 1;
	*metrics_gauge("buildbus_b", "B.", NULL) = -2;
	*metrics_counter("buildbus_a_total", "A.", LABELS("sink", "z", "kind", "y")) = 3;
	cr_assert_str_eq(
		text(),
		"# HELP buildbus_a_total A.\n# TYPE buildbus_a_total counter\n"
		"buildbus_a_total{sink=\"x\",kind=\"y\"} 1\nbuildbus_a_total{sink=\"z\",kind=\"y\"} 3\n"
		"# HELP buildbus_b B.\n# TYPE buildbus_b gauge\nbuildbus_b -2\n");
}

Test(metrics, milliseconds_are_shown_as_seconds)
{
	*metrics_gauge_ms("buildbus_lag_seconds", "L.", NULL) = 1234567890123;
	*metrics_counter_ms("buildbus_busy_seconds_total", "L.", NULL) = -45;
	cr_assert_not_null(strstr(text(), "\nbuildbus_lag_seconds 1234567890.123\n"));
	cr_assert_not_null(strstr(text(), "\nbuildbus_busy_seconds_total -0.045\n"));
}

Test(metrics, a_histogram_counts_what_took_up_to_a_power_of_two)
{
	struct metrics_histogram *bare = metrics_histogram("buildbus_bare_seconds", "B.", NULL);
	struct metrics_histogram *runs = metrics_histogram("buildbus_run_seconds", "R.", LABELS("sink", "a"));

	metrics_observe_ms(bare, 0);
	metrics_observe_ms(runs, 1000);
	metrics_observe_ms(runs, 1001);
	metrics_observe_ms(runs, 10000000);
	cr_assert(strstr(text(), "# TYPE buildbus_run_seconds histogram\n"
				 "buildbus_run_seconds_bucket{sink=\"a\",le=\"1\"} 1\n"
				 "buildbus_run_seconds_bucket{sink=\"a\",le=\"2\"} 2\n"));
	cr_assert(strstr(text(), "buildbus_run_seconds_bucket{sink=\"a\",le=\"8192\"} 2\n"
				 "buildbus_run_seconds_bucket{sink=\"a\",le=\"+Inf\"} 3\n"
				 "buildbus_run_seconds_sum{sink=\"a\"} 10002.001\n"
				 "buildbus_run_seconds_count{sink=\"a\"} 3\n"));
	cr_assert(strstr(text(), "buildbus_bare_seconds_bucket{le=\"1\"} 1\n"));
}

Test(metrics, what_is_dropped_is_shown_no_more_until_it_is_set_again)
{
	*metrics_gauge("buildbus_lag", "L.", LABELS("sink", "a")) = 1;
	*metrics_gauge("buildbus_lag", "L.", LABELS("sink", "b")) = 2;
	metrics_drop("buildbus_lag");
	metrics_drop("buildbus_unheard_of");
	cr_assert_str_empty(text());
	*metrics_gauge("buildbus_lag", "L.", LABELS("sink", "b")) = 3;
	cr_assert_str_eq(text(),
			 "# HELP buildbus_lag L.\n# TYPE buildbus_lag gauge\nbuildbus_lag{sink=\"b\"} 3\n");
}

Test(metrics, any_label_value_is_escaped)
{
	*metrics_gauge("buildbus_x", "X.", LABELS("v", "a\"b\\c\nd\xff Grüße")) = 1;
	cr_assert_not_null(strstr(text(), "\nbuildbus_x{v=\"a\\\"b\\\\c\\nd\xef\xbf\xbd Grüße\"} 1\n"));
}

static int64_t *first, *second;

static void on_collect(void *context)
{
	*first = *(int *)context;
}

Test(metrics, a_table_is_filled_and_a_collector_asked_before_each_answer)
{
	static const struct metrics_row rows[] = {
		{metrics_gauge, "buildbus_first", "F.", &first},
		{metrics_counter, "buildbus_second_total", "S.", &second},
		METRICS_END,
	};
	int value = 7;

	metrics_table(rows, LABELS("hub", "1"));
	*second = 5;
	metrics_on_collect(on_collect, &value);
	cr_assert_not_null(strstr(text(), "\nbuildbus_first{hub=\"1\"} 7\n"));
	cr_assert_not_null(strstr(text(), "\nbuildbus_second_total{hub=\"1\"} 5\n"));
	value = 8;
	metrics_forget_collectors();
	cr_assert_not_null(strstr(text(), "\nbuildbus_first{hub=\"1\"} 7\n"));
}

Test(metrics, a_process_tells_about_itself)
{
	metrics_process_open("hub \"1\"");
	cr_assert_not_null(strstr(text(), "\nbuildbus_build_info{version=\"" BUILDBUS_VERSION
					  "\",process=\"hub \\\"1\\\"\"} 1\n"));
	cr_assert_gt(*metrics_gauge("process_resident_memory_bytes", "", NULL), 1 << 20);
	cr_assert_gt(*metrics_gauge("process_open_fds", "", NULL), 2);
	cr_assert_leq(llabs(*metrics_gauge_ms("process_start_time_seconds", "", NULL) - wall_ms()), 10000);
}

/* One request over a connection of its own, from a thread: the server needs the loop. */
struct scrape {
	int port;
	const char *request;
	char answer[16384];
	pthread_t thread;
};

static int connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : -1;
}

static void *scrape_thread(void *arg)
{
	struct scrape *scrape = arg;
	int fd = connect_to(scrape->port);
	size_t size = 0;
	ssize_t got;

	if (send(fd, scrape->request, strlen(scrape->request), MSG_NOSIGNAL) > 0) {
		while ((got = recv(fd, scrape->answer + size, sizeof scrape->answer - 1 - size, 0)) > 0) {
			size += (size_t)got;
		}
	}
	close(fd);
	return NULL;
}

static struct world {
	struct metrics_server *server;
	zloop_t *loop;
	int port;
	int done[2]; /* a byte when the thread is done */
	struct scrape scrape;
} world;

static void *scrape_and_tell(void *arg)
{
	scrape_thread(arg);
	return write(world.done[1], "", 1) == 1 ? NULL : NULL;
}

static int on_done(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
	char byte;

	(void)loop, (void)arg;
	return read(item->fd, &byte, 1) == 1 ? -1 : 0;
}

static void open_server(void)
{
	zmq_pollitem_t item = {.events = ZMQ_POLLIN};
	struct err err = {0};

	zsys_handler_set(NULL);
	cr_assert_eq(metrics_server_new(&world.server, "127.0.0.1:0", &err), OK, "%s", err.text);
	world.port = (int)strtol(strrchr(metrics_server_address(world.server), ':') + 1, NULL, 10);
	cr_assert_eq(strncmp(metrics_server_address(world.server), "127.0.0.1:", 10), 0);
	world.loop = zloop_new();
	cr_assert_eq(metrics_server_attach(world.server, world.loop, &err), OK);
	cr_assert_eq(pipe2(world.done, O_CLOEXEC), 0);
	item.fd = world.done[0];
	zloop_poller(world.loop, &item, on_done, NULL);
}

static const char *scrape(const char *request)
{
	world.scrape = (struct scrape){.port = world.port, .request = request};
	pthread_create(&world.scrape.thread, NULL, scrape_and_tell, &world.scrape);
	zloop_start(world.loop);
	pthread_join(world.scrape.thread, NULL);
	return world.scrape.answer;
}

static void close_server(void)
{
	metrics_server_free(&world.server);
	zloop_destroy(&world.loop);
}

#define GET(path) scrape("GET " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

TestSuite(metrics, .timeout = 30);

Test(metrics, are_served_as_text)
{
	const char *answer;

	open_server();
	*metrics_counter("buildbus_test_total", "T.", NULL) = 42;
	answer = GET("/metrics");
	cr_assert_eq(strncmp(answer, "HTTP/1.1 200 ", 13), 0, "%s", answer);
	cr_assert_not_null(
		strcasestr(answer, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	cr_assert_not_null(strstr(answer, "\nbuildbus_test_total 42\n"));
	close_server();
}

Test(metrics, healthz_is_red_until_ready_and_while_unwell)
{
	open_server();
	cr_assert_not_null(strstr(GET("/healthz"), "503"));
	cr_assert_not_null(strstr(world.scrape.answer, "\r\n\r\nstarting\n"));
	metrics_started();
	cr_assert_not_null(strstr(GET("/healthz"), "HTTP/1.1 200"));
	cr_assert_not_null(strstr(world.scrape.answer, "\r\n\r\nok\n"));
	metrics_health(false, "the disk is full");
	cr_assert_not_null(strstr(GET("/healthz"), "HTTP/1.1 503"));
	cr_assert_not_null(strstr(world.scrape.answer, "\r\n\r\nthe disk is full\n"));
	metrics_health(true, NULL);
	cr_assert_not_null(strstr(GET("/healthz"), "HTTP/1.1 200"));
	close_server();
}

Test(metrics, other_paths_and_methods_are_refused)
{
	open_server();
	cr_assert_not_null(strstr(GET("/"), "HTTP/1.1 404"));
	cr_assert_not_null(strstr(GET("/metrics/x"), "HTTP/1.1 404"));
	cr_assert_not_null(strstr(scrape("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
					 "Connection: close\r\n\r\nhi"),
				  "HTTP/1.1 405"));
	scrape("nonsense\r\n\r\n");
	cr_assert_not_null(strstr(GET("/metrics"), "HTTP/1.1 200"));
	close_server();
}

/* The second request is in the server's memory when the first is answered: no event announces it. */
Test(metrics, requests_sent_ahead_are_answered)
{
	const char *answer;

	open_server();
	answer = scrape("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
			"GET /here HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	cr_assert_not_null(strstr(answer, "HTTP/1.1 200"));
	cr_assert_not_null(strstr(answer, "HTTP/1.1 404"), "%s", answer);
	close_server();
}

Test(metrics, the_server_can_move_to_another_loop)
{
	struct err err;

	open_server();
	zloop_destroy(&world.loop);
	world.loop = zloop_new();
	cr_assert_eq(metrics_server_attach(world.server, world.loop, &err), OK);
	zloop_poller(world.loop, &(zmq_pollitem_t){.fd = world.done[0], .events = ZMQ_POLLIN}, on_done, NULL);
	cr_assert_not_null(strstr(GET("/metrics"), "HTTP/1.1 200"));
	close_server();
}

Test(metrics, an_unusable_address_is_one_sentence)
{
	static const char *const wrong[] = {"9100",           "", "127.0.0.1:", "[::1]", "127.0.0.1:http",
					    "127.0.0.1:99999"};
	struct metrics_server *server;
	struct err err;
	char want[128];

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_assert_eq(metrics_server_new(&server, wrong[i], &err), ERR_CONFIG, "%s", wrong[i]);
		cr_assert_eq(strncmp(err.text, "--metrics ", 10), 0, "%s", err.text);
		cr_assert_null(server);
	}
	open_server();
	snprintf(want, sizeof want, "--metrics %s: the port is in use; choose another",
		 metrics_server_address(world.server));
	cr_assert_eq(metrics_server_new(&server, metrics_server_address(world.server), &err), ERR_CONFIG);
	cr_assert_str_eq(err.text, want);
	close_server();
}
