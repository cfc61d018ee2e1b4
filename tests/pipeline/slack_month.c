/* A month of twenty pipelines before the real sink: builds that run side by side and end out of order,
 * flakes, weekends, a storm, two crashes a day, Slack's bad days, a bus that is away for three hours. The
 * conversation is the one that slack_oracle.c works out, line by line. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_run.h"
#include "tests/pipeline/slack_world.h"

#include <stdlib.h>
#include <string.h>

#define CRASHES_A_DAY 2

TestSuite(slack_month, .init = slack_run_init, .fini = slack_run_fini, .timeout = 3600);

struct month {
	struct world world;
	char *wanted;
	const char *at; /* in wanted: of the next batch */
	size_t events;  /* wanted before it */
	uint64_t random;
	int crashes, day, crashes_today;
};

static uint64_t draw(struct month *month, uint64_t below)
{
	month->random = month->random * 6364136223846793005U + 1442695040888963407U;
	return (month->random >> 33) % below;
}

/* What is wanted of one batch: whether there are posts, and edits. */
struct lines {
	bool posts, edits;
};

static struct lines take_lines(struct month *month, int64_t at)
{
	struct lines lines = {0};
	char mark[32], head[40];
	size_t size;

	world_mark(at, mark);
	size = (size_t)snprintf(head, sizeof head, "[%s] ", mark);
	while (strncmp(month->at, head, size) == 0) {
		const char *equals = strstr(month->at, " = "), *colon = strstr(month->at, ": ");
		*(equals && equals < colon ? &lines.edits : &lines.posts) = true;
		month->at = strchr(month->at, '\n') + 1;
		month->events++;
	}
	return lines;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What belongs to one batch by its words: which of two edits is done first is nobody's business. Messages are
 * numbered, so their order counts. Takes over the text. */
static char *in_order(char *text)
{
	size_t count = 0, size, first = 0;
	char **lines = calloc(strlen(text) + 1, sizeof *lines), *rest = text, *line, *sorted = NULL;
	FILE *out = open_memstream(&sorted, &size);

	while ((line = strsep(&rest, "\n"))) {
		lines[count++] = line;
	}
	for (size_t i = 1; i <= count; i++) {
		size_t mark = strcspn(lines[first], "]");
		if (i == count || strncmp(lines[i], lines[first], mark) != 0) {
			qsort(lines + first, i - first, sizeof *lines, compare_lines);
			first = i;
		}
	}
	for (size_t i = 0; i < count; i++) {
		fprintf(out, *lines[i] ? "%s\n" : "%s", lines[i]);
	}
	fclose(out);
	free(lines);
	free(text);
	return sorted;
}

static void compare(struct month *month)
{
	char *is = in_order(slack_conversation(&slack, NULL, false)),
	     *wanted = in_order(strndup(month->wanted, (size_t)(month->at - month->wanted)));

	same_conversation(is, wanted);
	free(is);
	free(wanted);
}

static void come(const struct arrival *arrival)
{
	static const char *const words[] = {"passed", "failed", "cancelled"};
	char line[200];

	snprintf(line, sizeof line, "p%d %d %07x %s attempt=%d created=%lld took=3", arrival->pipeline,
		 arrival->number, (unsigned)arrival->commit, words[arrival->word], arrival->attempt,
		 (long long)((arrival->finished_at - arrival->created_at) / MINUTE_MS));
	build_comes(arrival->finished_at, line);
}

static void crash_held(enum slack_verb verb, enum slack_point point)
{
	slack_hold(&slack, verb, point, 0);
	slack_held();
	slack_kill();
	slack_let_go(&slack, true);
	run_start();
}

/* Somewhere between the record and what it says. */
static void crash(struct month *month, struct lines lines)
{
	enum slack_point point = draw(month, 2) ? SLACK_BEFORE : SLACK_AFTER;

	switch (draw(month, 4)) {
	case 0:
		if (lines.posts) {
			crash_held(SLACK_POST, point);
			break;
		}
		/* fall through */
	case 1:
		if (lines.edits) {
			crash_held(SLACK_UPDATE, point);
			break;
		}
		/* fall through */
	case 2:
		all_acked();
		/* fall through */
	default:
		run_restart();
		said("\"sink.attached\""); /* or it finds the next batch all at once */
	}
	month->crashes++;
	month->crashes_today++;
}

/* More often where something is said. */
static bool crashes(struct month *month, int64_t at, struct lines lines)
{
	if (at / DAY_MS != month->day) {
		month->day = (int)(at / DAY_MS);
		month->crashes_today = 0;
	}
	return at != month->world.storm_at && month->crashes_today < CRASHES_A_DAY &&
	       draw(month, lines.posts ? 4 : 20) == 0;
}

static void play_batch(struct month *month, size_t from, size_t to)
{
	int64_t at = month->world.arrivals[from].at;
	bool away = at == month->world.away_to;
	struct lines lines = take_lines(month, at);
	char mark[32];

	if (away) {
		fake_hub_kill(run.hub);
	}
	clock_to(at);
	world_mark(at, mark);
	slack_mark(&slack, mark);
	for (size_t i = from; i < to; i++) {
		come(&month->world.arrivals[i]);
	}
	if (away) {
		fake_hub_bind(run.hub);
	} else if (crashes(month, at, lines)) {
		crash(month, lines);
	}
	all_acked();
	if (!slack_seen(month->events)) {
		compare(month);
	}
}

static void play(struct month *month)
{
	size_t next;

	run_start();
	for (size_t i = 0; i < month->world.count; i = next) {
		next = world_batch(&month->world, i);
		play_batch(month, i, next);
	}
}

static int number_of(const char *variable, int otherwise)
{
	const char *value = getenv(variable);

	return value ? (int)strtol(value, NULL, 10) : otherwise;
}

/* BUILDBUS_MONTH=30 is the whole month of twenty pipelines; BUILDBUS_SEED another one. */
static struct world_size size(void)
{
	int days = number_of("BUILDBUS_MONTH", 0), seed = number_of("BUILDBUS_SEED", 1);

	return days ? (struct world_size){.pipelines = 20, .days = days, .storm = 10, .seed = (uint64_t)seed}
		    : (struct world_size){.pipelines = 5, .days = 3, .storm = 2, .seed = (uint64_t)seed};
}

Test(slack_month, is_the_conversation_that_was_to_be)
{
	struct month month = {.day = -1};
	char more[40];

	world_new(&month.world, size());
	month.random = slack.seed = month.world.size.seed;
	month.at = month.wanted = world_conversation(&month.world);
	snprintf(more, sizeof more, ", storm: %d", month.world.size.storm);
	slack_configure(more);
	slack.permille = 20;
	play(&month);
	cr_assert(*month.at == '\0', "it was not all played: %.100s", month.at);
	compare(&month);
	cr_expect(run.hub->dead_count == 0);
	cr_expect(month.crashes >= month.world.size.days);
	fprintf(stderr, "%zu results, %zu outages, %zu lines, %d crashes\n", month.world.count,
		month.world.outage_count, month.events, month.crashes);
	free(month.wanted);
	world_free(&month.world);
}
