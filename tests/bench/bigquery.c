/* bench-bigquery: builds that lie in the hub, into a fake BigQuery that takes 20 ms for each answer, by the
 * real sink in both modes, beside a client that inserts one row a request, one after the other. Prints a
 * Markdown table (docs/performance.md). */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"
#include "tests/bench/bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS_MAX 16
#define LATENCY_MS 20

struct setting {
	char bin[512];
	int builds, rounds;
	struct hub_process hub;
	struct fake_bigquery bigquery;
};

struct sink_round {
	double took_s, cpu_s;
	long peak_kib, private_kib;
	int64_t rows, bytes;
};

static void write_config(const struct setting *setting, const char *name, const char *mode)
{
	FILE *file = fopen(setting->hub.config, "w");

	if (!file) {
		fail(setting->hub.config);
	}
	fprintf(file,
		"bus: {state_dir: %s, min_free: 1MiB, raw_retention: 0}\nsources:\n  - buildkite: "
		"{access_token: x, "
		"organization_slug: acme, pipeline_slug: bench}\ndestinations:\n  - bigquery: {name: %s, "
		"project_id: "
		"demo, dataset: %s, mode: %s, interval: 1s, api_url: \"%s\"}\n",
		setting->hub.dir, name, name, mode, setting->bigquery.url);
	fclose(file);
}

/* The hub sends a new sink the newest version of every build. */
static struct sink_round by_sink(struct setting *setting, const char *mode, int number)
{
	struct sink_round round = {.rows = -setting->bigquery.rows_stored};
	double start, ready_ms;
	char name[64], sql[200];
	int pid;

	snprintf(name, sizeof name, "bench_%s_%d", mode, number);
	write_config(setting, name, mode);
	setting->bigquery.upload_bytes = 0;
	start = seconds();
	daemon_start(setting->bin, "buildbus-sink-bigquery", setting->hub.config, &pid, &ready_ms);
	sink_wait(&setting->hub, name);
	round.took_s = seconds() - start;
	daemon_memory(pid, &round.peak_kib, &round.private_kib);
	daemon_end(pid, &round.cpu_s);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM row WHERE dataset = '%s'", name);
	round.rows = bq_sql(&setting->bigquery, sql);
	round.bytes = setting->bigquery.upload_bytes;
	if (round.rows < setting->builds) {
		fail("rows are missing");
	}
	snprintf(sql, sizeof sql, "DELETE FROM row WHERE dataset = '%s'", name);
	bq_sql(&setting->bigquery, sql);
	return round;
}

static void report_mode(struct setting *setting, const char *mode)
{
	struct sink_round round = {0};
	double took[ROUNDS_MAX], cpu[ROUNDS_MAX];

	for (int i = 0; i < setting->rounds; i++) {
		round = by_sink(setting, mode, i);
		took[i] = round.took_s;
		cpu[i] = round.cpu_s;
		fprintf(stderr, "%s, round %d: %.2f s\n", mode, i + 1, took[i]);
	}
	printf("| mode %s | %.2f s | %.0f | CPU %.1f µs/row; peak %.1f MB, private %.1f MB", mode,
	       median(took, setting->rounds), setting->builds / median(took, setting->rounds),
	       median(cpu, setting->rounds) * 1e6 / setting->builds, (double)round.peak_kib / 1024,
	       (double)round.private_kib / 1024);
	if (round.bytes) {
		printf("; %.0f bytes a row as sent", (double)round.bytes / (double)round.rows);
	}
	printf(" |\n");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"builds", required_argument, NULL, 'b'},
						{"rounds", required_argument, NULL, 'r'},
						{"mode", required_argument, NULL, 'm'},
						{0}};
	static struct setting setting = {.builds = 10000, .rounds = 3};
	double ready_ms;
	const char *mode = NULL;
	char host[64];
	int option;
	ssize_t size;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'b') {
			setting.builds = (int)strtol(optarg, NULL, 10);
		} else if (option == 'r') {
			setting.rounds = (int)strtol(optarg, NULL, 10);
		} else if (option == 'm') {
			mode = optarg;
		}
	}
	size = readlink("/proc/self/exe", setting.bin, sizeof setting.bin - 1);
	if (size <= 0 || setting.rounds > ROUNDS_MAX) {
		fail("usage: bench-bigquery [--builds N] [--rounds N (at most 16)] [--mode load|stream]");
	}
	*strrchr(setting.bin, '/') = '\0';
	setting.bigquery.latency_ms = LATENCY_MS;
	fake_bigquery_start(&setting.bigquery);
	snprintf(host, sizeof host, "127.0.0.1:%d", setting.bigquery.port);
	setenv("GCE_METADATA_HOST", host, 1);
	place_make(&setting.hub);
	write_config(&setting, "none", "load");
	daemon_start(setting.bin, "buildbus-normalizer", setting.hub.config, &setting.hub.pid, &ready_ms);
	hub_fill(&setting.hub, setting.builds);
	printf("| %d builds | time | rows/s | |\n|---|---|---|---|\n", setting.builds);
	if (!mode || strcmp(mode, "load") == 0) {
		report_mode(&setting, "load");
	}
	if (!mode || strcmp(mode, "stream") == 0) {
		report_mode(&setting, "stream");
	}
	daemon_end(setting.hub.pid, NULL);
	place_remove(&setting.hub);
	fake_bigquery_stop(&setting.bigquery);
	return 0;
}
