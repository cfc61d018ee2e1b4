/* bench-curve: raw builds in → normalised → durable → acknowledged, with and without CURVE on the bus, by
 * turns in one run. Prints a Markdown table of medians (docs/performance.md). */
/* SPDX-License-Identifier: MIT */
#include "common/certificate.h"
#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define BUILDS      20000
#define SINGLE      1000 /* builds that are sent one by one, for the time that each takes */
#define PER_MESSAGE 16
#define WINDOW      64
#define ROUNDS      5

struct measured {
	double rate, cpu_us, p50_ms, p99_ms;
};

static msgpack_sbuffer payloads[BUILDS + SINGLE];
static char hub_key[KEY_TEXT_SIZE], public_key[KEY_TEXT_SIZE], secret_key[KEY_TEXT_SIZE];

static void write_certificate(const char *dir, const char *name, const char *role, struct certificate *cert)
{
	char path[400];
	struct err err;

	*cert = (struct certificate){0};
	snprintf(cert->role_text, sizeof cert->role_text, "%s", role);
	snprintf(path, sizeof path, "%s/%s.cert", dir, name);
	if (cert_draw(cert, &err) != OK || cert_write(cert, path, &err) != OK) {
		fail(err.text);
	}
}

static void configure(const struct hub_process *hub, bool curve)
{
	char clients[300], path[400], from[400];
	struct certificate own, client;
	FILE *file = fopen(hub->config, "w");

	snprintf(clients, sizeof clients, "%s/clients", hub->dir);
	if (!file || mkdir(clients, 0700) != 0) {
		fail(hub->config);
	}
	write_certificate(hub->dir, "hub", "hub", &own);
	write_certificate(clients, "fetch", "fetch", &client);
	snprintf(from, sizeof from, "%s/fetch.cert_secret", clients);
	snprintf(path, sizeof path, "%s/fetch.cert_secret", hub->dir);
	rename(from, path);
	memcpy(hub_key, own.public_key, sizeof hub_key);
	memcpy(public_key, client.public_key, sizeof public_key);
	memcpy(secret_key, client.secret_key, sizeof secret_key);
	fprintf(file,
		"bus: {state_dir: %s, min_free: 1MiB%s}\nsources:\n  - buildkite: {access_token: x, "
		"organization_slug: acme, pipeline_slug: bench}\n",
		hub->dir, curve ? ", curve: {certificate: hub.cert_secret, clients_dir: clients}" : "");
	fclose(file);
}

static void *connect_to(void *context, const struct hub_process *hub, bool curve)
{
	void *socket = zmq_socket(context, ZMQ_DEALER);
	char endpoint[400];
	int linger = 0;

	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
	if (curve) {
		zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, hub_key, KEY_TEXT_SIZE);
		zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, KEY_TEXT_SIZE);
		zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, secret_key, KEY_TEXT_SIZE);
	}
	snprintf(endpoint, sizeof endpoint, "ipc://%s/ingest.ipc", hub->dir);
	if (zmq_connect(socket, endpoint) != 0) {
		fail(endpoint);
	}
	return socket;
}

static void send_builds(void *socket, int64_t fence, int64_t n, int first, int count)
{
	struct wire_message message = {0};

	peer_publish_head(&message, fence, n);
	for (int i = first; i < first + count; i++) {
		if (wire_body_copy(&message, payloads[i].data, payloads[i].size) != OK) {
			fail("body");
		}
	}
	peer_send(socket, &message);
	wire_fini(&message);
}

static void take_ack(void *socket)
{
	struct wire_message message = {0};
	struct wire_fields fields;

	peer_receive(socket, &message, &fields);
	if (!text_is(fields.command, "ack")) {
		fail("not an ack");
	}
	wire_fields_fini(&fields);
	wire_fini(&message);
}

static void pour(void *socket, int64_t fence)
{
	int messages = BUILDS / PER_MESSAGE;

	for (int n = 1, acked = 0; acked < messages; acked++) {
		for (; n <= messages && n - 1 - acked < WINDOW; n++) {
			send_builds(socket, fence, n, (n - 1) * PER_MESSAGE, PER_MESSAGE);
		}
		take_ack(socket);
	}
}

static void measure_round(const struct bench *bench, bool curve, struct measured *out)
{
	static double delays[SINGLE];
	struct hub_process hub = {0};
	void *context = zmq_ctx_new(), *socket;
	double ready_ms, start, cpu_s;
	long peak_kib;
	int64_t fence;

	place_make(&hub);
	configure(&hub, curve);
	daemon_start(bench->bin, "buildbus-normalizer", hub.config, &hub.pid, &ready_ms);
	socket = connect_to(context, &hub, curve);
	fence = peer_lease(socket);
	start = seconds();
	pour(socket, fence);
	out->rate = BUILDS / (seconds() - start);
	for (int i = 0; i < SINGLE; i++) {
		start = seconds();
		send_builds(socket, fence, BUILDS / PER_MESSAGE + 1 + i, BUILDS + i, 1);
		take_ack(socket);
		delays[i] = (seconds() - start) * 1e3;
	}
	zmq_close(socket);
	zmq_ctx_term(context);
	hub_stop(&hub, &peak_kib, &cpu_s);
	qsort(delays, SINGLE, sizeof *delays, compare_doubles);
	out->cpu_us = cpu_s * 1e6 / (BUILDS + SINGLE);
	out->p50_ms = percentile(delays, SINGLE, 0.5);
	out->p99_ms = percentile(delays, SINGLE, 0.99);
}

static double median_of(const struct measured *rounds, size_t offset)
{
	double values[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		values[i] = *(const double *)((const char *)&rounds[i] + offset);
	}
	return median(values, ROUNDS);
}

int main(int argc, char **argv)
{
	struct measured rounds[2][ROUNDS];
	char bin[512];
	struct bench bench = {.bin = bin};
	double plain;

	(void)argc;
	snprintf(bin, sizeof bin, "%s", argv[0]);
	*strrchr(bin, '/') = '\0';
	for (int i = 0; i < BUILDS + SINGLE; i++) {
		msgpack_sbuffer_init(&payloads[i]);
		payload_pack(i + 1, &payloads[i]);
	}
	for (int i = 0; i < 2 * ROUNDS; i++) {
		measure_round(&bench, i % 2, &rounds[i % 2][i / 2]);
	}
	plain = median_of(rounds[0], offsetof(struct measured, rate));
	printf("| bus | builds/s | ratio | hub CPU | one build acknowledged, p50 | p99 "
	       "|\n|---|---|---|---|---|---|\n");
	for (int curve = 0; curve < 2; curve++) {
		double rate = median_of(rounds[curve], offsetof(struct measured, rate));

		printf("| %s | %.0f | %.2f | %.1f µs/build | %.2f ms | %.2f ms |\n",
		       curve ? "CURVE" : "plain", rate, rate / plain,
		       median_of(rounds[curve], offsetof(struct measured, cpu_us)),
		       median_of(rounds[curve], offsetof(struct measured, p50_ms)),
		       median_of(rounds[curve], offsetof(struct measured, p99_ms)));
	}
	return 0;
}
