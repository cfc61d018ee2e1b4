/* `buildbus status`: where everything is, as the hub that runs tells it. */
/* SPDX-License-Identifier: MIT */
#include "common/ask.h"
#include "common/process.h"
#include "compose/command.h"
#include "compose/status_live.h"
#include "compose/status_print.h"

struct status_options {
	const char *config_file;
	bool json, watch;
};

static int print(const msgpack_object_map *map, bool json)
{
	yyjson_mut_doc *doc = status_document(map);

	if (!doc) {
		return command_fail(EXIT_REFUSED, "out of memory");
	}
	json ? status_print_json(yyjson_mut_doc_get_root(doc)) : status_print(yyjson_mut_doc_get_root(doc));
	yyjson_mut_doc_free(doc);
	return EXIT_DONE;
}

static int status_config(const struct status_options *options, const struct config *config)
{
	struct answer answer = {0};
	struct err err = {0};
	int code;

	if (options->watch) {
		return status_live(&config->bus, options->json);
	}
	if (ask_status(&config->bus, &answer, &err) != OK) {
		code = command_fail_err(&err);
	} else {
		code = print(answer.map, options->json);
	}
	ask_fini(&answer);
	return code;
}

static int status_main(const void *given, char *const *operands)
{
	const struct status_options *options = given;
	struct config config = {0};
	struct err err = {0};
	int code;

	(void)operands;
	code = config_load(&config, options->config_file, &err) == OK ? status_config(options, &config)
								      : command_fail_err(&err);
	config_fini(&config);
	return code;
}

static const struct option_row status_rows[] = {
	OPTION_CONFIG_FILE(struct status_options, config_file),
	{"json", 0, OPTION_FLAG, offsetof(struct status_options, json), NULL,
	 "one JSON object instead of tables", 0, 0},
	{"watch", 'w', OPTION_FLAG, offsetof(struct status_options, watch), NULL,
	 "anew every two seconds, until Ctrl-C", 0, 0},
	OPTION_END,
};

const struct command status_command = {
	.name = "status",
	.summary = "what is stuck and where: sources, targets, leases, lag of every sink, dead letters, disk",
	.options = status_rows,
	.options_size = sizeof(struct status_options),
	.exits = "  0  printed\n"
		 "  1  no normalizer answers\n"
		 "  2  the command line or the configuration can't be used\n",
	.example = "buildbus status --json",
	.run = status_main,
};
