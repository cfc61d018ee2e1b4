/* `buildbus tap`: records as they pass, through libbuildbus-tap. */
/* SPDX-License-Identifier: MIT */
#include "common/ask.h"
#include "common/config.h"
#include "common/curve.h"
#include "common/process.h"
#include "common/time.h"
#include "compose/command.h"
#include "compose/from.h"
#include "compose/tap_format.h"

#include "common/tap/buildbus-tap.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 2000 /* for the first answer of the hub */
#define LOOK_MS     500

struct tap_options {
	const char *config_file, *from, *format;
	int64_t count;
};

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
	stopped = number;
}

/* Without SA_RESTART: the wait ends. A closed pipe is told by the write. */
static void watch_signals(void)
{
	struct sigaction stop = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

static void say(const char *format, ...) PRINTF(1, 2);

/* On stderr, so that what is printed is records only. */
static void say(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	fputs("buildbus: ", stderr);
	vfprintf(stderr, format, values);
	fputc('\n', stderr);
	va_end(values);
}

struct listener {
	struct buildbus_tap *tap;
	const struct bus_config *bus;
	const struct tap_format *format;
	int64_t from_time_ms; /* 0: no time was asked for */
	int64_t left;         /* records to print; -1: no end */
	bool met;             /* the hub has answered */
	char why[256];        /* it has not, as far as is known */
	int code;             /* -1: goes on */
};

/* Whoever asks for a time asked for no numbers: what is absent within the retention was sent again to one
 * sink.
 */
static void say_trimmed(const struct listener *listener)
{
	char retention[32];

	if (listener->from_time_ms < wall_ms() - listener->bus->log_retention_ms) {
		duration_format(listener->bus->log_retention_ms, retention);
		say("what was superseded more than %s ago is left out; the newest version of each build is "
		    "there",
		    retention);
	}
}

static void say_lost(const struct listener *listener, const struct buildbus_tap_event *event)
{
	if (event->count > 0 && listener->from_time_ms > 0) {
		say_trimmed(listener);
	} else if (event->count > 0) {
		say("%" PRId64 " of the numbers from %" PRId64 " to %" PRId64 " are not in the log: %s",
		    event->count, event->first, event->last, event->why);
	} else {
		say("records from %" PRId64 " to %" PRId64 " were missed and can't be fetched: %s",
		    event->first, event->last, event->why);
	}
}

static int end(struct listener *listener, int code)
{
	listener->code = code;
	return code;
}

static void print(struct listener *listener, const struct buildbus_tap_event *event)
{
	struct err err = {0};

	if (tap_format_print(listener->format, event, stdout, &err) != OK) {
		say("record %" PRId64 " can't be printed: %s", event->seq, err.text);
	}
	if (fflush(stdout) != 0) {
		/* `| head` has enough. */
		end(listener, errno == EPIPE
				      ? EXIT_DONE
				      : command_fail(EXIT_REFUSED, "can't write: %s", strerror(errno)));
	} else if (listener->left > 0 && --listener->left == 0) {
		end(listener, EXIT_DONE);
	}
}

static void on_event(struct listener *listener, int kind, const struct buildbus_tap_event *event)
{
	switch (kind) {
	case BUILDBUS_TAP_RECORD:
		print(listener, event);
		break;
	case BUILDBUS_TAP_LOST:
		say_lost(listener, event);
		break;
	case BUILDBUS_TAP_CONNECTED:
		if (listener->met) {
			say("the normalizer is back");
		}
		listener->met = true;
		break;
	case BUILDBUS_TAP_DISCONNECTED:
		if (!listener->met) {
			snprintf(listener->why, sizeof listener->why, "%s", event->why);
			break;
		}
		say("the normalizer at %s is away (%s): waiting for it", listener->bus->tap, event->why);
		break;
	case BUILDBUS_TAP_RENEWED:
		say("the normalizer has another log (made anew, or restored from a backup): what passed "
		    "meanwhile is not known here");
		break;
	case BUILDBUS_TAP_NOTHING:
		break;
	default:
		end(listener, command_fail(EXIT_REFUSED, "%s", buildbus_tap_error(listener->tap)));
	}
}

/* Whoever read what is printed has gone: nothing tells before the next write. */
static bool is_unread(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* Not let in, it knows less than a question to the feed does: the sentence of `buildbus status`. */
static int explain(const struct listener *listener)
{
	struct answer answer = {0};
	struct err err = {0};
	enum status status = OK;

	if (!*listener->why) {
		return command_fail(EXIT_REFUSED, "no normalizer answers at %s: start it with `buildbus up`",
				    listener->bus->tap);
	}
	status = ask_status(listener->bus, &answer, &err);
	ask_fini(&answer);
	return command_fail(EXIT_REFUSED, "%s", status == ERR_REMOTE ? err.text : listener->why);
}

static int hear(struct listener *listener)
{
	int64_t until_ms = now_ms() + PATIENCE_MS;
	struct buildbus_tap_event event;

	while (listener->code < 0 && !stopped && !is_unread()) {
		on_event(listener, buildbus_tap_next(listener->tap, &event, LOOK_MS), &event);
		if (!listener->met && listener->code < 0 && !stopped && now_ms() > until_ms) {
			return explain(listener);
		}
	}
	return listener->code < 0 ? EXIT_DONE : listener->code;
}

static enum status show_keys(struct curve *curve, const struct bus_config *bus,
			     char hub_key[static KEY_TEXT_SIZE], struct buildbus_tap_options *wanted,
			     struct err *err)
{
	enum status status = curve_init(curve, bus, err);

	if (status == OK && curve->certificate) {
		status = curve_hub_key(curve, hub_key, err);
		wanted->server_key = hub_key;
	}
	wanted->certificate = curve->certificate;
	return status;
}

static int tap_bus(const struct tap_options *options, char *const *topics, const struct tap_format *format,
		   const struct bus_config *bus)
{
	struct buildbus_tap_options wanted = {.size = sizeof wanted,
					      .tap = bus->tap,
					      .feed = bus->feed,
					      .topics = (const char *const *)topics};
	struct listener listener = {
		.bus = bus, .format = format, .left = options->count ? options->count : -1, .code = -1};
	struct curve curve = {0};
	char hub_key[KEY_TEXT_SIZE];
	struct err err = {0};
	int code;

	if (options->from && from_read(options->from, &wanted.from_seq, &wanted.from_time_ms, &err) != OK) {
		return command_fail_err(&err);
	}
	if (show_keys(&curve, bus, hub_key, &wanted, &err) != OK) {
		curve_fini(&curve);
		return command_fail_err(&err);
	}
	listener.from_time_ms = wanted.from_time_ms;
	code = buildbus_tap_open(&listener.tap, &wanted);
	curve_fini(&curve);
	if (code != 0) {
		return command_fail(EXIT_USAGE, "%s", buildbus_tap_error(NULL));
	}
	watch_signals();
	code = hear(&listener);
	buildbus_tap_close(&listener.tap);
	return code;
}

static int tap_main(const void *given, char *const *operands)
{
	const struct tap_options *options = given;
	const struct tap_format *format = tap_format_named(options->format);
	struct config config = {0};
	struct err err = {0};
	int code;

	if (!format) {
		return command_fail(EXIT_USAGE, "tap: --format %s: one of " TAP_FORMATS, options->format);
	}
	code = config_load(&config, options->config_file, &err) == OK
		       ? tap_bus(options, operands, format, &config.bus)
		       : command_fail_err(&err);
	config_fini(&config);
	return code;
}

static const struct option_row tap_rows[] = {
	OPTION_CONFIG_FILE(struct tap_options, config_file),
	{"from", 0, OPTION_TEXT, offsetof(struct tap_options, from), "SEQ|TIME",
	 "what passed since that record, that time, or so long ago (2h), then what passes", 0, 0},
	{"format", 0, OPTION_TEXT, offsetof(struct tap_options, format), "FORMAT",
	 TAP_FORMATS " (default: pretty on a terminal, else json)", 0, 0},
	{"count", 'n', OPTION_INT, offsetof(struct tap_options, count), "N", "end after N records", 1,
	 INT64_MAX},
	OPTION_END,
};

const struct command tap_command = {
	.name = "tap",
	.summary = "print records as they pass",
	.operands = "[TOPIC…]",
	.options = tap_rows,
	.options_size = sizeof(struct tap_options),
	.notes = "A topic is the beginning of build.PROVIDER.SLUG.STATE, e.g. build.buildkite.acme.web.\n"
		 "(* stands for any part of a part), or whole parts of it: acme/web, buildkite, finished,\n"
		 "'acme/web-*'. Several: any of them. None: everything.\n",
	.exits = "  0  N records were printed, or it was ended (Ctrl-C, a closed pipe)\n"
		 "  1  no normalizer answers, or the past can't be had\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus tap acme/web --from 1h --format json | jq .id",
	.run = tap_main,
};
