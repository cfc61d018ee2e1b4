/* CircleCI's JSON of one pipeline with its workflows to a record, or to one for each workflow (circleci.h).
 */
/* SPDX-License-Identifier: MIT */
#include "normalizer/circleci.h"
#include "normalizer/repository.h"

#include "common/time.h"

#include <inttypes.h>

/* A pipeline that has had no workflow for so long has nothing to run. */
#define NO_WORKFLOW_MS (1 * HOUR_MS)
/* CircleCI lets a setup workflow be continued for so long. */
#define SETUP_MS (6 * HOUR_MS)

/* gh/acme/api: the slug in its short form; records spell github and bitbucket as CircleCI's own slugs do. */
struct slug {
	struct text vcs, organization, project;
};

static bool cut_part(struct text *rest, struct text *part)
{
	const char *slash = rest->size ? memchr(rest->at, '/', rest->size) : NULL;

	*part = (struct text){rest->at, slash ? (size_t)(slash - rest->at) : rest->size};
	if (slash) {
		rest->at = slash + 1;
		rest->size -= part->size + 1;
	}
	return slash && part->size > 0;
}

static struct slug read_slug(struct json *pipeline)
{
	struct text rest = json_text(pipeline, "project_slug");
	struct slug slug = {0};

	if (!cut_part(&rest, &slug.vcs) || !cut_part(&rest, &slug.organization) || rest.size == 0) {
		json_fail(pipeline, "project_slug", "not the slug of a project (gh/acme/api)");
		return slug;
	}
	slug.project = rest;
	if (text_is(slug.vcs, "github")) {
		slug.vcs = TEXT("gh");
	} else if (text_is(slug.vcs, "bitbucket")) {
		slug.vcs = TEXT("bb");
	}
	return slug;
}

/* The address of a pipeline in the web application, which has the long names. */
static const char *web_url(struct arena *arena, const struct slug *slug, int64_t number)
{
	struct text vcs = text_is(slug->vcs, "gh")   ? TEXT("github")
			  : text_is(slug->vcs, "bb") ? TEXT("bitbucket")
						     : slug->vcs;
	char *organization = id_part(arena, slug->organization), *project = id_part(arena, slug->project);

	return organization && project
		       ? arena_format(arena, "https://app.circleci.com/pipelines/%.*s/%s/%s/%" PRId64,
				      TEXT_FMT(vcs), organization, project, number)
		       : NULL;
}

static void put_place(struct json *pipeline, const struct raw *raw, const struct slug *slug,
		      struct build *build)
{
	struct arena *arena = pipeline->doc->arena;
	char *vcs = id_part(arena, slug->vcs), *organization = id_part(arena, slug->organization),
	     *project = id_part(arena, slug->project), *id = NULL;

	if (vcs && organization && project) {
		id = arena_format(arena, "circleci/%s/%s/%s/%" PRId64, vcs, organization, project,
				  build->number);
	}
	build->id = text_of(id);
	build->organization = arena_join(arena, slug->vcs, TEXT("/"), slug->organization);
	build->pipeline = slug->project;
	build->api_url = raw->url;
	build->url = text_of(web_url(arena, slug, build->number));
	if (!id || !build->organization.at || !build->url.at) {
		json_full(pipeline);
	}
}

static void read_trigger(struct json *pipeline, struct build *build, struct normal_notes *notes)
{
	struct json trigger = json_object(pipeline, "trigger"), actor;
	struct text type = json_text(&trigger, "type");

	build->trigger = word_find(circleci_triggers, type);
	if (type.at && !build->trigger) {
		notes->unknown_words++;
		build->trigger = TRIGGER_OTHER;
	}
	actor = json_object(&trigger, "actor");
	build->author.login = json_text(&actor, "login");
}

static struct text join_message(struct json *commit)
{
	struct text subject = json_text(commit, "subject"), body = json_text(commit, "body"), whole;

	if (!subject.at || !body.at) {
		return subject.at ? subject : body;
	}
	whole = arena_join(commit->doc->arena, subject, TEXT("\n\n"), body);
	if (!whole.at) {
		json_full(commit);
	}
	return whole;
}

static struct text either(struct text text, yyjson_val *from, const char *key)
{
	yyjson_val *value = yyjson_obj_get(from, key);
	size_t size = yyjson_get_len(value);

	return text.at || !yyjson_is_str(value) || size == 0 ? text
							     : (struct text){yyjson_get_str(value), size};
}

/* What came by CircleCI's GitHub App or from GitLab has the commit here, mostly without `vcs`. No schema says
 * what is in it. */
static void read_trigger_parameters(struct json *pipeline, struct build *build)
{
	static const char *const places[] = {"git", "github_app", "gitlab"};
	yyjson_val *parameters = json_member(pipeline, "trigger_parameters");

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		yyjson_val *from = yyjson_obj_get(parameters, places[i]);

		build->commit = either(build->commit, from, "checkout_sha");
		build->commit = either(build->commit, from, "commit_sha");
		build->message = either(build->message, from, "commit_message");
		build->message = either(build->message, from, "commit_title");
		build->author.name = either(build->author.name, from, "commit_author_name");
		build->author.email = either(build->author.email, from, "commit_author_email");
		build->default_branch = either(build->default_branch, from, "default_branch");
		build->repository = either(build->repository, from, "repo_url");
		build->tag = build->branch.at ? build->tag : either(build->tag, from, "tag");
		build->branch = build->tag.at ? build->branch : either(build->branch, from, "branch");
	}
}

static void read_vcs(struct json *pipeline, struct build *build)
{
	struct json vcs = json_object(pipeline, "vcs"), commit;

	build->commit = json_text(&vcs, "revision");
	commit = json_object(&vcs, "commit");
	build->message = join_message(&commit);
	build->branch = json_text(&vcs, "branch");
	build->tag = json_text(&vcs, "tag");
	build->pull_request = json_int_if(&vcs, "review_id");
	if (build->trigger == TRIGGER_PUSH && build->pull_request != INT_NULL) {
		build->trigger = TRIGGER_PULL_REQUEST;
	}
	build->repository = json_text(&vcs, "target_repository_url");
	build->repository = either(build->repository, vcs.value, "origin_repository_url");
	read_trigger_parameters(pipeline, build);
	build->repository = repository_url(pipeline->doc->arena, build->repository);
}

/* Of a pipeline without a workflow, of which only its own state tells. */
static void read_state(struct json *pipeline, const struct raw *raw, struct build *build,
		       struct text *error_message, struct normal_notes *notes)
{
	const struct state_word *word = state_word_find(circleci_pipeline_states, build->provider_state);
	struct json errors = json_array(pipeline, "errors"), error;
	bool errored = json_next(&errors, &error);

	notes->unknown_words += build->provider_state.at && !word;
	build->state = word ? word->state : STATE_QUEUED;
	build->result = word ? word->result : RESULT_NULL;
	*error_message = errored ? json_text(&error, "message") : (struct text){0};
	if (errored) {
		build->state = STATE_FINISHED;
		build->result = RESULT_ERROR;
	} else if (build->state != STATE_FINISHED && build->created_at != INT_NULL &&
		   raw->observed_at - build->created_at > NO_WORKFLOW_MS) {
		build->state = STATE_FINISHED;
		build->result = RESULT_SKIP;
	}
	build->finished_at = build->state == STATE_FINISHED ? build->created_at : INT_NULL;
}

static bool is_errored(const struct build *pipeline)
{
	return text_is(pipeline->provider_state, "errored");
}

static bool is_set_up(const struct build *build)
{
	return !text_is(build->provider_state, "pending") && !text_is(build->provider_state, "setup") &&
	       !text_is(build->provider_state, "setup-pending");
}

/* What the pipeline says of itself is newer than what its workflows do. */
static void overrule(struct build *build, int state, int result)
{
	struct attempt *attempts = build->attempts.items;
	struct attempt *newest = &attempts[build->attempts.count - 1];

	build->state = newest->state = state;
	build->result = newest->result = result;
	if (state != STATE_FINISHED) {
		build->finished_at = build->duration_ms = newest->finished_at = INT_NULL;
	}
}

/* An error's message takes the place of the commit's. */
static void tell_error(struct build *build, struct text error_message)
{
	build->message = error_message.at ? error_message : build->message;
}

/* Behind a setup workflow that passed further ones will come, but not for ever; or they could not, and the
 * pipeline is `errored`. */
static void add_workflows(const struct json *root, const struct circleci_workflows *workflows,
			  const struct raw *raw, struct build *build, struct text error_message)
{
	bool set_up = is_set_up(build), errored = is_errored(build);

	circleci_attempts(root, workflows, build);
	if (build->state != STATE_FINISHED) {
		return;
	}
	if (errored) {
		overrule(build, STATE_FINISHED, RESULT_ERROR);
		build->provider_state = TEXT("errored");
		tell_error(build, error_message);
	} else if (!set_up && build->result == RESULT_SUCCESS && build->created_at != INT_NULL &&
		   raw->observed_at - build->created_at < SETUP_MS) {
		overrule(build, STATE_RUNNING, RESULT_NULL);
	}
}

static bool first_of_name(const struct circleci_workflows *all, size_t index)
{
	return all->items[index].attempt == 1;
}

/* Those of one name, as if there were no others. */
static struct circleci_workflows named(struct arena *arena, const struct circleci_workflows *all,
				       struct text name)
{
	struct circleci_workflows some = {.items = arena_alloc(arena, all->count * sizeof *some.items)};

	for (size_t i = 0; some.items && i < all->count; i++) {
		if (text_same(all->items[i].name, name)) {
			some.items[some.count++] = all->items[i];
			some.jobs += all->items[i].count;
		}
	}
	return some;
}

/* gh/acme/api/17 to gh/acme/api/<workflow>/17. */
static struct text id_with_workflow(struct arena *arena, struct text id, struct text name)
{
	size_t cut = id.size;
	char *part = id_part(arena, name);

	while (cut > 0 && id.at[cut - 1] != '/') {
		cut--;
	}
	return text_of(part ? arena_format(arena, "%.*s%s/%.*s", (int)cut, id.at, part, (int)(id.size - cut),
					   id.at + cut)
			    : NULL);
}

/* …/pipeline/<id> to …/workflow/<id of its newest run>. */
static struct text workflow_url(struct arena *arena, struct text url, struct text id)
{
	static const char pipeline[] = "/pipeline/";
	const char *at = url.at ? memmem(url.at, url.size, pipeline, sizeof pipeline - 1) : NULL;

	return text_of(at && id.at ? arena_format(arena, "%.*s/workflow/%.*s", (int)(at - url.at), url.at,
						  TEXT_FMT(id))
				   : NULL);
}

static size_t build_per_workflow(const struct json *root, const struct circleci_workflows *all,
				 const struct build *whole, struct build *builds)
{
	struct arena *arena = root->doc->arena;
	size_t count = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct build *build = &builds[count];
		struct circleci_workflows some;

		if (!first_of_name(all, i)) {
			continue;
		}
		*build = *whole;
		build->workflow = all->items[i].name;
		build->created_at = all->items[i].created_at;
		build->id = id_with_workflow(arena, whole->id, build->workflow);
		some = named(arena, all, build->workflow);
		if (!build->id.at || !some.items) {
			json_full(root);
			return 0;
		}
		build->api_url = workflow_url(arena, whole->api_url, some.items[some.count - 1].id);
		circleci_attempts(root, &some, build);
		count++;
	}
	return count;
}

static void read_pipeline(struct json *root, const struct raw *raw, struct build *build,
			  struct text *error_message, struct normal_notes *notes)
{
	struct json pipeline = json_object(root, "pipeline");
	struct slug slug;

	if (!pipeline.value) {
		json_fail(root, "pipeline", "missing");
		return;
	}
	build->provider = TEXT("circleci");
	build->uid = json_text(&pipeline, "id");
	slug = read_slug(&pipeline);
	build->number = json_int(&pipeline, "number");
	if (build->number < 0) {
		json_fail(&pipeline, "number", build->number == INT_NULL ? "missing" : "negative");
	}
	if (pipeline.doc->status != OK) {
		return;
	}
	put_place(&pipeline, raw, &slug, build);
	build->provider_state = json_text(&pipeline, "state");
	build->created_at = json_time(&pipeline, "created_at");
	read_trigger(&pipeline, build, notes);
	read_vcs(&pipeline, build);
	read_state(&pipeline, raw, build, error_message, notes);
}

/* Per workflow a build of the pipeline's own only where it ended without all that it was to run. */
static size_t put_builds(struct json *root, const struct circleci_workflows *workflows, const struct raw *raw,
			 struct build *whole, struct text error_message, struct build *builds)
{
	bool apart = text_is(json_text(root, "build_per"), "workflow"), any = workflows->count > 0;
	size_t count = any && apart ? build_per_workflow(root, workflows, whole, builds) : 0;

	if (apart && (any ? !is_errored(whole) : whole->state != STATE_FINISHED)) {
		return count;
	}
	if (any && !apart) {
		add_workflows(root, workflows, raw, whole, error_message);
	} else {
		tell_error(whole, error_message);
	}
	builds[count] = *whole;
	return count + 1;
}

static enum status normalize(const struct raw *raw, struct arena *arena, struct build **builds, size_t *count,
			     struct normal_notes *notes, struct err *err)
{
	struct json_doc doc = {.arena = arena, .err = err};
	struct circleci_workflows workflows;
	struct text error_message = {0};
	struct build whole;
	struct json root;
	enum status status = json_open(&doc, raw->body, &root);

	*count = 0;
	if (status != OK) {
		return status;
	}
	build_init(&whole);
	read_pipeline(&root, raw, &whole, &error_message, notes);
	circleci_workflows_read(&root, &workflows, notes);
	*builds = doc.status == OK ? arena_alloc(arena, (workflows.count + 1) * sizeof **builds) : NULL;
	if (doc.status == OK && !*builds) {
		json_full(&root);
	}
	if (doc.status == OK) {
		*count = put_builds(&root, &workflows, raw, &whole, error_message, *builds);
	}
	*count = doc.status == OK ? *count : 0;
	return doc.status;
}

const struct provider circleci_provider = {.name = "circleci", .normalize = normalize};
