/* SPDX-License-Identifier: MIT */
#include "tests/support/command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct said command_run_at(struct spot spot, const struct place *place, const char *program,
			   const char *const *args)
{
	const char *out = place_path(place, "stdout");
	struct child *child;
	struct said said;
	size_t size;

	unlink(out);
	child = child_start(&(struct launch){
		.place = place, .program = program, .args = args, .no_ready = true, .stdout_path = out});
	said.code = child_end_at(spot, child);
	said.errors = child_text(child);
	said.out = place_read(place, "stdout", &size);
	child_free_at(spot, &child);
	return said;
}

void said_free(struct said *said)
{
	free(said->out);
	free(said->errors);
}

void sync_again_at(struct spot spot, const struct place *place)
{
	struct said said = command_run_at(
		spot, place, "buildbus",
		ARGS("sync", "--state", place->state, "--since", "1000d", "-c", place->config));

	if (said.code != 0) {
		fail_at(spot, "it ended with %d\n%s%s", said.code, said.out, said.errors);
	}
	said_free(&said);
}

void expect_words(struct spot spot, const char *text, const char *words)
{
	char *copy = strdup(words), *rest = copy;

	for (char *word = strsep(&rest, "|"); word; word = strsep(&rest, "|")) {
		if (!strstr(text, word)) {
			fail_at(spot, "it does not say '%s': %s", word, text);
		}
	}
	free(copy);
}

static int count(const char *text, const char *what)
{
	int found = 0;

	for (; (text = strstr(text, what)); text += strlen(what)) {
		found++;
	}
	return found;
}

void expect_refusal_at(struct spot spot, const struct said *said, int code, const char *words)
{
	int sentences =
		said->errors[0] == '{' ? count(said->errors, "\"proc.failed\"") : count(said->errors, "\n");

	if (said->code != code) {
		fail_at(spot, "it ended with %d instead of %d: %s", said->code, code, said->errors);
	}
	expect_words(spot, said->errors, words);
	if (sentences != 1) {
		fail_at(spot, "%d sentences instead of one: %s", sentences, said->errors);
	}
}
