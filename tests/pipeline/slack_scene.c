/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_scene.h"
#include "common/time.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct playing {
	struct spot spot;
	FILE *out;
	char *wanted;
	size_t size;
	char mark[32];
	int64_t at_ms;
	size_t events; /* wanted until now */
};

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

static int64_t read_day(const char **at)
{
	static const char days[] = "mon tue wed thu fri sat sun ";
	char word[5] = "";
	const char *day;

	if (!isalpha((unsigned char)**at)) {
		return 0;
	}
	snprintf(word, sizeof word, "%.3s ", *at);
	day = strstr(days, word);
	*at += 3;
	if (**at == '2') {
		++*at;
		return day ? (day - days) / 4 + 7 : -1;
	}
	return day ? (day - days) / 4 : -1;
}

/* "tue 09:05" and what follows; NULL: no time. */
static const char *read_time(struct playing *playing, const char *line)
{
	const char *at = line;
	int64_t day = read_day(&at);
	int hours, minutes, size = 0;

	if (day < 0 || sscanf(at, "%d:%d%n", &hours, &minutes, &size) != 2 || size == 0) {
		return NULL;
	}
	playing->at_ms = day * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS;
	at += size;
	snprintf(playing->mark, sizeof playing->mark, "%.*s", (int)(at - line), line);
	return skip_blanks(at);
}

/* Without what the end said. */
static char *shown(void)
{
	char *text = slack_conversation(&slack, NULL, false), *end = strstr(text, "[end] ");

	if (end && strstr(end, "acme/end main is failing") && !strchr(end, '\n')[1]) {
		*end = '\0';
	}
	return text;
}

static void compare(struct playing *playing)
{
	char *is = shown();

	fflush(playing->out);
	same_conversation_at(playing->spot, is, playing->wanted);
	free(is);
}

static void see(struct playing *playing)
{
	all_acked_at(playing->spot);
	if (!slack_seen(playing->events)) {
		compare(playing);
	}
}

static void set_slack(bool works)
{
	for (int verb = 0; verb < SLACK_VERBS; verb++) {
		slack_fail(&slack, (enum slack_verb)verb,
			   (struct slack_failure){.times = works ? 0 : -1, .code = 503});
	}
}

/* False: it is a build. */
static bool direct(const char *what)
{
	if (strcmp(what, "wait") == 0) {
		return true;
	}
	if (strcmp(what, "restart") == 0) {
		run_restart();
	} else if (strcmp(what, "hub dies") == 0) {
		fake_hub_kill(run.hub);
	} else if (strcmp(what, "hub returns") == 0) {
		fake_hub_bind(run.hub);
	} else if (strncmp(what, "slack ", 6) == 0) {
		set_slack(strcmp(what + 6, "works") == 0);
	} else {
		return false;
	}
	return true;
}

static void happen(struct playing *playing, const char *what)
{
	bool at_once = strncmp(what, "and ", 4) == 0;

	if (!at_once && run.hub->router) {
		see(playing);
	}
	clock_to(playing->at_ms);
	slack_mark(&slack, playing->mark);
	if (!direct(what)) {
		build_comes_at(playing->spot, playing->at_ms, at_once ? what + 4 : what);
	}
}

static void want(struct playing *playing, const char *line)
{
	fprintf(playing->out, "[%s] %s\n", playing->mark, line);
	playing->events++;
}

static void play_line(struct playing *playing, char *line)
{
	const char *at = skip_blanks(line), *what;
	size_t size = strlen(at);

	while (size > 0 && at[size - 1] == ' ') {
		line[at - line + --size] = '\0';
	}
	if (*at == '\0') {
		return;
	}
	if (*at == '#') {
		want(playing, at);
		return;
	}
	what = read_time(playing, at);
	if (!what) {
		fail_at(playing->spot, "neither a time nor a channel: %s", at);
	}
	happen(playing, what);
}

static void play_end(struct playing *playing)
{
	see(playing);
	slack_mark(&slack, "end");
	clock_to(playing->at_ms + 2 * MINUTE_MS);
	build_comes_at(playing->spot, playing->at_ms + 2 * MINUTE_MS, "end 1 e1 failed");
	playing->events++;
	see(playing);
}

static void configure(const struct scene_script *script)
{
	char more[2000];

	snprintf(more, sizeof more, "%s, rules: [{pipeline: end}, %s]", script->config ? script->config : "",
		 script->rules ? script->rules : "{}");
	slack_configure(more);
}

void play_at(struct spot spot, struct scene_script script)
{
	struct playing playing = {.spot = spot};
	char *copy = strdup(script.script), *rest = copy, *line;

	configure(&script);
	playing.out = open_memstream(&playing.wanted, &playing.size);
	run_start();
	while ((line = strsep(&rest, "\n"))) {
		play_line(&playing, line);
	}
	play_end(&playing);
	compare(&playing);
	fclose(playing.out);
	free(playing.wanted);
	free(copy);
}
