/* The page of the store: what the sink commits is seen at once, by whoever may see it. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/dashboard_run.h"
#include "tests/support/command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void init(void)
{
	static const char *const no_secrets[] = {NULL};

	sink_run_init("buildbus-sink-store", no_secrets);
}

TestSuite(dashboard, .init = init, .fini = sink_run_fini, .timeout = 120);

static void listen_to_events(struct wire_tap *tap, const char *query, const char *headers)
{
	char request[512];

	snprintf(request, sizeof request, "GET /api/v1/events%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", query,
		 headers);
	tap_open(tap);
	tap_send(tap, request, strlen(request));
	cr_assert(tap_until(tap, ": buildbus"), "%s", tap->text);
}

/* The id of the newest event that came. */
static void last_id(const struct wire_tap *tap, char id[static 64])
{
	const char *at = NULL;

	for (const char *next = tap->text; (next = strstr(next, "\nid: ")); next++) {
		at = next;
	}
	cr_assert(at && sscanf(at, "\nid: %63s", id) == 1, "%s", tap->text);
}

Test(dashboard, tells_of_a_build_as_soon_as_it_is_stored)
{
	struct wire_tap tap, other;

	page_start("");
	listen_to_events(&tap, "", "");
	listen_to_events(&other, "?pipeline=buildkite%2Facme%2Fapi", "");
	fake_hub_add_number(run.hub, 7, 1);
	cr_expect(tap_until(&tap, "\"id\":\"buildkite/acme/web/7\""), "%s", tap.text);
	cr_expect(strstr(tap.text, "\"stored_at\":") && !strstr(tap.text, "\"jobs\":"), "%s", tap.text);
	expect_status("/api/v1/builds/buildkite%2Facme%2Fweb%2F7", "", 200);
	expect_status("/api/v1/builds/buildkite%2Facme%2Fweb%2F8", "", 404);
	cr_expect(!strstr(other.text, "acme/web/7"), "of another pipeline: %s", other.text);
	tap_close(&tap);
	tap_close(&other);
}

Test(dashboard, goes_on_where_a_stream_was_broken_off)
{
	struct wire_tap tap, again;
	char id[64], header[128];

	page_start("");
	listen_to_events(&tap, "", "");
	fake_hub_add_number(run.hub, 1, 1);
	cr_assert(tap_until(&tap, "acme/web/1\""));
	last_id(&tap, id);
	fake_hub_add_number(run.hub, 2, 1);
	cr_assert(tap_until(&tap, "acme/web/2\""));
	snprintf(header, sizeof header, "Last-Event-ID: %s\r\n", id);
	listen_to_events(&again, "", header);
	cr_expect(tap_until(&again, "acme/web/2\""), "%s", again.text);
	cr_expect(!strstr(again.text, "acme/web/1\"") && !strstr(again.text, "event: reset"), "%s",
		  again.text);
	tap_close(&again);
	child_kill(run.sink);
	child_free(&run.sink);
	page_start(""); /* another process: nobody knows what was missed */
	listen_to_events(&again, "", header);
	cr_expect(tap_until(&again, "event: reset"), "%s", again.text);
	tap_close(&again);
	tap_close(&tap);
}

Test(dashboard, answers_304_until_something_is_stored)
{
	char *answer, *tag, header[128], value[64];

	page_start("");
	page_store(1, 3, 1);
	answer = page_get("/api/v1/overview?branch=all&days=365", "");
	tag = strstr(answer, "ETag: ");
	cr_assert(tag && sscanf(tag, "ETag: %63[^\r]", value) == 1, "%.600s", answer);
	snprintf(header, sizeof header, "If-None-Match: %s\r\n", value);
	free(answer);
	expect_status("/api/v1/overview?branch=all&days=365", header, 304);
	page_store(4, 4, 1);
	expect_status("/api/v1/overview?branch=all&days=365", header, 200);
}

Test(dashboard, is_the_same_after_a_kill)
{
	char *before, *after;

	page_start("");
	page_store(1, 20, 1);
	page_store(5, 9, 2);
	before = page_get("/api/v1/builds?branch=all&limit=500", "");
	child_kill(run.sink);
	child_free(&run.sink);
	page_start("");
	after = page_get("/api/v1/builds?branch=all&limit=500", "");
	cr_expect_str_eq(strstr(before, "\r\n\r\n"), strstr(after, "\r\n\r\n"));
	cr_expect(strstr(after, "\"total\":20,"), "%.300s", after);
	free(before);
	free(after);
}

Test(dashboard, is_for_names_that_are_ours)
{
	static const char *const good[] = {"127.0.0.1:80",       "localhost",     "[::1]:8080",
					   "sink-store:8080",    "a.localhost:1", "ci.example.com",
					   "CI.example.com:8080"};
	static const char *const bad[] = {"evil.example", "127.0.0.1.evil.example:8080",
					  "ci.example.com.evil", ""};
	char header[128];

	page_start("hosts: ci.example.com");
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		snprintf(header, sizeof header, "Host: %s\r\n", good[i]);
		expect_status("/api/v1/overview", header, 200);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(header, sizeof header, "Host: %s\r\n", bad[i]);
		expect_status("/api/v1/overview", header, *bad[i] ? 403 : 403);
	}
}

Test(dashboard, tells_how_it_is_and_what_the_hub_does_not_say)
{
	char *answer;

	page_start("");
	page_store(1, 1, 1);
	answer = page_get("/healthz", "");
	cr_expect(strstr(answer, "200 OK") && strstr(answer, "\r\n\r\nok"), "%s", answer);
	free(answer);
	answer = page_get("/metrics", "");
	cr_expect(strstr(answer, "buildbus_sink_records_total"), "%s", answer);
	free(answer);
	answer = page_get("/api/v1/bus", ""); /* the hand-written hub has no status */
	cr_expect(strstr(answer, "\"unreachable\":true"), "%s", answer);
	free(answer);
}

static void expect_no_start(const char *destination, const char *words)
{
	struct said said;

	run_destination("%s", destination);
	said = command_run(run.place, "buildbus-sink-store", ARGS("-c", run.place->config));
	expect_refusal(&said, 100, words);
	said_free(&said);
}

Test(dashboard, does_not_start_where_it_should_not)
{
	char taken[96];

	expect_no_start("store: {listen: \"0.0.0.0:0\"}", "0.0.0.0:0|auth|insecure: true");
	expect_no_start("store: {listen: \"0.0.0.0:0\", auth: {users: {ann: secret}}}",
			"ann|buildbus password");
	expect_no_start("store: {listen: \"127.0.0.1\"}", "listen|ADDR:PORT");
	expect_no_start("store: {tls: {certificate: a, key: b}}", "listen is missing");
	expect_no_start("store: {listen: \"127.0.0.1:0\", tls: {certificate: a}}", "certificate and key");
	expect_no_start("store: {listen: \"127.0.0.1:0\", tls: {certificate: a, key: b}}",
			"tls.certificate|No such file");
	expect_no_start("store: {listen: \"127.0.0.1:0\", auth: {header: {name: X-User, from: [proxy]}}}",
			"proxy is no address");
	page_start("");
	snprintf(taken, sizeof taken, "store: {name: store, listen: \"%s\"}", page.address);
	expect_no_start(taken, "port is in use");
}
