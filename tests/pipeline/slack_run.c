/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/slack_run.h"
#include "common/time.h"

#include <stdlib.h>
#include <string.h>

struct fake_slack slack;
static const char *const secrets[] = {SLACK_TOKEN, NULL};

void slack_run_init(void)
{
	sink_run_init("buildbus-sink-slack", secrets);
	run.env[0] = clock_open(run.place, MONDAY, &slack);
	fake_slack_start(&slack);
	slack_configure("");
}

void slack_run_fini(void)
{
	sink_run_fini();
	fake_slack_stop(&slack);
	clock_close();
}

void slack_configure(const char *more)
{
	run_destination("slack: {token: %s, channel: \"#builds\", api_url: \"%s\"%s}", SLACK_TOKEN, slack.url,
			more);
}

void slack_kill(void)
{
	child_kill(run.sink);
	no_secret_told(HERE);
	child_free(&run.sink);
	fake_hub_forget(run.hub);
}

size_t slack_events(void)
{
	size_t events;

	slack_lock(&slack);
	events = slack.event_count;
	slack_unlock(&slack);
	return events;
}

static bool has_events(void *arg)
{
	clock_fly();
	return slack_events() >= *(const size_t *)arg || child_ended(run.sink);
}

bool slack_seen(size_t events)
{
	return slack_events() >= events ||
	       (run_until(run.loop, has_events, &events, (int)patience_ms()) && slack_events() >= events);
}

static void hurry(void)
{
	clock_to(clock_now() + 5 * SECOND_MS);
}

static bool has_events_late(void *arg)
{
	hurry();
	return slack_events() >= *(const size_t *)arg || child_ended(run.sink);
}

bool slack_seen_late(size_t events)
{
	return run_until(run.loop, has_events_late, &events, (int)patience_ms()) && slack_events() >= events;
}

struct words {
	const char *text;
	int times;
};

static bool are_said(void *arg)
{
	const struct words *words = arg;

	hurry();
	return child_count(run.sink, words->text) >= words->times || child_ended(run.sink);
}

void slack_says_at(struct spot spot, const char *text, int times)
{
	struct words words = {text, times};

	run_until(run.loop, are_said, &words, (int)patience_ms());
	if (child_count(run.sink, text) < times) {
		fail_at(spot, "it did not say %s %d times", text, times);
	}
}

static bool is_held(void *arg)
{
	(void)arg;
	clock_fly();
	return slack_holds(&slack);
}

void slack_held_at(struct spot spot)
{
	if (!run_until(run.loop, is_held, NULL, (int)patience_ms())) {
		fail_at(spot, "no request was held");
	}
}

static size_t line_size(const char *text)
{
	return strcspn(text, "\n");
}

void same_conversation_at(struct spot spot, const char *is, const char *wanted)
{
	int line = 1;
	const char *a = is, *b = wanted;

	while (*a && *b && line_size(a) == line_size(b) && strncmp(a, b, line_size(a)) == 0) {
		a += line_size(a) + (a[line_size(a)] == '\n');
		b += line_size(b) + (b[line_size(b)] == '\n');
		line++;
	}
	if (*a || *b) {
		fail_at(spot, "line %d is\n  %.*s\nnot\n  %.*s\nin\n%.6000s", line, (int)line_size(a), a,
			(int)line_size(b), b, is);
	}
}
