/* The command: finds the subcommand and lets it run. */
/* SPDX-License-Identifier: MIT */
#include "common/config_problems.h"
#include "compose/command.h"

#include <stdio.h>
#include <string.h>

/* One line a command, in the order of --help. */
static const struct command *const commands[] = {
	&up_command,       &sync_command,   &builds_command,   &tap_command,    &status_command,
	&sinks_command,    &dead_command,   &replay_command,   &backup_command, &keys_command,
	&validate_command, &health_command, &password_command, &slack_command,
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void print_help(FILE *out)
{
	fprintf(out, "buildbus: carries every CI build to every place that must know of it\n\n"
		     "usage: buildbus COMMAND [OPTION…]\n"
		     "       buildbus --version | --help\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	}
	fprintf(out, "\nbuildbus COMMAND --help tells the options of a command.\n");
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}

static int unknown(const char *word)
{
	struct nearest nearest = {.word = word};
	struct err err = {0};

	if (*word == '-') {
		nearest_offer(&nearest, "--help", strlen("--help"));
		nearest_offer(&nearest, "--version", strlen("--version"));
	}
	for (size_t i = 0; i < COMMAND_COUNT && *word != '-'; i++) {
		nearest_offer(&nearest, commands[i]->name, strlen(commands[i]->name));
	}
	command_unknown(&err, *word == '-' ? "no such option" : "no such command", &nearest);
	return command_fail(EXIT_USAGE, "%s (see buildbus --help)", err.text);
}

/* `buildbus help COMMAND` is `buildbus COMMAND --help`. */
static void turn_round(int argc, char **argv)
{
	static char help[] = "--help";

	if (argc > 1 && strcmp(argv[1], "help") == 0) {
		argv[1] = argc == 3 ? argv[2] : help;
		argv[argc - 1] = help;
	}
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	turn_round(argc, argv);
	if (strcmp(argv[1], "--version") == 0) {
		printf("buildbus %s\n", BUILDBUS_VERSION);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return EXIT_DONE;
	}
	command = find(argv[1]);
	return command ? command_main(command, argc - 1, argv + 1) : unknown(argv[1]);
}
