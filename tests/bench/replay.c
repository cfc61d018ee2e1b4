/* bench-replay: what a replay costs those who wait for what is new: the time from publish to a sink's
 * destination, with and without a replay of all builds to that sink, interleaved in one run
 * (docs/performance.md). */
/* SPDX-License-Identifier: MIT */
#include "common/arena.h"
#include "common/record.h"
#include "tests/bench/bench.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SINKS      2 /* the first one gets the replays */
#define CREDIT     2000
#define LIVE_FIRST 1000000
#define LIVE_MAX   4000
#define ROUNDS_MAX 15

static struct board {
	double sent[LIVE_MAX], got[SINKS][LIVE_MAX];
	volatile long replayed;
	volatile int attached;
	volatile int live; /* so many have come to all, together */
} * board;

struct sink {
	int index, file;
	void *socket;
	int64_t session;
	struct position position;
	struct arena arena;
};

static void say(struct sink *sink, const char *command, uint32_t fields, int64_t value)
{
	struct wire_message message = {0};
	struct wire_head head;

	wire_begin(&head, command, fields);
	wire_put_int(&head, sink->session);
	if (fields == 2 && value > 0) {
		wire_put_int(&head, value);
	} else if (fields == 2) {
		wire_put_position(&head, sink->position);
	}
	if (wire_end(&head, &message) == OK) {
		peer_send(sink->socket, &message);
	}
	wire_fini(&message);
}

static void attach(struct sink *sink)
{
	struct wire_message message = {0};
	struct wire_fields fields;
	struct wire_head head;

	wire_begin(&head, "attach", 1);
	wire_put_string(&head, sink->index ? "other" : "replayed");
	if (wire_end(&head, &message) == OK) {
		peer_send(sink->socket, &message);
	}
	peer_receive(sink->socket, &message, &fields);
	wire_int(&fields, 0, &sink->session);
	wire_position(&fields, 1, &sink->position);
	wire_fields_fini(&fields);
	wire_fini(&message);
	say(sink, "credit", 2, CREDIT);
}

/* A destination that takes a range with one write that is on disk. */
static void apply(struct sink *sink, const struct wire_message *message)
{
	struct text last = wire_body_at(message, wire_body_count(message) - 1);
	double at;

	if (pwrite(sink->file, last.at, last.size, 0) < 0 || fdatasync(sink->file) != 0) {
		fail("a destination");
	}
	at = seconds();
	for (size_t i = 0; i < wire_body_count(message); i++) {
		struct text body = wire_body_at(message, i);
		struct build build;
		struct err err;

		arena_reset(&sink->arena);
		if (build_unpack(body.at, body.size, &sink->arena, &build, &err) != OK) {
			fail(err.text);
		}
		if (build.origin == ORIGIN_REPLAY) {
			board->replayed++;
		} else if (build.number >= LIVE_FIRST) {
			board->got[sink->index][build.number % LIVE_MAX] = at;
			__atomic_add_fetch(&board->live, 1, __ATOMIC_SEQ_CST);
		}
	}
}

static void be_sink(const struct hub_process *hub, int index)
{
	struct sink sink = {.index = index};
	struct wire_message message = {0};
	char path[400];

	snprintf(path, sizeof path, "%s/destination%d", hub->dir, index);
	sink.file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	sink.socket = peer_connect(zmq_ctx_new(), hub, "feed");
	arena_init(&sink.arena, 1 << 20);
	attach(&sink);
	__atomic_add_fetch(&board->attached, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		struct wire_fields fields;
		peer_receive(sink.socket, &message, &fields);
		if (text_is(fields.command, "records")) {
			size_t count = wire_body_count(&message);
			wire_int(&fields, 2, &sink.position.seq);
			if (count) {
				apply(&sink, &message);
				say(&sink, "credit", 2, (int64_t)count);
			}
			say(&sink, "ack", 2, 0);
		}
		wire_fields_fini(&fields);
	}
}

static void rest(double s)
{
	struct timespec turn = {.tv_sec = (time_t)s, .tv_nsec = (long)((s - (double)(time_t)s) * 1e9)};

	if (s > 0) {
		nanosleep(&turn, NULL);
	}
}

struct run {
	struct hub_process hub;
	void *context, *ingest, *feed;
	int64_t fence, n;
	int pids[SINKS];
	int next_live;
};

static void publish(struct run *run, int first, int count)
{
	struct wire_message message = {0};
	msgpack_sbuffer body;

	peer_publish_head(&message, run->fence, ++run->n);
	for (int i = 0; i < count; i++) {
		msgpack_sbuffer_init(&body);
		payload_pack(first + i, &body);
		if (wire_body(&message, &body) != OK) {
			fail("body");
		}
	}
	peer_send(run->ingest, &message);
	wire_fini(&message);
}

static void hear_ack(struct run *run)
{
	struct wire_message message = {0};
	struct wire_fields fields;

	peer_receive(run->ingest, &message, &fields);
	if (!text_is(fields.command, "ack")) {
		fail("not an ack");
	}
	wire_fields_fini(&fields);
	wire_fini(&message);
}

static void fill(struct run *run, int builds)
{
	int64_t heard = run->n;

	for (int i = 0; i < builds; i += 16) {
		publish(run, i + 1, builds - i < 16 ? builds - i : 16);
		for (; run->n - heard >= 32; heard++) {
			hear_ack(run);
		}
	}
	for (; heard < run->n; heard++) {
		hear_ack(run);
	}
}

static void start(struct run *run, const struct bench *bench)
{
	double ready_ms;

	hub_start(bench, &run->hub, 1, &ready_ms);
	for (int i = 0; i < SINKS; i++) {
		run->pids[i] = fork();
		if (run->pids[i] == 0) {
			be_sink(&run->hub, i);
			_exit(0);
		}
	}
	while (board->attached < SINKS) {
		rest(0.001);
	}
	run->context = zmq_ctx_new();
	run->ingest = peer_connect(run->context, &run->hub, "ingest");
	run->feed = peer_connect(run->context, &run->hub, "feed");
	run->fence = peer_lease(run->ingest);
	fill(run, bench->builds);
}

/* Begins a replay of everything, or finds it on its way. */
static void replay(struct run *run)
{
	struct wire_message message = {0};
	struct wire_fields fields;
	struct wire_head head;

	wire_begin(&head, "replay", 2);
	wire_put_string(&head, "begin");
	wire_put_string(&head, "replayed");
	if (wire_end(&head, &message) == OK) {
		peer_send(run->feed, &message);
	}
	peer_receive(run->feed, &message, &fields);
	wire_fields_fini(&fields);
	wire_fini(&message);
}

struct latency {
	double p50_ms[SINKS], p99_ms[SINKS], replayed_s;
};

/* count builds at so many a second. */
static void measure(struct run *run, int count, int per_second, int replays, struct latency *out)
{
	static double delays[LIVE_MAX];
	double began = seconds();
	long before = board->replayed;

	board->live = 0;
	for (int i = 0; i < count; i++) {
		if (replays && i % (per_second / 10) == 0) {
			replay(run);
		}
		rest(began + (double)i / per_second - seconds());
		board->sent[(run->next_live + i) % LIVE_MAX] = seconds();
		publish(run, LIVE_FIRST + run->next_live + i, 1);
	}
	for (int i = 0; i < count; i++) {
		hear_ack(run);
	}
	while (board->live < SINKS * count) {
		rest(0.001);
	}
	out->replayed_s = (double)(board->replayed - before) / (seconds() - began);
	for (int s = 0; s < SINKS; s++) {
		for (int i = 0; i < count; i++) {
			int at = (run->next_live + i) % LIVE_MAX;
			delays[i] = (board->got[s][at] - board->sent[at]) * 1e3;
		}
		qsort(delays, (size_t)count, sizeof *delays, compare_doubles);
		out->p50_ms[s] = percentile(delays, count, 0.5);
		out->p99_ms[s] = percentile(delays, count, 0.99);
	}
	run->next_live += count;
}

static void wait_for_end(struct run *run)
{
	(void)run;
	for (long before = -1; before != board->replayed; rest(0.5)) {
		before = board->replayed;
	}
}

static void report(const struct bench *bench, int per_second)
{
	static const char *const names[SINKS] = {"the sink that gets it", "another sink"};
	double p50[2][SINKS][ROUNDS_MAX], p99[2][SINKS][ROUNDS_MAX], rate[ROUNDS_MAX];
	struct run run = {0};
	long peak;
	double cpu;

	start(&run, bench);
	for (int i = 0; i < bench->rounds; i++) {
		for (int with = 0; with < 2; with++) {
			struct latency latency;
			measure(&run, per_second * 5 < LIVE_MAX ? per_second * 5 : LIVE_MAX, per_second, with,
				&latency);
			for (int s = 0; s < SINKS; s++) {
				p50[with][s][i] = latency.p50_ms[s];
				p99[with][s][i] = latency.p99_ms[s];
			}
			rate[i] = latency.replayed_s;
			fprintf(stderr,
				"round %d, %s: p50 %.2f and %.2f ms, p99 %.2f and %.2f ms, %.0f replayed/s\n",
				i + 1, with ? "replay" : "none", latency.p50_ms[0], latency.p50_ms[1],
				latency.p99_ms[0], latency.p99_ms[1], latency.replayed_s);
		}
		wait_for_end(&run);
	}
	for (int i = 0; i < SINKS; i++) {
		kill(run.pids[i], SIGKILL);
		waitpid(run.pids[i], NULL, 0);
	}
	zmq_close(run.ingest);
	zmq_close(run.feed);
	zmq_ctx_term(run.context);
	hub_stop(&run.hub, &peak, &cpu);
	printf("| %d builds/s live, a replay of %d builds | none | replay | ratio | goal "
	       "|\n|---|---|---|---|---|\n",
	       per_second, bench->builds);
	for (int s = 0; s < SINKS; s++) {
		double a = median(p50[0][s], bench->rounds), b = median(p50[1][s], bench->rounds);
		double c = median(p99[0][s], bench->rounds), d = median(p99[1][s], bench->rounds);
		printf("| publish → %s, p50 | %.2f ms | %.2f ms | %.2f | ≤ 2 |\n", names[s], a, b, b / a);
		printf("| the same, p99 | %.2f ms | %.2f ms | %.2f | ≤ 2 |\n", c, d, d / c);
	}
	printf("\n%.0f builds/s are replayed meanwhile; the hub's peak memory is %.0f MB\n",
	       median(rate, bench->rounds), (double)peak / 1024);
}

int main(int argc, char **argv)
{
	struct bench bench = {.builds = 100000, .rounds = 5};
	int per_second = 200, option;
	static const struct option options[] = {{"builds", required_argument, NULL, 'b'},
						{"rounds", required_argument, NULL, 'r'},
						{"rate", required_argument, NULL, 's'},
						{0}};
	char bin[512];

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		int value = optarg ? (int)strtol(optarg, NULL, 10) : 0;
		switch (option) {
		case 'b':
			bench.builds = value;
			break;
		case 'r':
			bench.rounds = value;
			break;
		case 's':
			per_second = value;
			break;
		default:
			value = 0;
		}
		if (value < 1) {
			fprintf(stderr, "usage: bench-replay [--builds N] [--rounds N] [--rate N]\n");
			return 2;
		}
	}
	bench.rounds = bench.rounds < ROUNDS_MAX ? bench.rounds : ROUNDS_MAX;
	ssize_t size = readlink("/proc/self/exe", bin, sizeof bin - 1);
	bin[size > 0 ? size : 0] = '\0';
	*strrchr(bin, '/') = '\0';
	bench.bin = bin;
	board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	report(&bench, per_second);
	return 0;
}
