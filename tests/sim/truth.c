/* SPDX-License-Identifier: MIT */
#include "tests/sim/truth.h"
#include "tests/sim/artifacts.h"
#include "tests/sim/when.h"

#include <string.h>

/* Their word -> ours (docs/record.md), written here a second time on purpose. */
static const struct {
	const char *state, *result;
} words[BUILD_STATES] = {
	[BUILD_CREATING] = {"queued", NULL},      [BUILD_SCHEDULED] = {"queued", NULL},
	[BUILD_RUNNING] = {"running", NULL},      [BUILD_FAILING] = {"running", NULL},
	[BUILD_CANCELING] = {"running", NULL},    [BUILD_PASSED] = {"finished", "success"},
	[BUILD_FAILED] = {"finished", "failure"}, [BUILD_CANCELED] = {"finished", "cancellation"},
	[BUILD_SKIPPED] = {"finished", "skip"},   [BUILD_NOT_RUN] = {"finished", "skip"},
	[BUILD_BLOCKED] = {"blocked", NULL},
};

static void put_ms(struct put in, const char *key, int64_t ms)
{
	if (ms) {
		put_int(in, key, ms);
	} else {
		put_null(in, key);
	}
}

static void put_identity(struct put in, const struct build *build)
{
	const struct pipeline *pipeline = build->pipeline;

	put_format(in, "id", "buildkite/%s/%s/%lld", pipeline->organization->slug, pipeline->slug,
		   (long long)build->number);
	put_text(in, "uid", build->uuid);
	put_text(in, "provider", "buildkite");
	put_text(in, "organization", pipeline->organization->slug);
	put_text(in, "pipeline", pipeline->slug);
	put_int(in, "number", build->number);
}

/* Something could run or ran at that moment: work that opens right then counts, a retry pressed then does
 * not. */
static bool is_busy(const struct build *build, int64_t at)
{
	for (int i = 0; i < build->job_count; i++) {
		const struct job *job = &build->jobs[i];
		bool pressed = job->retry == RETRY_MANUAL && job->created == at;

		if (job->step->type != JOB_MANUAL && job->runnable <= at && job->done > at && !pressed) {
			return true;
		}
	}
	return false;
}

struct attempt {
	int64_t number, since, started; /* since: when the button was pressed; 0 for the first */
};

/* A retry by hand begins an attempt when nothing ran any more; later ones belong to it while it runs. */
static struct attempt newest_attempt(const struct build *build, int64_t now)
{
	struct attempt attempt = {.number = 1, .started = build->view.started};

	for (int64_t after = 0;;) {
		int64_t pressed = NEVER;

		for (int i = 0; i < build->job_count; i++) {
			const struct job *job = &build->jobs[i];

			if (job->retry == RETRY_MANUAL && job->created > after && job->created < pressed) {
				pressed = job->created;
			}
		}
		if (pressed > now) {
			break;
		}
		if (!is_busy(build, pressed)) {
			attempt = (struct attempt){attempt.number + 1, pressed, 0};
		}
		after = pressed;
	}
	for (int i = 0; i < build->job_count && attempt.since; i++) {
		int64_t started = build->jobs[i].started;

		if (started >= attempt.since && started <= now &&
		    (!attempt.started || started < attempt.started)) {
			attempt.started = started;
		}
	}
	return attempt;
}

static void put_coverage(struct put in, const struct build *build, enum build_state state, int64_t now)
{
	bool over = words[state].result && build->view.started;
	double coverage = over ? artifact_coverage(build, now) : -1;

	if (coverage < 0) {
		put_null(in, "coverage");
	} else {
		put_real(in, "coverage", coverage);
	}
}

static void put_duration(struct put in, int64_t started, int64_t finished)
{
	if (started && finished) {
		put_int(in, "duration_ms", finished > started ? finished - started : 0);
	} else {
		put_null(in, "duration_ms");
	}
}

/* Why it ran, in our word. */
static const char *trigger_word(const struct build *build)
{
	static const char *const sources[][2] = {{"webhook", "push"},
						 {"api", "api"},
						 {"ui", "manual"},
						 {"trigger_job", "upstream"},
						 {"schedule", "schedule"}};

	if (strcmp(build->source, "webhook") == 0 && build->pull_request) {
		return "pull_request";
	}
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		if (strcmp(build->source, sources[i][0]) == 0) {
			return sources[i][1];
		}
	}
	return "other";
}

static void put_origin(struct put in, const struct build *build)
{
	const struct pipeline *pipeline = build->pipeline;

	put_text(in, "branch", build->branch);
	put_text(in, "tag", build->tag);
	put_text(in, "commit", build->commit);
	put_text(in, "message", build->message);
	put_text(in, "trigger", trigger_word(build));
	put_ms(in, "pull_request", build->pull_request);
	put_format(in, "repository", "https://github.com/%s/%s.git", pipeline->organization->slug,
		   pipeline->slug);
}

static void put_state(struct put in, const struct build *build, int64_t now)
{
	const struct view *view = &build->view;
	enum build_state state = view->blocked ? BUILD_BLOCKED : view->state;
	struct attempt attempt = newest_attempt(build, now);

	put_int(in, "attempt", attempt.number);
	put_text(in, "state", words[state].state);
	put_text(in, "result", words[state].result);
	put_text(in, "provider_state", build_state_word(view->state));
	put_int(in, "created_at", build->created);
	put_ms(in, "started_at", attempt.started);
	put_ms(in, "finished_at", state == BUILD_BLOCKED ? 0 : view->finished);
	put_coverage(in, build, state, now);
	put_duration(in, attempt.started, state == BUILD_BLOCKED ? 0 : view->finished);
	put_ms(in, "provider_started_at", view->started);
	put_ms(in, "provider_finished_at", view->finished);
}

static void add_line(struct text *out, struct build *build, int64_t now)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);

	yyjson_mut_doc_set_root(doc, in.object);
	build_look(build, now);
	put_identity(in, build);
	put_origin(in, build);
	put_state(in, build, now);
	truth_put_jobs(in, build, now);
	payload_add_doc(out, doc);
	text_add(out, "\n", 1);
}

void truth_add(struct text *out, struct world *world, const struct organization *organization,
	       const struct pipeline *pipeline)
{
	const struct build_list *list = pipeline       ? &pipeline->builds
					: organization ? &organization->builds
						       : &world->builds;

	for (size_t i = 0; i < list->count; i++) {
		add_line(out, list->items[i], world->now);
	}
}
