/* libbuildbus-tap at a hub that is played by the test, and plays tricks. */
/* SPDX-License-Identifier: MIT */
#include "common/tap/buildbus-tap.h"
#include "tests/support/notation.h"
#include "tests/support/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static struct place *place;
static void *context, *xpub, *router;
static char tap_address[300], feed_address[300];
static struct buildbus_tap *tap;
static struct buildbus_tap_event event;

static void open_hub(void)
{
	int none = 0;

	place = place_new();
	context = zmq_ctx_new();
	xpub = zmq_socket(context, ZMQ_XPUB);
	router = zmq_socket(context, ZMQ_ROUTER);
	zmq_setsockopt(xpub, ZMQ_LINGER, &none, sizeof none);
	zmq_setsockopt(router, ZMQ_LINGER, &none, sizeof none);
	snprintf(tap_address, sizeof tap_address, "ipc://%s", place_path(place, "tap.ipc"));
	snprintf(feed_address, sizeof feed_address, "ipc://%s", place_path(place, "feed.ipc"));
	cr_assert(zmq_bind(xpub, tap_address) == 0 && zmq_bind(router, feed_address) == 0);
}

static void close_hub(void)
{
	buildbus_tap_close(&tap);
	zmq_close(xpub);
	zmq_close(router);
	zmq_ctx_term(context);
	place_free(&place);
}

TestSuite(tap_library, .init = open_hub, .fini = close_hub, .timeout = 120);

#define OPEN(...)                                                                                            \
	cr_assert_eq(                                                                                        \
		buildbus_tap_open(                                                                           \
			&tap, &(struct buildbus_tap_options){.size = sizeof(struct buildbus_tap_options),    \
							     .tap = tap_address,                             \
							     __VA_ARGS__}),                                  \
		0, "%s", buildbus_tap_error(NULL))

static void part(const void *bytes, size_t size, bool more)
{
	cr_assert_geq(zmq_send(xpub, bytes, size, more ? ZMQ_SNDMORE : 0), 0);
}

/* Publishes topic, place and record, the last two in notation. */
static void publish(const char *topic, const char *at, const char *record)
{
	msgpack_sbuffer bytes;

	part(topic, strlen(topic), true);
	msgpack_sbuffer_init(&bytes);
	notation_pack(HERE, at, &bytes);
	part(bytes.data, bytes.size, true);
	msgpack_sbuffer_clear(&bytes);
	notation_pack(HERE, record, &bytes);
	part(bytes.data, bytes.size, false);
	msgpack_sbuffer_destroy(&bytes);
}

#define WEB "build.buildkite.acme.web.running"
#define A_RECORD                                                                                             \
	"{'id' 'buildkite/acme/web/1' 'state' 'running' 'number' 7 'author' {'name' 'Ada'} 'tag' nil}"

static int next_event(void)
{
	return buildbus_tap_next(tap, &event, (int)patience_ms());
}

/* Answers the tap's hello: the log ends there. */
static void answer_hello(const char *at)
{
	char topic[256];
	int size;

	do {
		buildbus_tap_next(tap, &event, 0);
		size = zmq_recv(xpub, topic, sizeof topic - 1, 0);
		cr_assert_gt(size, 0);
		topic[size < 255 ? size : 255] = '\0';
	} while (strncmp(topic, "\1hello.", 7) != 0);
	publish(topic + 1, at, "{'type' 'hello'}");
}

static void greet(const char *at)
{
	answer_hello(at);
	cr_assert_eq(next_event(), BUILDBUS_TAP_CONNECTED);
}

static void hears_record(int64_t seq)
{
	int kind = next_event();

	cr_assert_eq(kind, BUILDBUS_TAP_RECORD, "%d: %s", kind, event.why ? event.why : "");
	cr_assert_eq(event.seq, seq);
}

static void expect_text(const char *key, const char *expected)
{
	size_t size;
	const char *text = buildbus_tap_text(&event, key, &size);

	cr_expect(text && size == strlen(expected) && memcmp(text, expected, size) == 0, "%s", key);
}

Test(tap_library, tells_what_a_record_says)
{
	size_t size;

	OPEN(.feed = NULL);
	greet("[77 10 10 5]");
	publish(WEB, "[77 11 10 1234]", A_RECORD);
	hears_record(11);
	cr_expect(event.epoch == 77 && event.prev == 10 && event.published_at == 1234);
	cr_expect_str_eq(event.topic, WEB);
	expect_text("id", "buildkite/acme/web/1");
	expect_text("author.name", "Ada");
	cr_expect_null(buildbus_tap_text(&event, "tag", &size));
	cr_expect_null(buildbus_tap_text(&event, "number", &size));
	cr_expect_null(buildbus_tap_text(&event, "author", &size));
	cr_expect_null(buildbus_tap_text(&event, "nothing.at.all", &size));
	cr_expect_eq(size, 0);
	cr_expect_eq(buildbus_tap_int(&event, "number", -1), 7);
	cr_expect_eq(buildbus_tap_int(&event, "state", -1), -1);
	cr_expect_str_eq(buildbus_tap_version(), BUILDBUS_VERSION);
}

Test(tap_library, without_a_feed_tells_a_gap_once_and_goes_on)
{
	OPEN(.feed = NULL);
	greet("[77 10 10 5]");
	publish(WEB, "[77 15 13 5]", A_RECORD);
	cr_assert_eq(next_event(), BUILDBUS_TAP_LOST);
	cr_expect(event.first == 11 && event.last == 14 && event.count == 0 && event.why);
	hears_record(15);
	publish(WEB, "[77 15 13 5]", A_RECORD); /* again: nothing */
	publish(WEB, "[77 16 15 5]", A_RECORD);
	hears_record(16);
}

Test(tap_library, tells_what_the_feed_refuses_and_goes_on)
{
	zmq_msg_t identity;
	static const char refusal[] = "\x96\x01\xa5"
				      "error\xa6"
				      "denied\xc0\xa2"
				      "no\xc0";
	char bytes[256];

	OPEN(.feed = feed_address);
	greet("[77 10 10 5]");
	publish(WEB, "[77 15 13 5]", A_RECORD);
	cr_assert_eq(buildbus_tap_next(tap, &event, 300), BUILDBUS_TAP_NOTHING);
	zmq_msg_init(&identity);
	cr_assert_gt(zmq_msg_recv(&identity, router, 0), 0);
	cr_assert_gt(zmq_recv(router, bytes, sizeof bytes, 0), 0);
	zmq_msg_send(&identity, router, ZMQ_SNDMORE);
	zmq_send(router, refusal, sizeof refusal - 1, 0);
	cr_assert_eq(next_event(), BUILDBUS_TAP_LOST);
	cr_expect(strstr(event.why, "denied no"), "%s", event.why);
	hears_record(15);
}

/* What is not of the protocol is passed over. */
Test(tap_library, hears_nothing_in_nonsense)
{
	static const char *const places[] = {
		"[]",      "nil",      "[77 12 10]",   "['77' 12 10 5]", "[77 -1 10 5]", "{77 12}",
		"b'\x93'", "[[[77]]]", "[77 nil 1 1]", "[77 12 'x' 5]",  "[77 true 1 1]"};
	static const char huge[] = "\xdd\xff\xff\xff\xff";

	OPEN(.feed = NULL);
	greet("[77 10 10 5]");
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		publish(WEB, places[i], A_RECORD);
	}
	part(WEB, strlen(WEB), false);
	part(WEB, strlen(WEB), true);
	part("", 0, false);
	part(WEB, strlen(WEB), true);
	part(huge, 5, true);
	part("", 0, false);
	publish("build.", "[77 12 10 5]", "nil");
	publish("build", "[77 12 10 5]", "nil");
	/* A record that is none: the listener sees that by itself. */
	part("build.x", 7, true);
	part("\x94\x4d\x0b\x0a\x05", 5, true);
	part(huge, 5, false);
	hears_record(11);
	cr_expect_eq(buildbus_tap_int(&event, "number", -1), -1);
	publish(WEB, "[77 13 10 5 'more']", A_RECORD);
	hears_record(13);
}

Test(tap_library, tells_of_another_log)
{
	OPEN(.feed = NULL);
	greet("[77 10 10 5]");
	publish(WEB, "[78 3 2 5]", A_RECORD);
	cr_assert_eq(next_event(), BUILDBUS_TAP_RENEWED);
	hears_record(3);
	cr_expect_eq(event.epoch, 78);
}

static void refuses(const char *words, const struct buildbus_tap_options *options)
{
	struct buildbus_tap_options whole = *options;

	whole.size = sizeof whole;
	cr_expect_eq(buildbus_tap_open(&tap, &whole), -1);
	cr_expect_null(tap);
	cr_expect(strstr(buildbus_tap_error(NULL), words), "%s", buildbus_tap_error(NULL));
}

#define KEY "0123456789012345678901234567890123456789"

Test(tap_library, refuses_what_can_not_be)
{
	static const char *const topics[] = {"acme//web", NULL};
	struct buildbus_tap_options of = {.tap = "ipc:///nowhere"};

	refuses("address of the tap", &(struct buildbus_tap_options){0});
	refuses("nonsense", &(struct buildbus_tap_options){.tap = "nonsense"});
	of.from_seq = 1;
	refuses("address of the feed", &of);
	of = (struct buildbus_tap_options){.tap = "ipc:///nowhere", .topics = topics};
	refuses("empty part", &of);
	of = (struct buildbus_tap_options){.tap = "ipc:///nowhere", .certificate = "/nowhere.cert_secret"};
	refuses("belong together", &of);
	of.server_key = "short";
	refuses("40 characters", &of);
	of.server_key = KEY;
	refuses("/nowhere.cert_secret", &of);
	place_write(place, "public.cert", "curve\n    public-key = \"" KEY "\"\n");
	of.certificate = place_path(place, "public.cert");
	refuses("no secret certificate", &of);
	/* An older program knows fewer options: what it does not know is nothing. */
	of = (struct buildbus_tap_options){
		.size = offsetof(struct buildbus_tap_options, feed), .tap = tap_address, .from_seq = 5};
	cr_expect_eq(buildbus_tap_open(&tap, &of), 0);
}

Test(tap_library, can_not_begin_after_the_end)
{
	OPEN(.feed = feed_address, .from_seq = 12);
	answer_hello("[77 10 10 5]");
	cr_assert_eq(next_event(), -1);
	cr_expect(strstr(buildbus_tap_error(tap), "newest record is 10"), "%s", buildbus_tap_error(tap));
	cr_expect_eq(next_event(), -1, "for good");
	buildbus_tap_close(&tap);
	buildbus_tap_close(&tap); /* twice does no harm */
}
