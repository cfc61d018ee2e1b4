/* `buildbus sinks`: the sinks that the hub knows, and the end of one that will not come back. */
/* SPDX-License-Identifier: MIT */
#include "common/ask.h"
#include "common/time.h"
#include "compose/command.h"
#include "compose/status_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct sinks_options {
	const char *config_file;
	bool json, yes;
};

/* The list `sinks` of the hub's status, in *doc. */
static enum status read_sinks(const struct bus_config *bus, yyjson_mut_doc **doc, struct err *err)
{
	struct answer answer = {0};
	enum status status = ask_status(bus, &answer, err);

	if (status == OK && !(*doc = status_document(answer.map))) {
		status = err_set(err, ERR_SYS, "out of memory");
	}
	ask_fini(&answer);
	return status;
}

static void print_json(yyjson_mut_val *sinks)
{
	yyjson_mut_val *sink;
	size_t index, max;

	yyjson_mut_arr_foreach(sinks, index, max, sink)
	{
		status_print_json(sink);
	}
}

static int sinks_list(const struct sinks_options *options, const struct bus_config *bus)
{
	yyjson_mut_doc *doc = NULL;
	struct err err = {0};
	yyjson_mut_val *sinks;

	if (read_sinks(bus, &doc, &err) != OK) {
		return command_fail_err(&err);
	}
	sinks = status_at(yyjson_mut_doc_get_root(doc), "sinks");
	if (options->json) {
		print_json(sinks);
	} else if (yyjson_mut_arr_size(sinks) == 0) {
		puts("no sink has attached yet");
	} else {
		status_print_sinks(sinks);
	}
	yyjson_mut_doc_free(doc);
	return EXIT_DONE;
}

static yyjson_mut_val *find(yyjson_mut_doc *doc, const char *name)
{
	yyjson_mut_val *sink;
	size_t index, max;

	yyjson_mut_arr_foreach(status_at(yyjson_mut_doc_get_root(doc), "sinks"), index, max, sink)
	{
		if (yyjson_mut_equals_str(status_at(sink, "name"), name)) {
			return sink;
		}
	}
	return NULL;
}

static void tell_loss(yyjson_mut_val *sink, const char *name)
{
	char seen[32];

	duration_format(yyjson_mut_get_sint(status_at(sink, "seen_ms_ago")), seen);
	printf("%s was here %s ago. It has confirmed everything up to position %" PRId64 ", %" PRId64
	       " positions wait for it, and %" PRId64 " of its records are dead letters.\n"
	       "Forgotten are its position, its note and its dead letters; the builds stay, and what it has "
	       "written stays where it is.\n"
	       "A sink of this name that comes later starts anew: with the newest version of every build.\n",
	       name, seen, yyjson_mut_get_sint(status_at(sink, "position")),
	       yyjson_mut_get_sint(status_at(sink, "lag_records")),
	       yyjson_mut_get_sint(status_at(sink, "dead")));
	fflush(stdout);
}

static bool is_confirmed(const char *name)
{
	char answer[8] = "";

	printf("Forget %s? [y/N] ", name);
	fflush(stdout);
	return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static int forget(const struct bus_config *bus, const char *name)
{
	struct answer answer = {0};
	struct asker asker;
	struct wire_head head;
	struct err err = {0};
	enum status status = asker_open(&asker, bus, &err);

	if (status == OK) {
		wire_begin(&head, "forget", 1);
		wire_put_string(&head, name);
		status = ask(&asker, "forgotten", &head, &answer, &err);
	}
	ask_fini(&answer);
	asker_close(&asker);
	if (status != OK) {
		return command_fail_err(&err);
	}
	printf("%s is forgotten\n", name);
	return EXIT_DONE;
}

static int sinks_forget(const struct sinks_options *options, const struct bus_config *bus, const char *name)
{
	yyjson_mut_doc *doc = NULL;
	struct err err = {0};
	yyjson_mut_val *sink;
	int code = EXIT_REFUSED;

	if (read_sinks(bus, &doc, &err) != OK) {
		return command_fail_err(&err);
	}
	sink = find(doc, name);
	if (!sink) {
		command_fail(code, "the hub knows no sink %s: `buildbus sinks list` has them", name);
	} else if (yyjson_mut_get_bool(status_at(sink, "attached"))) {
		command_fail(code, "%s is attached: stop it and take it out of the configuration first",
			     name);
	} else {
		tell_loss(sink, name);
		if (!options->yes && !isatty(STDIN_FILENO)) {
			code = command_fail(EXIT_USAGE,
					    "nothing was forgotten: say --yes where nobody can be asked");
		} else if (options->yes || is_confirmed(name)) {
			code = forget(bus, name);
		}
	}
	yyjson_mut_doc_free(doc);
	return code;
}

static int run_verb(const struct sinks_options *options, char *const *operands, const struct bus_config *bus)
{
	if (strcmp(operands[0], "list") == 0 && !operands[1]) {
		return sinks_list(options, bus);
	}
	if (strcmp(operands[0], "forget") == 0 && operands[1] && !operands[2]) {
		return sinks_forget(options, bus, operands[1]);
	}
	return command_fail(EXIT_USAGE, "sinks: give it list, or forget NAME (see buildbus sinks --help)");
}

static int sinks_main(const void *given, char *const *operands)
{
	const struct sinks_options *options = given;
	char *const list[] = {(char[]){"list"}, NULL};
	struct config config = {0};
	struct err err = {0};
	int code;

	code = config_load(&config, options->config_file, &err) == OK
		       ? run_verb(options, *operands ? operands : list, &config.bus)
		       : command_fail_err(&err);
	config_fini(&config);
	return code;
}

static const struct option_row sinks_rows[] = {
	OPTION_CONFIG_FILE(struct sinks_options, config_file),
	{"json", 0, OPTION_FLAG, offsetof(struct sinks_options, json), NULL, "list: a JSON object a line", 0,
	 0},
	{"yes", 'y', OPTION_FLAG, offsetof(struct sinks_options, yes), NULL, "forget: don't ask", 0, 0},
	OPTION_END,
};

const struct command sinks_command = {
	.name = "sinks",
	.summary = "the sinks that the hub knows: positions, last seen, lag; forget one",
	.operands = "list|forget NAME",
	.options = sinks_rows,
	.options_size = sizeof(struct sinks_options),
	.notes = "  list    each sink, how far behind it is, when it was here last\n"
		 "  forget  the hub keeps nothing for it any more; it says first what will be lost\n",
	.exits = "  0  done\n"
		 "  1  no normalizer answers, there is no such sink, it is attached, or you said no\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus sinks forget firestore",
	.run = sinks_main,
};
