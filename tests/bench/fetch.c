/* bench-fetch: the back-fill of one pipeline from an API with latency, by the real processes, beside clients
 * that ask for one page after the other; the memory, the CPU and the start of each process. Prints Markdown
 * tables (docs/performance.md). */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"
#include "tests/bench/provider.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES  3
#define LATENCY_MS 50
#define ROUNDS_MAX 16

struct daemon_run {
	const char *program;
	int pid;
	double ready_ms, cpu_s;
	long peak_kib, private_kib;
};

/* Starts the simulator; base gets its address. */
static int start_sim(const char *bin, int builds, char *base, size_t size)
{
	char path[512], fd[16], count[16], port[16] = "";
	int ready[2], pid;

	if (pipe(ready) != 0) {
		fail("pipe");
	}
	snprintf(path, sizeof path, "%.490s/buildbus-sim", bin);
	snprintf(fd, sizeof fd, "%d", ready[1]);
	snprintf(count, sizeof count, "%d", builds);
	pid = fork();
	if (pid == 0) {
		execl(path, path, "--builds", count, "--pipelines", "1", "--deep-limit", "1000000",
		      "--ready-fd", fd, (char *)NULL);
		_exit(127);
	}
	close(ready[1]);
	if (read(ready[0], port, sizeof port - 1) < 1) {
		fail("the simulator did not start");
	}
	close(ready[0]);
	snprintf(base, size, "http://127.0.0.1:%d", (int)strtol(port, NULL, 10));
	return pid;
}

static void write_config(const struct hub_process *place, const char *base)
{
	FILE *file = fopen(place->config, "w");

	if (!file) {
		fail(place->config);
	}
	fprintf(file,
		"bus: {state_dir: %s, min_free: 1MiB}\nsources:\n  - buildkite: {access_token: sim-token, "
		"organization_slug: "
		"acme, pipeline_slug: web, since: 2000-01-01, poll_interval: 1s, coverage: false, api_url: "
		"\"%s/v2\"}\n",
		place->dir, base);
	fclose(file);
}

/* Until the hub's own status says that it has that many builds. */
static void wait_for_builds(const struct hub_process *place, int builds)
{
	void *context = zmq_ctx_new(), *socket = peer_connect(context, place, "feed");
	struct wire_message message = {0};
	int64_t known = 0;

	while (known < builds) {
		struct timespec turn = {.tv_nsec = 2000000};
		struct wire_fields fields;
		struct wire_head head;
		const msgpack_object_map *map;

		nanosleep(&turn, NULL);
		wire_begin(&head, "status", 0);
		if (wire_end(&head, &message) != OK) {
			fail("status");
		}
		peer_send(socket, &message);
		peer_receive(socket, &message, &fields);
		for (uint32_t i = 0; wire_map(&fields, 0, &map) && i < map->size; i++) {
			const msgpack_object_str *key = &map->ptr[i].key.via.str;
			if (key->size == 6 && memcmp(key->ptr, "builds", 6) == 0) {
				known = map->ptr[i].val.via.i64;
			}
		}
		wire_fields_fini(&fields);
	}
	wire_fini(&message);
	zmq_close(socket);
	zmq_ctx_term(context);
}

static double buildbus_round(const char *bin, const char *base, int builds, struct daemon_run runs[PROCESSES])
{
	struct hub_process place = {0};
	double start, took;

	place_make(&place);
	write_config(&place, base);
	for (int i = 0; i < 2; i++) { /* hub and sink; the fetcher starts the clock */
		daemon_start(bin, runs[i].program, place.config, &runs[i].pid, &runs[i].ready_ms);
	}
	start = seconds();
	daemon_start(bin, runs[2].program, place.config, &runs[2].pid, &runs[2].ready_ms);
	wait_for_builds(&place, builds);
	took = seconds() - start;
	for (int i = PROCESSES; i-- > 0;) {
		daemon_memory(runs[i].pid, &runs[i].peak_kib, &runs[i].private_kib);
		daemon_end(runs[i].pid, &runs[i].cpu_s);
	}
	place_remove(&place);
	return took;
}

static void report_memory(const struct daemon_run runs[PROCESSES])
{
	static const char *const goals[PROCESSES] = {"≤ 64 MB", "≤ 16 MB", "≤ 24 MB"};

	printf("| process | peak resident | private | goal | CPU | start to ready "
	       "|\n|---|---|---|---|---|---|\n");
	for (int i = 0; i < PROCESSES; i++) {
		printf("| %s | %.1f MB | %.1f MB | %s | %.2f s | %.1f ms |\n", runs[i].program,
		       (double)runs[i].peak_kib / 1024, (double)runs[i].private_kib / 1024, goals[i],
		       runs[i].cpu_s, runs[i].ready_ms);
	}
}

struct times {
	double ours[ROUNDS_MAX], hundred[ROUNDS_MAX], twentyfive[ROUNDS_MAX];
	int requests;
};

/* The three take turns. */
static void run_round(const char *bin, CURL *curl, const char *base, int builds, int round, int *requests,
		      struct times *times, struct daemon_run runs[PROCESSES])
{
	struct hub_process place = {0};

	place_make(&place);
	times->twentyfive[round] = naive_walk(curl, base, place.dir, 25);
	times->hundred[round] = naive_walk(curl, base, place.dir, 100);
	place_remove(&place);
	*requests = 0;
	times->ours[round] = buildbus_round(bin, base, builds, runs);
	times->requests = *requests;
	fprintf(stderr, "round %d: 25 a page %.1f s, 100 a page %.1f s, buildbus %.2f s\n", round + 1,
		times->twentyfive[round], times->hundred[round], times->ours[round]);
}

static void report_times(struct times *times, int builds, int rounds)
{
	double mine = median(times->ours, rounds), hundred = median(times->hundred, rounds),
	       twentyfive = median(times->twentyfive, rounds);

	printf("| back-fill of %d builds at 50 ms latency | time | requests | buildbus is faster by | goal "
	       "|\n"
	       "|---|---|---|---|---|\n",
	       builds);
	printf("| 25 a page, one after the other (the earlier tool's walk) | %.2f s | %d | %.1f × | ≥ 20 × "
	       "|\n",
	       twentyfive, builds / 25 + 1, twentyfive / mine);
	printf("| 100 a page, one after the other | %.2f s | %d | %.1f × | ≥ 8 × |\n", hundred,
	       builds / 100 + 1, hundred / mine);
	printf("| buildbus: fetched, normalised, durable | %.2f s | %d | 1 | within 5 %% of %d |\n\n", mine,
	       times->requests, (builds + 99) / 100);
}

static void report(const char *bin, int builds, int rounds)
{
	struct daemon_run runs[PROCESSES] = {{.program = "buildbus-normalizer"},
					     {.program = "buildbus-sink-store"},
					     {.program = "buildbus-fetch-buildkite"}};
	static struct times times;
	char base[64], sim_base[64];
	int sim = start_sim(bin, builds, sim_base, sizeof sim_base), provider, *requests;
	CURL *curl = curl_easy_init();
	struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer sim-token");

	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	provider = provider_start(curl, sim_base, builds, LATENCY_MS, base, sizeof base, &requests);
	daemon_end(sim, NULL);
	for (int i = 0; i < rounds; i++) {
		run_round(bin, curl, base, builds, i, requests, &times, runs);
	}
	report_times(&times, builds, rounds);
	report_memory(runs);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	kill(provider, SIGTERM);
	waitpid(provider, NULL, 0);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"builds", required_argument, NULL, 'b'}, {"rounds", required_argument, NULL, 'r'}, {0}};
	int builds = 10000, rounds = 3, option;
	char bin[512];
	ssize_t size;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'b') {
			builds = (int)strtol(optarg, NULL, 10);
		} else if (option == 'r') {
			rounds = (int)strtol(optarg, NULL, 10);
		} else {
			fprintf(stderr, "usage: bench-fetch [--builds N] [--rounds N]\n");
			return 2;
		}
	}
	if (builds < 100 || rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "bench-fetch: --builds from 100, --rounds from 1 to 16\n");
		return 2;
	}
	size = readlink("/proc/self/exe", bin, sizeof bin - 1);
	bin[size > 0 ? size : 0] = '\0';
	*strrchr(bin, '/') = '\0';
	report(bin, builds, rounds);
	return 0;
}
