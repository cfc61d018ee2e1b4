/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/tap_run.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct child *tap;

void tap_start_with(const char *const *args)
{
	unlink(place_path(hub->place, "out"));
	tap = child_start(&(struct launch){.place = hub->place,
					   .program = "buildbus",
					   .args = args,
					   .no_ready = true,
					   .stdout_path = place_path(hub->place, "out")});
}

char *tap_printed(void)
{
	size_t size;
	char *text = place_read(hub->place, "out", &size);

	return text ? text : strdup("");
}

static int lines_of(const char *text)
{
	int lines = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		lines++;
	}
	return lines;
}

char *tap_prints_at(struct spot spot, int lines)
{
	int64_t until_ms = test_now_ms() + patience_ms();
	char *text = tap_printed();

	while (lines_of(text) < lines) {
		if (test_now_ms() > until_ms) {
			fail_at(spot, "%d lines are printed, not %d; the last: %.300s", lines_of(text), lines,
				strlen(text) > 300 ? text + strlen(text) - 300 : text);
		}
		free(text);
		poll(NULL, 0, 10);
		text = tap_printed();
	}
	return text;
}

char *tap_prints_build_at(struct spot spot, const char *id)
{
	int64_t until_ms = test_now_ms() + patience_ms();
	char *text = tap_printed();

	while (!strstr(text, id) || text[strlen(text) - 1] != '\n') {
		if (test_now_ms() > until_ms) {
			fail_at(spot, "%s is not printed", id);
		}
		free(text);
		poll(NULL, 0, 10);
		text = tap_printed();
	}
	return text;
}

void tap_prints_seqs_at(struct spot spot, int64_t first, int64_t step, int count)
{
	char *text = tap_prints_at(spot, count), *rest = text, *line;
	int64_t expected = first;

	while ((line = strsep(&rest, "\n")) && *line) {
		const char *seq = strstr(line, "\"seq\":");

		if (!seq || strtoll(seq + 6, NULL, 10) != expected) {
			fail_at(spot, "expected record %lld: %s", (long long)expected, line);
		}
		expected += step;
	}
	cr_assert_eq(expected, first + step * count, "and no more");
	free(text);
}

void publish_many(const char *pipeline, int first, int last)
{
	char counts[32];
	int waiting = 0;

	for (int i = first; i <= last; i++) {
		with(worker, .number = i, .pipeline = pipeline);
		if (++waiting == 200 || i == last) {
			snprintf(counts, sizeof counts, "%d 0 0", waiting);
			publish_given(counts);
			waiting = 0;
		}
	}
}

int64_t tap_is_listening(void)
{
	char *text = tap_printed();
	int64_t first;

	for (int i = 1; lines_of(text) == 0; i++) {
		publish_many("knock", i, i);
		for (int tries = 0; tries < 20 && lines_of(text) == 0; tries++) {
			free(text);
			poll(NULL, 0, 10);
			text = tap_printed();
		}
		cr_assert_lt(i, 200, "nothing is printed");
	}
	first = strtoll(strstr(text, "\"seq\":") + 6, NULL, 10);
	free(text);
	return first;
}

void tap_is_quiet_at(struct spot spot)
{
	char *text = child_text(tap);

	if (*text) {
		fail_at(spot, "it said: %.500s", text);
	}
	free(text);
}

void tap_ends_at(struct spot spot, int code)
{
	int got = child_end_at(spot, tap);

	if (got != code) {
		fail_at(spot, "it ended with %d, not %d", got, code);
	}
}

void tap_open(void)
{
	trio_open(.pipelines = "web");
}

void tap_close(void)
{
	child_free(&tap);
	trio_close();
}
