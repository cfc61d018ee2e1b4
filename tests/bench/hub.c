/* bench-hub: raw builds in → normalised → durable → three readers acknowledged, beside bare ZeroMQ with the
 * same bytes, interleaved in one run. Prints a Markdown table of medians and ratios (docs/performance.md). */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/readers.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 15

static msgpack_sbuffer *payloads; /* made once, before anything is timed */

static void make_payloads(int count)
{
	payloads = calloc((size_t)count, sizeof *payloads);
	for (int i = 0; i < count; i++) {
		msgpack_sbuffer_init(&payloads[i]);
		payload_pack(i + 1, &payloads[i]);
	}
}

static void add_bodies(const struct bench *bench, struct wire_message *message, int *next)
{
	for (int i = 0; i < bench->per_message && *next < bench->builds; i++, (*next)++) {
		if (wire_body_copy(message, payloads[*next].data, payloads[*next].size) != OK) {
			fail("body");
		}
	}
}

/* Sends everything with a window; answers are acks. Returns the messages sent. */
static int pour(const struct bench *bench, void *socket, int64_t fence)
{
	struct wire_message message = {0};
	int next = 0, sent = 0, acked = 0;

	while (next < bench->builds || acked < sent) {
		while (next < bench->builds && sent - acked < bench->window) {
			peer_publish_head(&message, fence, ++sent);
			add_bodies(bench, &message, &next);
			peer_send(socket, &message);
		}
		struct wire_fields fields;
		peer_receive(socket, &message, &fields);
		if (!text_is(fields.command, "ack")) {
			fail("not an ack");
		}
		wire_fields_fini(&fields);
		acked++;
	}
	wire_fini(&message);
	return sent;
}

/* The other end of bare ZeroMQ: touches every byte's page and answers each message. */
static void raw_server(const char *endpoint, int builds)
{
	void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_ROUTER);
	struct wire_message message = {0}, answer = {0};
	struct wire_head head;
	zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
	struct err err;
	zmq_msg_t identity;
	int hwm = 0;

	zmq_setsockopt(socket, ZMQ_RCVHWM, &hwm, sizeof hwm);
	if (zmq_bind(socket, endpoint) != 0) {
		fail("bind");
	}
	zmq_msg_init(&identity);
	while (builds > 0) {
		zmq_poll(&item, 1, -1);
		while (wire_receive(socket, &identity, &message, &err) == OK) {
			for (size_t i = 0; i < wire_body_count(&message); i++, builds--) {
				struct text body = wire_body_at(&message, i);
				for (size_t j = 0; j < body.size; j += 64) {
					(void)*(volatile const char *)(body.at + j);
				}
			}
			wire_begin(&head, "ack", 1);
			wire_put_int(&head, 1);
			if (wire_end(&head, &answer) != OK ||
			    wire_send(socket, &identity, &answer, &err) != OK) {
				fail("ack");
			}
		}
	}
	zmq_close(socket);
	zmq_ctx_term(context);
}

static double raw_round(const struct bench *bench)
{
	struct hub_process place = {0};
	char endpoint[400];
	double start, rate;
	void *context, *socket;
	int pid;

	snprintf(place.dir, sizeof place.dir, "/tmp/buildbus-raw-%d", getpid());
	if (mkdir(place.dir, 0700) != 0) {
		fail(place.dir);
	}
	snprintf(endpoint, sizeof endpoint, "ipc://%s/ingest.ipc", place.dir);
	pid = fork();
	if (pid == 0) {
		raw_server(endpoint, bench->builds);
		_exit(0);
	}
	context = zmq_ctx_new();
	socket = peer_connect(context, &place, "ingest");
	start = seconds();
	pour(bench, socket, 1);
	rate = bench->builds / (seconds() - start);
	zmq_close(socket);
	zmq_ctx_term(context);
	waitpid(pid, NULL, 0);
	unlink(endpoint + 6);
	rmdir(place.dir);
	return rate;
}

static double hub_round(const struct bench *bench, int archive, long *peak_kib, double *ready_ms,
			double *cpu_us)
{
	struct hub_process hub = {0};
	int pids[READERS];
	double start, rate, cpu;
	void *context, *socket;

	hub_start(bench, &hub, archive, ready_ms);
	start_readers(&hub, bench->builds, 0, pids);
	context = zmq_ctx_new();
	socket = peer_connect(context, &hub, "ingest");
	int64_t fence = peer_lease(socket);
	start = seconds();
	pour(bench, socket, fence);
	end_readers(pids);
	rate = bench->builds / (seconds() - start);
	zmq_close(socket);
	zmq_ctx_term(context);
	hub_stop(&hub, peak_kib, &cpu);
	*cpu_us = cpu * 1e6 / bench->builds;
	return rate;
}

struct latency {
	double p50_ms, p99_ms, core_share;
};

/* 1,000 builds a second, one a message: the time from publish to the reader, every record fsynced before. */
static void latency_round(const struct bench *bench, struct latency *out)
{
	enum { COUNT = 4000 };
	static double delays[COUNT];
	struct hub_process hub = {0};
	struct wire_message message = {0};
	struct wire_fields fields;
	int pids[READERS];
	struct rusage before, after;
	double start, ready, cpu;
	long peak;
	void *context, *socket;

	getrusage(RUSAGE_SELF, &before);
	hub_start(bench, &hub, 1, &ready);
	start_readers(&hub, COUNT, 1, pids);
	context = zmq_ctx_new();
	socket = peer_connect(context, &hub, "ingest");
	int64_t fence = peer_lease(socket);
	start = seconds();
	for (int i = 0; i < COUNT; i++) {
		double wait = start + i / 1e3 - seconds();
		if (wait > 0) {
			struct timespec turn = {.tv_nsec = (long)(wait * 1e9)};
			nanosleep(&turn, NULL);
		}
		peer_publish_head(&message, fence, i + 1);
		if (wire_body_copy(&message, payloads[i].data, payloads[i].size) != OK) {
			fail("body");
		}
		board->sent[i + 1] = seconds();
		peer_send(socket, &message);
	}
	for (int i = 0; i < COUNT; i++) {
		peer_receive(socket, &message, &fields);
		wire_fields_fini(&fields);
	}
	end_readers(pids);
	double took = seconds() - start;
	hub_stop(&hub, &peak, &cpu);
	getrusage(RUSAGE_SELF, &after);
	for (int i = 0; i < COUNT; i++) {
		delays[i] = (board->got[i + 1] - board->sent[i + 1]) * 1e3;
	}
	qsort(delays, COUNT, sizeof *delays, compare_doubles);
	*out = (struct latency){percentile(delays, COUNT, 0.5), percentile(delays, COUNT, 0.99), cpu / took};
	wire_fini(&message);
	zmq_close(socket);
	zmq_ctx_term(context);
}

static void report(const struct bench *bench)
{
	double raw[ROUNDS_MAX], plain[ROUNDS_MAX], shipped[ROUNDS_MAX], ready[ROUNDS_MAX], p50[ROUNDS_MAX],
		p99[ROUNDS_MAX], share[ROUNDS_MAX], cost[2][ROUNDS_MAX];
	long peak = 0, most = 0;

	for (int i = 0; i < bench->rounds; i++) {
		struct latency latency;
		raw[i] = raw_round(bench);
		plain[i] = hub_round(bench, 0, &peak, &ready[i], &cost[0][i]);
		most = peak > most ? peak : most;
		shipped[i] = hub_round(bench, 1, &peak, &ready[i], &cost[1][i]);
		most = peak > most ? peak : most;
		latency_round(bench, &latency);
		p50[i] = latency.p50_ms;
		p99[i] = latency.p99_ms;
		share[i] = latency.core_share;
		fprintf(stderr,
			"round %d: raw %.0f, hub %.0f, with archive %.0f builds/s; p50 %.2f ms, p99 %.2f "
			"ms\n",
			i + 1, raw[i], plain[i], shipped[i], p50[i], p99[i]);
	}
	double base = median(raw, bench->rounds), bare = median(plain, bench->rounds),
	       full = median(shipped, bench->rounds);
	printf("| what | builds/s | ratio to raw ZeroMQ | goal | hub CPU |\n|---|---|---|---|---|\n");
	printf("| raw DEALER/ROUTER on ipc, %d builds of %zu B a message, window %d | %.0f | 1.00 | | |\n",
	       bench->per_message, payloads[0].size, bench->window, base);
	printf("| hub → 3 readers acknowledged, raw archive off | %.0f | %.2f | ≥ 0.25 | %.1f µs/build |\n",
	       bare, bare / base, median(cost[0], bench->rounds));
	printf("| hub → 3 readers acknowledged, as shipped | %.0f | %.2f | ≥ 0.125 | %.1f µs/build |\n\n",
	       full, full / base, median(cost[1], bench->rounds));
	printf("| at 1,000 builds/s, as shipped | measured | goal |\n|---|---|---|\n");
	printf("| publish → reader, p50 | %.2f ms | ≤ 2.5 ms |\n", median(p50, bench->rounds));
	printf("| publish → reader, p99 | %.2f ms | ≤ 6 ms |\n", median(p99, bench->rounds));
	printf("| hub, share of a core | %.0f %% | ≤ 25 %% in all |\n", median(share, bench->rounds) * 100);
	printf("| hub, start to ready | %.1f ms | ≤ 20 ms |\n", median(ready, bench->rounds));
	printf("| hub, peak memory under flood | %.0f MB | ≤ 64 MB |\n", (double)most / 1024);
}

int main(int argc, char **argv)
{
	struct bench bench = {.bin = NULL, .builds = 50000, .rounds = 5, .per_message = 16, .window = 64};
	static const struct option options[] = {
		{"builds", required_argument, NULL, 'b'}, {"rounds", required_argument, NULL, 'r'}, {0}};
	char bin[512];
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'b') {
			bench.builds = (int)strtol(optarg, NULL, 10);
		} else if (option == 'r') {
			bench.rounds = (int)strtol(optarg, NULL, 10);
		} else {
			fprintf(stderr, "usage: bench-hub [--builds N] [--rounds N]\n");
			return 2;
		}
	}
	if (bench.builds < 4000 || bench.rounds < 1 || bench.rounds > ROUNDS_MAX) {
		fprintf(stderr, "bench-hub: --builds from 4000, --rounds from 1 to %d\n", ROUNDS_MAX);
		return 2;
	}
	ssize_t size = readlink("/proc/self/exe", bin, sizeof bin - 1);
	bin[size > 0 ? size : 0] = '\0';
	*strrchr(bin, '/') = '\0';
	bench.bin = bin;
	open_board();
	make_payloads(bench.builds);
	report(&bench);
	return 0;
}
