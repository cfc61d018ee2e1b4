/* The tap (docs/protocol.md section 5), heard by a hand-written listener. */
/* SPDX-License-Identifier: MIT */
#include "tests/support/listener.h"
#include "tests/support/trio.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <zmq.h>

static struct listener *ear;

static const char *tap_of(const struct test_hub *of)
{
	static char endpoint[300];

	snprintf(endpoint, sizeof endpoint, "ipc://%s/tap.ipc", of->place->state);
	return endpoint;
}

static void open_tap(void)
{
	trio_open(.pipelines = "web");
	ear = listener_new(tap_of(hub), "build.", 1000);
	greets(ear, "one", "$epoch 0 0 _");
}

static void close_tap(void)
{
	listener_free(&ear);
	trio_close();
}

TestSuite(tap, .timeout = 120, .init = open_tap, .fini = close_tap);

Test(tap, a_record_passes_after_its_commit_with_topic_and_place)
{
	int64_t before = T0;

	publish(17, "running", before);
	hears(ear, "build.buildkite.acme.web.running", "$epoch 1 0 _");
	cr_assert_gt(listener_place(ear, 3), T0, "published_at is the hub's time");
	cr_assert_eq(hub_sql(hub, "SELECT count(*) FROM log WHERE seq = 1"), 1);
	publish(17, "passed", T0 + 1000);
	hears(ear, "build.buildkite.acme.web.finished", "$epoch 2 1 _");
	/* The same bytes as the feed's. */
	say(sink, "attach nil nil [$epoch 1]");
	hear(sink, "attached $session ...");
	say(sink, "credit $session 1");
	hear(sink, "records $session 2 2 [2]");
	cr_assert(text_same(listener_record(ear), heard_body(sink, 0)));
}

Test(tap, prev_is_the_record_of_the_same_pipeline_before_whatever_its_state)
{
	publish(1, "running", T0);
	with(worker, .number = 1, .pipeline = "web2");
	publish_given("1 0 0");
	publish(2, "scheduled", T0);
	with(worker, .number = 2, .pipeline = "web2", .state = "passed");
	with(worker, .number = 3, .pipeline = "web2", .state = "passed");
	publish_given("2 0 0");
	hears(ear, "build.buildkite.acme.web.running", "$epoch 1 0 _");
	hears(ear, "build.buildkite.acme.web2.running", "$epoch 2 0 _");
	hears(ear, "build.buildkite.acme.web.queued", "$epoch 3 1 _");
	hears(ear, "build.buildkite.acme.web2.finished", "$epoch 4 2 _");
	hears(ear, "build.buildkite.acme.web2.finished", "$epoch 5 4 _");
}

/* The lease goes on after a restart; the ear's socket connects again by itself and is answered anew. */
Test(tap, prev_is_right_after_a_restart_of_the_hub)
{
	publish(1, "running", T0);
	with(worker, .number = 1, .pipeline = "api");
	publish_given("1 0 0");
	hears(ear, "build.buildkite.acme.web.running", "$epoch 1 0 _");
	hears(ear, "build.buildkite.acme.api.running", "$epoch 2 0 _");
	hub_restart(hub);
	hears(ear, "hello.one", "$epoch 2 2 _");
	publish(1, "passed", T0 + 1000);
	hears(ear, "build.buildkite.acme.web.finished", "$epoch 3 1 _");
	with(worker, .number = 2, .pipeline = "api");
	publish_given("1 0 0");
	hears(ear, "build.buildkite.acme.api.running", "$epoch 4 2 _");
}

static void hears_run_of(int pipeline, int round, int of)
{
	char topic[128], place[64];

	snprintf(topic, sizeof topic, "build.buildkite.acme.p%d.running", pipeline);
	snprintf(place, sizeof place, "$epoch %d %d _", round * of + pipeline + 1, round ? pipeline + 1 : 0);
	hears(ear, topic, place);
}

/* More pipelines than are kept in memory, so that slots change hands within a transaction. */
Test(tap, prev_is_right_for_more_pipelines_than_are_held)
{
	enum { PIPELINES = 2500, A_MESSAGE = 250 };
	char slug[32];

	for (int i = 0; i < 2 * PIPELINES; i++) {
		snprintf(slug, sizeof slug, "p%d", i % PIPELINES);
		with(worker, .number = i / PIPELINES + 1, .pipeline = slug);
		if (i % A_MESSAGE == A_MESSAGE - 1) {
			publish_given("250 0 0");
			for (int j = i - A_MESSAGE + 1; j <= i; j++) {
				hears_run_of(j % PIPELINES, j / PIPELINES, PIPELINES);
			}
		}
	}
}

Test(tap, parts_of_a_topic_are_percent_encoded)
{
	static const struct {
		const char *slug, *topic;
	} cases[] = {
		{"a.b~c", "build.buildkite.acme.a%2Eb%7Ec.running"},
		{"a b", "build.buildkite.acme.a%20b.running"},
		{"a_b-C", "build.buildkite.acme.a_b-C.running"},
		{"a%b*", "build.buildkite.acme.a%25b%2A.running"},
		{"\303\274", "build.buildkite.acme.%C3%BC.running"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		with(worker, .pipeline = cases[i].slug);
		publish_given("1 0 0");
		hears(ear, cases[i].topic, "$epoch _ 0 _");
	}
}

/* A connection that is dead, and not known to be, may have asked under the same name. */
Test(tap, each_hello_is_answered_also_under_a_name_that_was_used)
{
	struct listener *again = listener_new(tap_of(hub), "build.none.", 1000);

	publish(1, "running", T0);
	hears(ear, "build.buildkite.acme.web.running", "$epoch 1 0 _");
	greets(again, "one", "$epoch 1 1 _");
	listener_free(&again);
}

Test(tap, who_listens_to_one_pipeline_hears_that_one)
{
	struct listener *one = listener_new(tap_of(hub), "build.buildkite.acme.web.", 1000);

	greets(one, "two", "$epoch 0 0 _");
	publish(1, "running", T0);
	with(worker, .number = 1, .pipeline = "webshop");
	publish_given("1 0 0");
	publish(2, "running", T0);
	hears(one, "build.buildkite.acme.web.running", "$epoch 1 0 _");
	hears(one, "build.buildkite.acme.web.running", "$epoch 3 1 _");
	listener_free(&one);
}

Test(tap, a_transaction_that_is_lost_is_not_heard)
{
	struct rlimit full = {4096, RLIM_INFINITY}, room = {RLIM_INFINITY, RLIM_INFINITY};

	publish(1, "running", T0);
	hears(ear, "build.buildkite.acme.web.running", "$epoch 1 0 _");
	cr_assert_eq(prlimit(child_pid(hub->child), RLIMIT_FSIZE, &full, NULL), 0);
	with(worker, .number = 2);
	say(worker, "publish $fence 2 nil");
	hear(worker, "error 'full' ...");
	cr_assert_eq(prlimit(child_pid(hub->child), RLIMIT_FSIZE, &room, NULL), 0);
	with(worker, .number = 3);
	say(worker, "publish $fence 2 nil");
	hear(worker, "ack 2 1 0 0 $fence");
	hears(ear, "build.buildkite.acme.web.running", "$epoch 2 1 _");
	cr_assert(memmem(listener_record(ear).at, listener_record(ear).size, "web/3", 5));
}

static void begins_at(int64_t ms, int after)
{
	char attached[64];

	snprintf(attached, sizeof attached, "attached _ [$epoch %d] nil [$epoch 12]", after);
	say(sink, "attach nil nil %lld", (long long)ms);
	hear(sink, "%s", attached);
}

Test(tap, the_past_of_a_time_is_what_was_logged_then_or_later)
{
	say(sink, "attach nil nil 5");
	hear(sink, "attached _ [$epoch 0] nil [$epoch 0]");
	for (int i = 1; i <= 12; i++) {
		publish(i, "running", T0);
	}
	hub_sql(hub, "UPDATE log SET at = 1767225600000 + seq * 1000"); /* T0 + … */
	hub_sql(hub, "DELETE FROM log WHERE seq IN (4, 5, 6, 12)");
	for (int i = 1; i <= 12; i++) {
		int before = i >= 5 && i <= 7 ? 3 : i - 1, after = i >= 4 && i <= 6 ? 3 : i == 12 ? 11 : i;

		begins_at(T0 + i * 1000, before);
		begins_at(T0 + i * 1000 + 1, after);
	}
	begins_at(0, 0);
	begins_at(INT64_MAX, 11);
	say(sink, "attach nil nil -1");
	hear(sink, "attached _ [$epoch 0] ...");
}

/* What is no subscription, and subscriptions to anything. */
Test(tap, a_listener_that_talks_nonsense_is_not_heard_and_disturbs_nobody)
{
	void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_XSUB);
	int linger = 0;

	zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
	cr_assert_eq(zmq_connect(socket, tap_of(hub)), 0);
	for (int i = 0; i < 20000; i++) {
		char bytes[64];

		snprintf(bytes, sizeof bytes, "%cbuild.%d", i % 3, i);
		zmq_send(socket, bytes, strlen(bytes + 1) + 1, 0);
		zmq_send(socket, "", 0, 0);
		zmq_send(socket, "\0build.", 7, 0);
	}
	publish(1, "running", T0);
	hears(ear, "build.buildkite.acme.web.running", "$epoch 1 0 _");
	zmq_close(socket);
	zmq_ctx_term(context);
}

static int64_t resident_kib(void)
{
	char path[64], line[128];
	long kib = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/status", (int)child_pid(hub->child));
	file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file)) {
		sscanf(line, "VmRSS: %ld", &kib);
	}
	cr_assert(file && kib > 0);
	fclose(file);
	return kib;
}

/* More than the hub keeps for it and the system's buffers hold. */
#define SLEPT   12000
#define A_BURST 200
#ifdef __SANITIZE_ADDRESS__ /* which keeps what is freed */
#define GROWTH_MAX_KIB (512 << 10)
#else
#define GROWTH_MAX_KIB (40 << 10)
#endif

/* BUILDBUS_TAP_SLEPT makes it longer. */
static int slept(void)
{
	const char *text = getenv("BUILDBUS_TAP_SLEPT");

	return text ? (int)strtol(text, NULL, 10) : SLEPT;
}

Test(tap, a_listener_that_sleeps_harms_nobody_and_sees_its_gap)
{
	struct listener *sleeper = listener_new(tap_of(hub), "build.buildkite.acme.web.", 1);
	int64_t kib, last = 0, heard = 0, gaps = 0;
	char place[64];

	greets(sleeper, "zzz", "$epoch 0 0 _");
	kib = resident_kib();
	for (int i = 0; i < slept(); i++) {
		with(worker, .number = i + 1);
		if (i % A_BURST == A_BURST - 1) {
			snprintf(place, sizeof place, "%d 0 0", A_BURST);
			publish_given(place);
			for (int j = i - A_BURST + 1; j <= i; j++) {
				snprintf(place, sizeof place, "$epoch %d %d _", j + 1, j);
				hears(ear, "build.buildkite.acme.web.running", place);
			}
		}
	}
	cr_expect_lt(resident_kib() - kib, GROWTH_MAX_KIB, "the hub keeps little for it");
	for (; listener_wait(sleeper, 300); heard++) {
		gaps += listener_place(sleeper, 2) != last;
		last = listener_place(sleeper, 1);
	}
	cr_assert_lt(heard, slept(), "some were dropped");
	/* Awake again, it sees at the next record that it has missed some. */
	publish(1, "passed", T0 + 1000);
	cr_assert(listener_wait(sleeper, patience_ms()));
	gaps += listener_place(sleeper, 2) != last;
	cr_assert_gt(gaps, 0);
	listener_free(&sleeper);
}
