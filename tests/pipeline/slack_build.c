/* A build from a line of a script. */
/* SPDX-License-Identifier: MIT */
#include "common/time.h"
#include "tests/pipeline/slack_run.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE MINUTE_MS

struct line {
	struct build build;
	struct job jobs[8];
	char words[400], id[200], url[240], email[120], job_urls[8][260];
	int64_t took_ms, created_ms, at_ms;
};

static const struct {
	const char *word;
	int state, result;
} results[] = {
	{"passed", STATE_FINISHED, RESULT_SUCCESS},
	{"failed", STATE_FINISHED, RESULT_FAILURE},
	{"error", STATE_FINISHED, RESULT_ERROR},
	{"timeout", STATE_FINISHED, RESULT_TIMEOUT},
	{"cancelled", STATE_FINISHED, RESULT_CANCELLATION},
	{"skipped", STATE_FINISHED, RESULT_SKIP},
	{"running", STATE_RUNNING, RESULT_NULL},
	{"queued", STATE_QUEUED, RESULT_NULL},
	{"blocked", STATE_BLOCKED, RESULT_NULL},
};

static bool set_result(struct build *build, const char *word)
{
	for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
		if (strcmp(results[i].word, word) == 0) {
			build->state = results[i].state;
			build->result = results[i].result;
			return true;
		}
	}
	return false;
}

static void add_job(struct line *line, const char *name)
{
	struct job *job = &line->jobs[line->build.jobs.count++];

	job_init(job);
	job->id = job->name = text_of(name);
	job->kind = KIND_SCRIPT;
	job->state = STATE_FINISHED;
	job->result = line->build.result;
	job->attempt = 1;
	snprintf(line->job_urls[job - line->jobs], sizeof line->job_urls[0], "%s#%s", line->url, name);
	job->url = text_of(line->job_urls[job - line->jobs]);
}

static void set_jobs(struct line *line, char *names)
{
	char *name;

	line->build.jobs = (struct field_list){.items = line->jobs};
	while ((name = strsep(&names, ",")) && line->build.jobs.count < 8) {
		add_job(line, name);
	}
}

static int word_of(const char *const *words, const char *wanted)
{
	for (int i = 1; words[i]; i++) {
		if (strcmp(words[i], wanted) == 0) {
			return i;
		}
	}
	return 0;
}

static void set_author(struct line *line, const char *login)
{
	snprintf(line->email, sizeof line->email, "%s@example.com", login);
	line->build.author.login = line->build.author.name = text_of(login);
	line->build.author.email = text_of(line->email);
}

static bool set_option(struct line *line, const char *name, char *value)
{
	struct build *build = &line->build;
	const struct {
		const char *name;
		struct text *text;
	} texts[] = {{"branch", &build->branch},
		     {"default", &build->default_branch},
		     {"provider", &build->provider},
		     {"org", &build->organization},
		     {"message", &build->message}};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (strcmp(texts[i].name, name) == 0) {
			*texts[i].text = text_of(value);
			return true;
		}
	}
	if (strcmp(name, "by") == 0) {
		set_author(line, value);
	} else if (strcmp(name, "took") == 0) {
		line->took_ms = strtol(value, NULL, 10) * MINUTE;
	} else if (strcmp(name, "created") == 0) {
		line->created_ms = strtol(value, NULL, 10) * MINUTE;
	} else if (strcmp(name, "attempt") == 0) {
		build->attempt = strtol(value, NULL, 10);
	} else if (strcmp(name, "trigger") == 0) {
		build->trigger = word_of(trigger_words, value);
	} else if (strcmp(name, "origin") == 0) {
		build->origin = word_of(origin_words, value);
	} else if (strcmp(name, "job") == 0) {
		set_jobs(line, value);
	} else {
		return false;
	}
	return true;
}

static void begin(struct line *line)
{
	struct build *build = &line->build;

	build_init(build);
	build->provider = text_of("buildkite");
	build->organization = text_of("acme");
	build->branch = build->default_branch = text_of("main");
	build->message = text_of("Fix it");
	build->trigger = TRIGGER_PUSH;
	build->origin = ORIGIN_LIVE;
	build->version = run.hub->head + 1;
	line->took_ms = 5 * MINUTE;
	set_author(line, "ann");
}

/* Named before the options, which may change it. */
static bool read_name(struct line *line, char **rest)
{
	char *pipeline = strsep(rest, " "), *number = strsep(rest, " "), *commit = strsep(rest, " "),
	     *result = strsep(rest, " ");

	if (!result || !set_result(&line->build, result)) {
		return false;
	}
	line->build.pipeline = text_of(pipeline);
	line->build.number = strtol(number, NULL, 10);
	line->build.commit = text_of(commit);
	return true;
}

static void set_times(struct line *line)
{
	struct build *build = &line->build;
	int64_t end = MONDAY + line->at_ms;

	build->created_at = end - (line->created_ms ? line->created_ms : line->took_ms);
	build->queued_at = build->created_at;
	if (build->state != STATE_QUEUED) {
		build->started_at = build->state == STATE_FINISHED ? end - line->took_ms : end;
		build->queue_ms =
			build->started_at > build->queued_at ? build->started_at - build->queued_at : 0;
	}
	if (build->state == STATE_FINISHED) {
		build->finished_at = end;
		build->duration_ms = line->took_ms;
	}
}

static void set_names(struct line *line)
{
	struct build *build = &line->build;

	snprintf(line->id, sizeof line->id, "%.*s/%.*s/%.*s/%lld", TEXT_FMT(build->provider),
		 TEXT_FMT(build->organization), TEXT_FMT(build->pipeline), (long long)build->number);
	snprintf(line->url, sizeof line->url, "https://ci.example.com/%.*s/%lld", TEXT_FMT(build->pipeline),
		 (long long)build->number);
	build->id = text_of(line->id);
	build->url = text_of(line->url);
}

void build_comes_at(struct spot spot, int64_t at_ms, const char *text)
{
	struct line line = {.at_ms = at_ms};
	char *rest = line.words, *word;

	begin(&line);
	snprintf(line.words, sizeof line.words, "%s", text);
	if (!read_name(&line, &rest)) {
		fail_at(spot, "not a build: %s", text);
	}
	set_names(&line);
	while ((word = strsep(&rest, " "))) {
		char *value = strchr(word, '=');
		if (!value) {
			fail_at(spot, "not an option: %s in %s", word, text);
		}
		*value++ = '\0';
		if (!set_option(&line, word, value)) {
			fail_at(spot, "not an option: %s in %s", word, text);
		}
	}
	set_names(&line);
	set_times(&line);
	fake_hub_add_build(run.hub, &line.build);
}
