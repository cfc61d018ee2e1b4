/* SPDX-License-Identifier: MIT */
#include "compose/sync_report.h"
#include "compose/status_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP_NONE, STEP_FETCH, STEP_WRITE };

/* What of a status a person waits for. */
struct standing {
	size_t targets, visited;
	bool finding;           /* there may be more of them */
	int64_t builds, behind; /* behind: records that the slowest sink has yet to confirm */
};

void progress_init(struct sync_progress *progress, bool quiet)
{
	*progress = (struct sync_progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO)};
}

/* `*` finds pipelines, `@` and `+` watch several of them: they begin the last part of a target's name, where
 * no slug has them. */
static const char *mark_of(yyjson_mut_val *target)
{
	const char *name = yyjson_mut_get_str(status_at(target, "target"));

	return name ? strpbrk(name, "*@+") : NULL;
}

static struct standing standing_of(yyjson_mut_val *status)
{
	struct standing standing = {.builds = yyjson_mut_get_sint(status_at(status, "builds"))};
	int64_t uptime_ms = yyjson_mut_get_sint(status_at(status, "uptime_ms"));
	yyjson_mut_val *each;
	size_t index, max;

	yyjson_mut_arr_foreach(status_at(status, "targets"), index, max, each)
	{
		yyjson_mut_val *ago = status_at(each, "visited_ms_ago");
		bool visited = yyjson_mut_is_num(ago) && yyjson_mut_get_sint(ago) <= uptime_ms;
		const char *mark = mark_of(each);

		if (mark) {
			standing.finding |=
				*mark == '*' && !visited && !yyjson_mut_is_str(status_at(each, "last_error"));
			continue;
		}
		standing.targets++;
		standing.visited += visited;
	}
	yyjson_mut_arr_foreach(status_at(status, "sinks"), index, max, each)
	{
		int64_t behind = yyjson_mut_get_sint(status_at(each, "lag_records"));

		behind = behind < standing.builds ? behind : standing.builds; /* no superseded ones */
		standing.behind = behind > standing.behind ? behind : standing.behind;
	}
	return standing;
}

static void show_bar(struct sync_progress *progress, const struct standing *now)
{
	fprintf(stderr, "\r\033[K%zu of %zu pipeline%s read, %" PRId64 " build%s", now->visited, now->targets,
		now->targets == 1 ? "" : "s", now->builds, now->builds == 1 ? "" : "s");
	if (now->behind > 0) {
		fprintf(stderr, ", %" PRId64 " to be written", now->behind);
	}
	fflush(stderr);
	progress->open = true;
}

static void show_step(struct sync_progress *progress, const struct standing *now)
{
	if (now->finding) {
		return;
	}
	if (progress->step < STEP_FETCH) {
		progress->step = STEP_FETCH;
		fprintf(stderr, "reading %zu pipeline%s\n", now->targets, now->targets == 1 ? "" : "s");
	}
	if (progress->step < STEP_WRITE && now->visited == now->targets) {
		progress->step = STEP_WRITE;
		fprintf(stderr, "read %" PRId64 " build%s\n", now->builds, now->builds == 1 ? "" : "s");
	}
}

void progress_show(struct sync_progress *progress, yyjson_mut_val *status)
{
	struct standing now = standing_of(status);

	if (progress->quiet || now.targets == 0) {
		return;
	}
	progress->terminal ? show_bar(progress, &now) : show_step(progress, &now);
}

void progress_end(struct sync_progress *progress)
{
	if (progress->open) {
		fputs("\r\033[K", stderr);
		progress->open = false;
	}
}

static void print_sink(const struct sync_sink *sink, int64_t known)
{
	printf("%s: %" PRId64 " new, %" PRId64 " updated, %" PRId64 " unchanged, %" PRId64 " failed\n",
	       sink->name, sink->created, sink->updated, sink->unchanged + known, sink->rejected);
}

void report_text(const struct sync_outcome *outcome)
{
	const struct sync_tally *tally = outcome->tally;

	printf("fetched %" PRId64 " build%s with %" PRId64 " request%s in %" PRId64 ".%" PRId64 " s\n",
	       tally_fetched(tally), tally_fetched(tally) == 1 ? "" : "s", tally->requests,
	       tally->requests == 1 ? "" : "s", outcome->ms / 1000, outcome->ms % 1000 / 100);
	if (outcome->dry_run) {
		puts("dry run: nothing was written");
		return;
	}
	for (size_t i = 0; i < tally->sink_count; i++) {
		print_sink(&tally->sinks[i], tally->known);
	}
	if (outcome->good) {
		puts("The data has been synced successfully!");
	}
}

static void add_counts(yyjson_mut_doc *doc, yyjson_mut_val *object, const struct sync_sink *counts,
		       int64_t known)
{
	yyjson_mut_obj_add_int(doc, object, "new", counts->created);
	yyjson_mut_obj_add_int(doc, object, "updated", counts->updated);
	yyjson_mut_obj_add_int(doc, object, "unchanged", counts->unchanged + known);
	yyjson_mut_obj_add_int(doc, object, "failed", counts->rejected);
}

void report_json(const struct sync_outcome *outcome)
{
	const struct sync_tally *tally = outcome->tally;
	struct sync_sink sum = tally_sum(tally);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *sinks;
	char *text;

	sum.rejected += outcome->unreadable;
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_bool(doc, root, "ok", outcome->good);
	yyjson_mut_obj_add_bool(doc, root, "dry_run", outcome->dry_run);
	yyjson_mut_obj_add_int(doc, root, "fetched", tally_fetched(tally));
	add_counts(doc, root, &sum, tally->known);
	yyjson_mut_obj_add_int(doc, root, "requests", tally->requests);
	yyjson_mut_obj_add_real(doc, root, "seconds", (double)outcome->ms / 1000);
	sinks = yyjson_mut_obj_add_obj(doc, root, "destinations");
	for (size_t i = 0; i < tally->sink_count; i++) {
		add_counts(doc, yyjson_mut_obj_add_obj(doc, sinks, tally->sinks[i].name), &tally->sinks[i],
			   tally->known);
	}
	text = yyjson_mut_write(doc, 0, NULL);
	puts(text ? text : "{}");
	free(text);
	yyjson_mut_doc_free(doc);
}
