/* `buildbus replay`: lets the hub send again, and tells how far it is. */
/* SPDX-License-Identifier: MIT */
#include "common/ask.h"
#include "common/dead_letters.h"
#include "common/record.h"
#include "compose/command.h"
#include "compose/from.h"
#include "compose/status_print.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_EVERY_MS 200

struct replay_options {
	const char *config_file, *sink, *from;
	bool renormalize, stop, json;
};

struct follow {
	const struct replay_options *options;
	struct asker asker;
	struct answer answer;
	const msgpack_object_map *map; /* what the hub told last; NULL: there is none */
	bool line;                     /* one is on the terminal, to be written over */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

static int64_t int_at(const struct follow *follow, const char *key)
{
	const msgpack_object *value = letter_at(follow->map, key);

	return value && value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? (int64_t)value->via.u64 : INT_NULL;
}

static bool waits(const struct follow *follow)
{
	const msgpack_object *value = letter_at(follow->map, "waits");

	return value && value->type == MSGPACK_OBJECT_BOOLEAN && value->via.boolean;
}

static enum status say(struct follow *follow, struct wire_head *head, struct err *err)
{
	enum status status = ask(&follow->asker, "replay", head, &follow->answer, err);

	follow->map = NULL;
	if (status == OK) {
		wire_map(&follow->answer.fields, 1, &follow->map);
	}
	return status;
}

static enum status tell(struct follow *follow, const char *verb, struct err *err)
{
	struct wire_head head;

	wire_begin(&head, "replay", 2);
	wire_put_string(&head, verb);
	wire_put_string(&head, follow->options->sink);
	return say(follow, &head, err);
}

static enum status begin(struct follow *follow, struct err *err)
{
	int64_t seq = 0, time_ms = INT_NULL;
	struct wire_head head;
	enum status status = from_read(follow->options->from, &seq, &time_ms, err);

	if (status != OK) {
		return status;
	}
	wire_begin(&head, "replay", 5);
	wire_put_string(&head, "begin");
	wire_put_string(&head, follow->options->sink);
	seq ? wire_put_int(&head, seq) : wire_put_nil(&head);
	seq ? wire_put_nil(&head) : wire_put_int(&head, time_ms);
	wire_put_bool(&head, follow->options->renormalize);
	return say(follow, &head, err);
}

/* One line that is written over; nothing where nobody watches. */
static void show_progress(struct follow *follow)
{
	int64_t since = int_at(follow, "since"), until = int_at(follow, "until"), at = int_at(follow, "at");
	int64_t raw_at = int_at(follow, "raw_at");
	const char *wait = waits(follow) ? ", waits for the sink" : "";

	if (!isatty(STDERR_FILENO)) {
		return;
	}
	follow->line = true;
	if (raw_at != INT_NULL) {
		fprintf(stderr,
			"\r\033[Kmaking records anew: %" PRId64 " of %" PRId64 ", %" PRId64 " changed%s",
			raw_at - since + 1, until - since + 1, int_at(follow, "made"), wait);
	} else {
		fprintf(stderr, "\r\033[K%" PRId64 " of %" PRId64 ", %" PRId64 " sent again%s",
			at - since + 1, until - since + 1, int_at(follow, "sent"), wait);
	}
}

static int report(const struct follow *follow)
{
	int64_t unread = int_at(follow, "unread");
	yyjson_mut_doc *doc = follow->options->json ? status_document(follow->map) : NULL;
	char *text = doc ? yyjson_mut_write(doc, 0, NULL) : NULL;

	if (text) {
		puts(text);
	} else {
		printf("%s: %" PRId64 " records sent again, %" PRId64 " made anew\n", follow->options->sink,
		       int_at(follow, "sent"), int_at(follow, "made"));
	}
	free(text);
	yyjson_mut_doc_free(doc);
	return unread > 0 ? command_fail(EXIT_REFUSED,
					 "%" PRId64
					 " raw records could not be read: the normalizer's log says why",
					 unread)
			  : EXIT_DONE;
}

static int goes_on(const struct follow *follow)
{
	return command_fail(
		EXIT_REFUSED,
		"the replay goes on in the normalizer: `buildbus replay --sink %s` watches it, `--stop` "
		"ends it",
		follow->options->sink);
}

/* The hub may go away and come back meanwhile. */
static int watch(struct follow *follow)
{
	struct err err = {0};
	enum status status = OK;

	while (!interrupted && (status == OK || status == ERR_AGAIN)) {
		if (status == OK && !follow->map) {
			return command_fail(EXIT_REFUSED, "there is no replay to %s", follow->options->sink);
		}
		if (status == OK && int_at(follow, "ended_at") != INT_NULL) {
			break;
		}
		if (status == OK) {
			show_progress(follow);
		}
		poll(NULL, 0, LOOK_EVERY_MS);
		status = interrupted ? status : tell(follow, "look", &err);
	}
	if (follow->line) {
		fputs("\r\033[K", stderr);
	}
	if (interrupted) {
		return goes_on(follow);
	}
	return status == OK ? report(follow) : command_fail_err(&err);
}

static int run(struct follow *follow, const struct bus_config *bus)
{
	const struct replay_options *options = follow->options;
	struct err err = {0};
	enum status status = asker_open(&follow->asker, bus, &err);

	if (status == OK && options->stop) {
		status = tell(follow, "stop", &err);
		return status == OK ? EXIT_DONE : command_fail_err(&err);
	}
	if (status == OK) {
		status = options->from ? begin(follow, &err) : tell(follow, "look", &err);
	}
	return status == OK ? watch(follow) : command_fail_err(&err);
}

static int replay_main(const void *given, char *const *operands)
{
	struct follow follow = {.options = given};
	struct config config = {0};
	struct err err = {0};
	int code;

	(void)operands;
	if (!follow.options->sink) {
		return command_fail(EXIT_USAGE,
				    "replay: --sink NAME is missing: to whom? (`buildbus sinks list`)");
	}
	if (follow.options->renormalize && !follow.options->from) {
		return command_fail(EXIT_USAGE,
				    "replay: --renormalize needs --from: from where on? (0: all there is)");
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	code = config_load(&config, follow.options->config_file, &err) == OK ? run(&follow, &config.bus)
									     : command_fail_err(&err);
	ask_fini(&follow.answer);
	asker_close(&follow.asker);
	config_fini(&config);
	return code;
}

static const struct option_row replay_rows[] = {
	OPTION_CONFIG_FILE(struct replay_options, config_file),
	{"sink", 0, OPTION_TEXT, offsetof(struct replay_options, sink), "NAME",
	 "the destination that gets it", 0, 0},
	{"from", 0, OPTION_TEXT, offsetof(struct replay_options, from), "SEQ|TIME",
	 "builds that changed from this record, this time, or so long ago on; without it: watch the one on "
	 "its way",
	 0, 0},
	{"renormalize", 0, OPTION_FLAG, offsetof(struct replay_options, renormalize), NULL,
	 "first make records anew of the raw archive, after a fix", 0, 0},
	{"stop", 0, OPTION_FLAG, offsetof(struct replay_options, stop), NULL, "end the one on its way", 0, 0},
	{"json", 0, OPTION_FLAG, offsetof(struct replay_options, json), NULL,
	 "the outcome as one JSON object", 0, 0},
	OPTION_END,
};

const struct command replay_command = {
	.name = "replay",
	.summary = "send again, beside the live flow: the newest version of each build",
	.options = replay_rows,
	.options_size = sizeof(struct replay_options),
	.notes = "The normalizer does it: Ctrl-C ends the watching, not the replay, and it outlives a "
		 "restart.\n",
	.exits = "  0  the sink has everything\n"
		 "  1  refused, interrupted, or some raw records could not be read\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus replay --sink store --from 7d --renormalize",
	.run = replay_main,
};
