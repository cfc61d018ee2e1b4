/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/log_line.h"
#include "common/process.h"
#include "common/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	char name[64];
	enum log_level least;
	bool human, coloured;
} logger = {.name = "buildbus", .least = LEVEL_INFO};

static bool wants_human(bool terminal)
{
	const char *form = getenv("BUILDBUS_LOG");

	if (form && strcmp(form, "human") == 0) {
		return true;
	}
	return terminal && !(form && strcmp(form, "json") == 0);
}

/* https://no-color.org: any value that is not empty. */
static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

void log_open(const char *name, enum log_level least)
{
	bool terminal = isatty(STDERR_FILENO);

	snprintf(logger.name, sizeof logger.name, "%s", name);
	logger.least = least;
	logger.human = wants_human(terminal);
	logger.coloured = logger.human && terminal && wants_colour();
}

/* One write(2) a line, so that the lines of several processes on one pipe or file stay whole. More than one
 * only when the receiver took a part. A log that can't be written must not stop the work: the rest is
 * dropped. */
static void emit(const struct log_line *line)
{
	size_t done = 0;

	while (done < line->used) {
		ssize_t taken = write(STDERR_FILENO, line->bytes + done, line->used - done);

		if (taken < 0 && errno != EINTR) {
			return;
		}
		done += taken > 0 ? (size_t)taken : 0;
	}
}

void log_always(const struct log_head *head, const struct log_field *fields, size_t count)
{
	struct log_line line;
	int saved = errno;

	if (logger.human) {
		log_line_human(&line, head, fields, count, logger.coloured);
	} else {
		log_line_json(&line, head, fields, count);
	}
	emit(&line);
	errno = saved;
}

void log_relay(const struct log_head *head, const struct log_field *fields, size_t count)
{
	if (head->level >= logger.least) {
		log_always(head, fields, count);
	}
}

void log_event(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	char time[32];
	struct log_head head = {.time = time, .proc = logger.name, .event = event, .level = level};

	if (level >= logger.least) {
		time_format(wall_ms(), time);
		log_relay(&head, fields, count);
	}
}
