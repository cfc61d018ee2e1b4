/* bench-dashboard FOLDER [CLIENTS] [SECONDS]: the page of a store.db that is there (bench-store writes one),
 * while builds are stored at 50 a second: how long the overview takes alone, and under CLIENTS that each hold
 * a live stream and ask for it again once a second, as a page does. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PORT = 18299, SAMPLES_MAX = 100000, ALONE = 50, STORED_A_SECOND = 50 };

static const char overview_url[] = "http://127.0.0.1:18299/api/v1/overview";
static const char events_url[] = "http://127.0.0.1:18299/api/v1/events";
static atomic_bool over;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double samples[SAMPLES_MAX];
static int sample_count;
static atomic_long events;

static size_t drop(char *bytes, size_t size, size_t count, void *arg)
{
	(void)bytes, (void)arg;
	return size * count;
}

static size_t count_events(char *bytes, size_t size, size_t count, void *arg)
{
	(void)arg;
	for (size_t i = 0; i + 7 < size * count; i++) {
		events += memcmp(bytes + i, "event: ", 7) == 0;
	}
	return over ? 0 : size * count;
}

static CURL *prepare(const char *url, curl_write_callback on_bytes)
{
	CURL *curl = curl_easy_init();

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	return curl;
}

/* Milliseconds of one GET; ends the bench when it fails. */
static double ask(CURL *curl)
{
	double began = seconds();
	long status = 0;

	if (curl_easy_perform(curl) != CURLE_OK ||
	    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status != 200) {
		fail("the overview does not answer");
	}
	return (seconds() - began) * 1000;
}

static void nap(double s)
{
	struct timespec time = {.tv_sec = (time_t)s, .tv_nsec = (long)((s - (double)(time_t)s) * 1e9)};

	nanosleep(&time, NULL);
}

static void *stream(void *arg)
{
	CURL *curl = prepare(events_url, count_events);

	(void)arg;
	curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	return NULL;
}

static void *client(void *arg)
{
	CURL *curl = prepare(overview_url, drop);
	int number = (int)(intptr_t)arg;

	nap(number % 50 / 50.0);
	while (!over) {
		double ms = ask(curl);

		pthread_mutex_lock(&lock);
		samples[sample_count] = ms;
		sample_count += sample_count < SAMPLES_MAX - 1;
		pthread_mutex_unlock(&lock);
		nap(1);
	}
	curl_easy_cleanup(curl);
	return NULL;
}

/* Builds of acme/bench come through a hub of their own. */
static void *publish(void *arg)
{
	const struct hub_process *hub = arg;
	void *context = zmq_ctx_new(), *socket = peer_connect(context, hub, "ingest");
	int64_t fence = peer_lease(socket), n = 0;
	struct wire_message message = {0};
	struct wire_fields fields;

	while (!over) {
		msgpack_sbuffer packed;

		msgpack_sbuffer_init(&packed);
		peer_publish_head(&message, fence, ++n);
		payload_pack((int)n, &packed);
		if (wire_body_copy(&message, packed.data, packed.size) != OK) {
			fail("body");
		}
		msgpack_sbuffer_destroy(&packed);
		peer_send(socket, &message);
		peer_receive(socket, &message, &fields);
		wire_fields_fini(&fields);
		nap(1.0 / STORED_A_SECOND);
	}
	wire_fini(&message);
	zmq_close(socket);
	zmq_ctx_term(context);
	return NULL;
}

static void measure_alone(void)
{
	CURL *curl = prepare(overview_url, drop);
	double first = ask(curl), again[ALONE];

	for (int i = 0; i < ALONE; i++) {
		again[i] = ask(curl);
	}
	curl_easy_cleanup(curl);
	qsort(again, ALONE, sizeof *again, compare_doubles);
	printf("overview, nobody else: %.1f ms the first time, then %.1f ms (p50), %.1f ms (p99)\n", first,
	       percentile(again, ALONE, 0.5), percentile(again, ALONE, 0.99));
}

static void measure_many(int clients, int for_s, struct hub_process *hub)
{
	pthread_t *threads = calloc((size_t)clients * 2 + 1, sizeof *threads);

	pthread_create(&threads[0], NULL, publish, hub);
	for (int i = 0; i < clients; i++) {
		pthread_create(&threads[1 + 2 * i], NULL, stream, NULL);
		pthread_create(&threads[2 + 2 * i], NULL, client, (void *)(intptr_t)i);
	}
	nap(for_s);
	over = true;
	for (int i = 0; i < 2 * clients + 1; i++) {
		pthread_join(threads[i], NULL);
	}
	free(threads);
	qsort(samples, (size_t)sample_count, sizeof *samples, compare_doubles);
	printf("overview, %d clients with streams, %d builds a second: %d answers, %.1f ms (p50), %.1f ms "
	       "(p99); %ld "
	       "events\n",
	       clients, STORED_A_SECOND, sample_count, percentile(samples, sample_count, 0.5),
	       percentile(samples, sample_count, 0.99), (long)events);
}

static void write_config(const char *folder, const struct hub_process *hub, char path[static 300])
{
	FILE *file;

	snprintf(path, 300, "%s/bench.yml", hub->dir);
	file = fopen(path, "w");
	if (!file) {
		fail(path);
	}
	fprintf(file,
		"bus: {state_dir: %s, ingest: 'ipc://%s/ingest.ipc', feed: 'ipc://%s/feed.ipc'}\n"
		"destinations:\n  - store: {listen: \"127.0.0.1:%d\"}\n",
		folder, hub->dir, hub->dir, PORT);
	fclose(file);
}

int main(int argc, char **argv)
{
	struct bench bench = {.bin = BUILDBUS_BIN_DIR};
	struct hub_process hub;
	char config[300];
	double ready_ms, cpu_s;
	long peak_kib, private_kib;
	int pid;

	if (argc < 2) {
		fail("name the folder of a store.db: bench-store 1000000 1024 FOLDER writes one");
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	hub_start(&bench, &hub, 0, &ready_ms);
	write_config(argv[1], &hub, config);
	daemon_start(bench.bin, "buildbus-sink-store", config, &pid, &ready_ms);
	measure_alone();
	measure_many(argc > 2 ? (int)strtol(argv[2], NULL, 10) : 50,
		     argc > 3 ? (int)strtol(argv[3], NULL, 10) : 20, &hub);
	daemon_memory(pid, &peak_kib, &private_kib);
	daemon_end(pid, &cpu_s);
	printf("buildbus-sink-store: %.1f MB resident at most, %.1f MB of its own, %.1f s of CPU, ready in "
	       "%.0f ms\n",
	       (double)peak_kib / 1024, (double)private_kib / 1024, cpu_s, ready_ms);
	hub_stop(&hub, &peak_kib, &cpu_s);
	return 0;
}
