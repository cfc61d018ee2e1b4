/* What containers are given at their first start, and how they are asked how they are. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"

#include <czmq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct place *place;

static void open_place(void)
{
	place = place_new();
	place_write(place, "buildbus.yml",
		    "sources:\n"
		    "  - buildkite: {access_token: $UNSET, organization_slug: acme, pipeline_slug: web}\n"
		    "destinations: [store, {firestore: {name: metrics, firebase_project_id: x}}]\n");
}

static void close_place(void)
{
	place_free(&place);
}

TestSuite(keys_init, .init = open_place, .fini = close_place, .timeout = 60);

/* What it told of how many it made. */
static void expect_init(const char *words)
{
	char folder[256];
	struct said said;

	snprintf(folder, sizeof folder, "%s/keys", place->folder);
	said = command_run(place, "buildbus", ARGS("keys", "init", "-c", place->config, "--dir", folder));
	cr_expect_eq(said.code, 0, "%s", said.errors);
	expect_words(HERE, said.out, words);
	said_free(&said);
}

static char *text_of(const char *name)
{
	size_t size;
	char *text = place_read(place, name, &size);

	cr_assert(text, "there is no %s", name);
	return text;
}

static void expect_same(const char *one, const char *other)
{
	char *first = text_of(one), *second = text_of(other);

	cr_expect_str_eq(first, second, "%s and %s", one, other);
	free(first);
	free(second);
}

Test(keys_init, gives_each_service_its_own_role_and_the_hub_all_public_halves)
{
	static const char *const clients[][2] = {
		{"fetch-buildkite", "fetch-buildkite"},
		{"sink-store", "sink-store"},
		{"sink-firestore", "sink-metrics"},
		{"normalizer", "admin"},
	};
	char own[128], public[128];

	expect_init("role hub|role admin|role fetch|role sink:store|role sink:metrics|5 certificates made");
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
		snprintf(own, sizeof own, "keys/%s/%s.cert", clients[i][0], clients[i][1]);
		snprintf(public, sizeof public, "keys/normalizer/clients/%s.cert", clients[i][1]);
		expect_same(own, public);
		snprintf(own, sizeof own, "keys/%s/hub.cert", clients[i][0]);
		expect_same(own, "keys/normalizer/hub.cert");
	}
	cr_expect_neq(access(place_path(place, "keys/normalizer/clients/hub.cert"), F_OK), 0);
}

Test(keys_init, again_changes_nothing_and_completes_what_was_interrupted)
{
	char *before;

	expect_init("5 certificates made, 0 there");
	before = text_of("keys/sink-store/sink-store.cert_secret");
	expect_init("0 certificates made, 5 there");
	unlink(place_path(place, "keys/normalizer/clients/sink-store.cert"));
	unlink(place_path(place, "keys/sink-store/hub.cert"));
	place_write(place, "keys/fetch-buildkite/fetch-buildkite.cert_secret", "cur");
	expect_init("1 certificates made, 4 there");
	expect_same("keys/normalizer/clients/sink-store.cert", "keys/sink-store/sink-store.cert");
	expect_same("keys/sink-store/hub.cert", "keys/normalizer/hub.cert");
	expect_same("keys/normalizer/clients/fetch-buildkite.cert",
		    "keys/fetch-buildkite/fetch-buildkite.cert");
	place_write(place, "before", "%s", before);
	expect_same("before", "keys/sink-store/sink-store.cert_secret");
	free(before);
}

static struct child *start(const char *program, const char *service, const char *metrics)
{
	char certificate[256], clients[256], ingest[64], feed[64];
	struct child *child;

	snprintf(certificate, sizeof certificate, "BUILDBUS_CURVE_CERTIFICATE=%s/keys/%s", place->folder,
		 service);
	snprintf(clients, sizeof clients, "BUILDBUS_CURVE_CLIENTS_DIR=%s/keys/normalizer/clients",
		 place->folder);
	snprintf(ingest, sizeof ingest, "BUILDBUS_INGEST=ipc://%s/i", place->folder);
	snprintf(feed, sizeof feed, "BUILDBUS_FEED=ipc://%s/f", place->folder);
	child = child_start(&(struct launch){.place = place,
					     .program = program,
					     .args = ARGS("-c", place->config, "--metrics", metrics),
					     .env = ARGS("BUILDBUS_LOG=json", "BUILDBUS_CONTAINER=1",
							 certificate, clients, ingest, feed)});
	return child;
}

static void expect_health(const char *address, int code, const char *words)
{
	struct said said = command_run(place, "buildbus", ARGS("health", address));

	cr_expect_eq(said.code, code, "%s%s", said.out, said.errors);
	expect_words(HERE, code == 0 || *said.out ? said.out : said.errors, words);
	said_free(&said);
}

Test(keys_init, is_all_that_a_bus_needs_and_health_tells_of_each)
{
	char hub[32], store[32], other[32];
	struct child *normalizer, *sink, *resting;

	snprintf(hub, sizeof hub, "127.0.0.1:%d", free_port());
	expect_health(hub, 1, "refused");
	expect_init("5 certificates made");
	normalizer = start("buildbus-normalizer", "normalizer", hub);
	child_ready(normalizer);
	expect_health(hub, 0, "ok");
	snprintf(store, sizeof store, "127.0.0.1:%d", free_port());
	sink = start("buildbus-sink-store", "sink-store", store);
	child_event(sink, "sink.attached", "sink", "store");
	expect_health(store, 0, "ok");
	snprintf(other, sizeof other, "127.0.0.1:%d", free_port());
	resting = start("buildbus-fetch-circleci", "fetch-circleci", other);
	child_event(resting, "proc.rests", NULL, NULL);
	expect_health(other, 0, "ok");
	child_stop(resting);
	child_stop(sink);
	child_stop(normalizer);
	child_free(&resting);
	child_free(&sink);
	child_free(&normalizer);
}

Test(keys_init, and_health_of_no_address_is_wrong_usage)
{
	struct said said = command_run(place, "buildbus", ARGS("health", "9100"));

	expect_refusal(&said, 2, "HOST:PORT");
	said_free(&said);
}
