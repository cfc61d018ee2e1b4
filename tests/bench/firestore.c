/* bench-firestore: builds that lie in the hub, into Google's Firestore emulator, by the real sink, beside a
 * client that creates one document a request, one after the other, as the earlier tool did. Prints a Markdown
 * table (docs/performance.md). FIRESTORE_EMULATOR_HOST says where the emulator is. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <curl/curl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS_MAX 16

struct setting {
	char bin[512];
	int builds, rounds;
	CURL *curl;
	struct hub_process hub;
};

struct sink_round {
	double took_s, cpu_s;
	long peak_kib, private_kib;
};

static size_t on_bytes(char *bytes, size_t unit, size_t count, void *out)
{
	(void)bytes, (void)out;
	return unit * count;
}

static CURL *client(void)
{
	static struct curl_slist *headers;
	CURL *curl = curl_easy_init();

	headers = curl_slist_append(headers, "Authorization: Bearer owner");
	headers = curl_slist_append(headers, "Content-Type: application/json");
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	return curl;
}

static void commit(CURL *curl, const char *project, const char *writes)
{
	char url[256], *body;
	long code = 0;

	snprintf(url, sizeof url, "http://%s/v1/projects/%s/databases/(default)/documents:commit",
		 getenv("FIRESTORE_EMULATOR_HOST"), project);
	if (asprintf(&body, "{\"writes\":[%s]}", writes) < 0) {
		fail("memory");
	}
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	if (curl_easy_perform(curl) != CURLE_OK ||
	    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK || code != 200) {
		fail("the emulator refused a commit");
	}
	free(body);
}

static void create_build(CURL *curl, const char *project, int number)
{
	char write[1024];

	snprintf(write, sizeof write,
		 "{\"currentDocument\":{\"exists\":false},\"update\":{\"name\":\"projects/%s/databases/"
		 "(default)"
		 "/documents/build/bench_%d\",\"fields\":{\"projectId\":{\"stringValue\":\"bench\"},"
		 "\"buildNumber\":{\"integerValue\":\"%d\"},\"startedAt\":{\"timestampValue\":"
		 "\"2026-11-20T10:00:05.000Z\"},\"buildStatus\":{\"stringValue\":\"BuildStatus.successful\"},"
		 "\"duration\":{\"integerValue\":\"180000\"},\"workflowName\":{\"stringValue\":\"bench\"},"
		 "\"url\":{\"stringValue\":\"https://buildkite.com/acme/bench/builds/%d\"},"
		 "\"apiUrl\":{\"nullValue\":null},\"coverage\":{\"nullValue\":null}}}}",
		 project, number, number, number);
	commit(curl, project, write);
}

static double one_by_one(const struct setting *setting, const char *project)
{
	double start = seconds();

	for (int number = 1; number <= setting->builds; number++) {
		create_build(setting->curl, project, number);
	}
	return seconds() - start;
}

static void write_config(const struct setting *setting, const char *name)
{
	FILE *file = fopen(setting->hub.config, "w");

	if (!file) {
		fail(setting->hub.config);
	}
	fprintf(file,
		"bus: {state_dir: %s, min_free: 1MiB, raw_retention: 0}\nsources:\n  - buildkite: "
		"{access_token: x, "
		"organization_slug: acme, pipeline_slug: bench}\ndestinations:\n  - firestore: {name: %s, "
		"firebase_project_id: %s, metrics_project_id: bench, create_project: true}\n",
		setting->hub.dir, name, name);
	fclose(file);
}

/* The hub sends a new sink the newest version of every build. */
static struct sink_round by_sink(const struct setting *setting, const char *name)
{
	struct sink_round round;
	double start, ready_ms;
	int pid;

	write_config(setting, name);
	start = seconds();
	daemon_start(setting->bin, "buildbus-sink-firestore", setting->hub.config, &pid, &ready_ms);
	sink_wait(&setting->hub, name);
	round.took_s = seconds() - start;
	daemon_memory(pid, &round.peak_kib, &round.private_kib);
	daemon_end(pid, &round.cpu_s);
	return round;
}

static void report(struct setting *setting)
{
	double ours[ROUNDS_MAX], one[ROUNDS_MAX], cpu[ROUNDS_MAX], ready_ms;
	struct sink_round round = {0};
	char name[64];

	place_make(&setting->hub);
	write_config(setting, "none");
	daemon_start(setting->bin, "buildbus-normalizer", setting->hub.config, &setting->hub.pid, &ready_ms);
	hub_fill(&setting->hub, setting->builds);
	by_sink(setting, "bench-warm-up"); /* Java compiles */
	for (int i = 0; i < setting->rounds; i++) {
		snprintf(name, sizeof name, "bench-one-%d-%d", (int)getpid(), i);
		one[i] = one_by_one(setting, name);
		snprintf(name, sizeof name, "bench-%d-%d", (int)getpid(), i);
		round = by_sink(setting, name);
		ours[i] = round.took_s;
		cpu[i] = round.cpu_s;
		fprintf(stderr, "round %d: one a request %.2f s, buildbus %.2f s\n", i + 1, one[i], ours[i]);
	}
	daemon_end(setting->hub.pid, NULL);
	place_remove(&setting->hub);
	printf("| %d builds into the emulator | time | builds/s | |\n|---|---|---|---|\n", setting->builds);
	printf("| one document a request, one after the other | %.2f s | %.0f | 1 |\n",
	       median(one, setting->rounds), setting->builds / one[setting->rounds / 2]);
	printf("| buildbus-sink-firestore: read, compared, committed, acknowledged | %.2f s | %.0f | %.1f × "
	       "faster; "
	       "CPU %.2f s, peak %.1f MB, private %.1f MB |\n",
	       median(ours, setting->rounds), setting->builds / ours[setting->rounds / 2],
	       one[setting->rounds / 2] / ours[setting->rounds / 2], median(cpu, setting->rounds),
	       (double)round.peak_kib / 1024, (double)round.private_kib / 1024);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"builds", required_argument, NULL, 'b'}, {"rounds", required_argument, NULL, 'r'}, {0}};
	struct setting setting = {.builds = 10000, .rounds = 3};
	int option;
	ssize_t size;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'b') {
			setting.builds = (int)strtol(optarg, NULL, 10);
		} else if (option == 'r') {
			setting.rounds = (int)strtol(optarg, NULL, 10);
		}
	}
	if (!getenv("FIRESTORE_EMULATOR_HOST") || setting.builds < 1 || setting.rounds < 1 ||
	    setting.rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: FIRESTORE_EMULATOR_HOST=HOST:PORT bench-firestore [--builds N] "
				"[--rounds N]\n");
		return 2;
	}
	size = readlink("/proc/self/exe", setting.bin, sizeof setting.bin - 1);
	setting.bin[size > 0 ? size : 0] = '\0';
	*strrchr(setting.bin, '/') = '\0';
	setting.curl = client();
	report(&setting);
	curl_easy_cleanup(setting.curl);
	return 0;
}
