/* `buildbus password`: a hash for auth.users of the store's page. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/password.h"
#include "compose/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct password_options {
	int none; /* there are none */
};

/* One line without its end; what is typed is not shown. False: there is none. */
static bool read_line(const char *prompt, char out[static PASSWORD_MAX + 2])
{
	struct termios shown, hidden;
	bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0, got;

	if (terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		fputs(prompt, stderr);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	got = fgets(out, PASSWORD_MAX + 2, stdin) != NULL;
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	if (got) {
		out[strcspn(out, "\n")] = '\0';
	}
	return got;
}

static int password_main(const void *options, char *const *operands)
{
	char password[PASSWORD_MAX + 2], again[PASSWORD_MAX + 2], hash[PASSWORD_HASH_SIZE];
	struct err err;

	(void)options, (void)operands;
	if (!read_line("Password: ", password) || !*password) {
		return command_fail(EXIT_REFUSED, "password: there is none");
	}
	if (isatty(STDIN_FILENO) && (!read_line("Once more: ", again) || strcmp(password, again) != 0)) {
		return command_fail(EXIT_REFUSED, "password: the two differ");
	}
	if (password_hash(password, hash, &err) != OK) {
		return command_fail_err(&err);
	}
	puts(hash);
	return EXIT_DONE;
}

static const struct option_row password_rows[] = {OPTION_END};

const struct command password_command = {
	.name = "password",
	.summary = "make the hash of a password, for auth.users of the store's page",
	.options = password_rows,
	.options_size = sizeof(struct password_options),
	.notes = "Reads the password from the terminal, or one line from standard input, and prints its "
		 "hash,\n"
		 "which goes into the configuration: `store: {auth: {users: {ann: HASH}}}`.\n",
	.exits = "  0  printed\n"
		 "  1  there was no password, or the two differ\n"
		 "  2  the command line can't be used\n",
	.example = "buildbus password",
	.run = password_main,
};
