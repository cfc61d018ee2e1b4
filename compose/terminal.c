/* SPDX-License-Identifier: MIT */
#include "compose/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Words of the record to colours; what isn't here stays as it is. */
static const struct {
	const char *word, *colour;
} colours[] = {
	{"success", "\033[32m"}, {"failure", "\033[31m"}, {"error", "\033[31m"},
	{"timeout", "\033[31m"}, {"running", "\033[36m"}, {"cancellation", "\033[33m"},
	{"queued", "\033[2m"},   {"blocked", "\033[35m"}, {"skip", "\033[2m"},
};

size_t terminal_width(void)
{
	struct winsize size = {0};

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool terminal_coloured(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

const char *terminal_colour(const char *word)
{
	for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++) {
		if (strcmp(colours[i].word, word) == 0) {
			return colours[i].colour;
		}
	}
	return "";
}
