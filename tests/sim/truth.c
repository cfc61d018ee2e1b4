/* SPDX-License-Identifier: MIT */
#include "tests/sim/truth.h"
#include "tests/sim/when.h"

/* Their word -> ours (DESIGN.md section 4), written here a second time on purpose. */
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

static void put_state(struct put in, const struct build *build)
{
	const struct view *view = &build->view;
	enum build_state state = view->blocked ? BUILD_BLOCKED : view->state;

	put_text(in, "state", words[state].state);
	put_text(in, "result", words[state].result);
	put_text(in, "provider_state", build_state_word(view->state));
	put_text(in, "branch", build->branch);
	put_text(in, "commit", build->commit);
	put_text(in, "message", build->message);
	put_int(in, "created_at", build->created);
	put_ms(in, "started_at", view->started);
	if (state != BUILD_BLOCKED) {
		put_ms(in, "finished_at", view->finished);
	}
}

static void put_jobs(struct put in, const struct build *build, int64_t now)
{
	yyjson_mut_val *jobs = yyjson_mut_obj_add_arr(in.doc, in.object, "jobs");
	int count = 0;

	for (int i = 0; i < build->job_count; i++) {
		struct put job;

		if (!job_shows(build, i, now)) {
			continue;
		}
		job = put_new(in.doc);
		put_text(job, "id", build->jobs[i].uuid);
		put_text(job, "provider_state", job_state_word(build, i, now));
		put_bool(job, "superseded", job_superseded(build, i, now));
		yyjson_mut_arr_append(jobs, job.object);
		count++;
	}
	put_int(in, "job_count", count);
}

static void add_line(struct text *out, struct build *build, int64_t now)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	struct put in = put_new(doc);

	yyjson_mut_doc_set_root(doc, in.object);
	build_look(build, now);
	put_identity(in, build);
	put_state(in, build);
	put_jobs(in, build, now);
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
