/* SPDX-License-Identifier: MIT */
#include "compose/status_print.h"
#include "common/time.h"
#include "compose/table.h"

#include <inttypes.h>
#include <stdbool.h>

enum { TARGETS_SHOWN = 40, NO_LIMIT = 1000000 /* requests a minute: more than anybody asks */ };

/* A cell's text: the value at a path like "lease.worker" in a form for people. */
struct shown {
	char text[TABLE_CELL_MAX];
};

enum form { FORM_PLAIN, FORM_DURATION, FORM_BYTES };

yyjson_mut_val *status_at(yyjson_mut_val *value, const char *path)
{
	for (; value && *path; path += strcspn(path, "."), path += *path == '.') {
		value = yyjson_mut_obj_getn(value, path, strcspn(path, "."));
	}
	return value;
}

static void show_bytes(int64_t bytes, struct shown *shown)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof units / sizeof *units) {
		value /= 1024;
		unit++;
	}
	snprintf(shown->text, sizeof shown->text, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void show_number(yyjson_mut_val *value, enum form form, struct shown *shown)
{
	int64_t number =
		yyjson_mut_is_real(value) ? (int64_t)yyjson_mut_get_real(value) : yyjson_mut_get_sint(value);

	if (form == FORM_DURATION) {
		duration_format(number, shown->text);
	} else if (form == FORM_BYTES) {
		show_bytes(number, shown);
	} else if (yyjson_mut_is_real(value)) {
		snprintf(shown->text, sizeof shown->text, "%.1f", yyjson_mut_get_real(value));
	} else {
		snprintf(shown->text, sizeof shown->text, "%" PRId64, number);
	}
}

/* Returned by value, so that several fit into one printf. */
static struct shown show(yyjson_mut_val *from, const char *path, enum form form)
{
	yyjson_mut_val *value = status_at(from, path);
	struct shown shown = {.text = "-"};

	if (yyjson_mut_is_num(value)) {
		show_number(value, form, &shown);
	} else if (yyjson_mut_is_bool(value)) {
		snprintf(shown.text, sizeof shown.text, "%s", yyjson_mut_get_bool(value) ? "yes" : "no");
	} else if (yyjson_mut_is_str(value) && yyjson_mut_get_len(value) > 0) {
		snprintf(shown.text, sizeof shown.text, "%s", yyjson_mut_get_str(value));
	} else if (yyjson_mut_is_arr(value)) {
		snprintf(shown.text, sizeof shown.text, "%zu", yyjson_mut_arr_size(value));
	}
	return shown;
}
#define SHOW(from, path, form) (show(from, path, FORM_##form).text)

static bool is_true(yyjson_mut_val *value, const char *path)
{
	return yyjson_mut_get_bool(status_at(value, path));
}

static void print_problem(yyjson_mut_val *problem)
{
	bool since = yyjson_mut_is_num(status_at(problem, "for_ms"));

	printf("%s %s%s%s: %s\n", is_true(problem, "stuck") ? "STUCK  " : "LOOK AT",
	       SHOW(problem, "where", PLAIN), since ? ", for " : "",
	       since ? SHOW(problem, "for_ms", DURATION) : "",
	       yyjson_mut_get_str(status_at(problem, "text")));
}

static void print_problems(yyjson_mut_val *status)
{
	yyjson_mut_val *problems = status_at(status, "problems"), *problem;
	size_t index, max;

	if (problems && yyjson_mut_arr_size(problems) == 0) {
		printf("nothing is stuck\n");
	}
	yyjson_mut_arr_foreach(problems, index, max, problem)
	{
		print_problem(problem);
	}
	printf("\n");
}

static void print_hub(yyjson_mut_val *status)
{
	printf("normalizer %s, up %s: %s builds, %s of them open, %s dead letters\n",
	       SHOW(status, "version", PLAIN), SHOW(status, "uptime_ms", DURATION),
	       SHOW(status, "builds", PLAIN), SHOW(status, "open", PLAIN), SHOW(status, "dead", PLAIN));
	printf("in the last minute: %s records changed, %s unchanged, %s stale, %s sent, %s acknowledged\n",
	       SHOW(status, "last_minute.changed", PLAIN), SHOW(status, "last_minute.unchanged", PLAIN),
	       SHOW(status, "last_minute.stale", PLAIN), SHOW(status, "last_minute.sent", PLAIN),
	       SHOW(status, "last_minute.acked", PLAIN));
	printf("since its start: %s records changed, %s unchanged, %s stale, %s sent, %s acknowledged; %s "
	       "requests refused\n",
	       SHOW(status, "since_start.changed", PLAIN), SHOW(status, "since_start.unchanged", PLAIN),
	       SHOW(status, "since_start.stale", PLAIN), SHOW(status, "since_start.sent", PLAIN),
	       SHOW(status, "since_start.acked", PLAIN), SHOW(status, "since_start.errors", PLAIN));
	printf("disk: hub.db has %s (%s of it the WAL, %s free inside), %s are free, %s are to be kept "
	       "free\n\n",
	       SHOW(status, "disk.db_bytes", BYTES), SHOW(status, "disk.wal_bytes", BYTES),
	       SHOW(status, "disk.spare_bytes", BYTES), SHOW(status, "disk.free_bytes", BYTES),
	       SHOW(status, "disk.min_free_bytes", BYTES));
}

/* "acme:acme/web" of the source acme; not its discovery, live walk and details. */
static bool is_pipeline(yyjson_mut_val *target, const char *source)
{
	static const char *const ends[] = {"*", "/@live", ":+details"};
	const char *name = yyjson_mut_get_str(status_at(target, "target"));
	size_t size = name ? strlen(name) : 0, prefix = strlen(source);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (size >= strlen(ends[i]) && strcmp(name + size - strlen(ends[i]), ends[i]) == 0) {
			return false;
		}
	}
	return size > prefix && strncmp(name, source, prefix) == 0 && name[prefix] == ':';
}

static void add_pipelines(struct table *table, yyjson_mut_val *status, const char *source)
{
	size_t index, max, count = 0;
	yyjson_mut_val *target;

	yyjson_mut_arr_foreach(status_at(status, "targets"), index, max, target)
	{
		count += is_pipeline(target, source);
	}
	table_cell(table, "%s%zu", is_true(status, "cut") ? "over " : "", count);
}

static void add_budget(struct table *table, yyjson_mut_val *source)
{
	bool none = yyjson_mut_get_sint(status_at(source, "budget_per_min")) >= NO_LIMIT;

	table_cell(table, "%s", none ? "no limit" : SHOW(source, "budget_per_min", PLAIN));
}

static void print_sources(yyjson_mut_val *status)
{
	static const char *const titles[] = {"SOURCE",  "PIPELINES",         "TARGETS", "IN VISIT",
					     "DUE",     "LATE BY",           "FAILING", "OPEN",
					     "WORKERS", "REQUESTS A MINUTE", NULL};
	struct table table;
	size_t index, max;
	yyjson_mut_val *sources = status_at(status, "sources"), *source;

	table_init(&table, titles);
	yyjson_mut_arr_foreach(sources, index, max, source)
	{
		table_cell(&table, "%s", SHOW(source, "name", PLAIN));
		add_pipelines(&table, status, SHOW(source, "name", PLAIN));
		table_cell(&table, "%s", SHOW(source, "targets", PLAIN));
		table_cell(&table, "%s", SHOW(source, "visits", PLAIN));
		table_cell(&table, "%s", SHOW(source, "due", PLAIN));
		table_cell(&table, "%s", SHOW(source, "overdue_ms", DURATION));
		table_cell(&table, "%s", SHOW(source, "failing", PLAIN));
		table_cell(&table, "%s", SHOW(source, "open", PLAIN));
		table_cell(&table, "%s", SHOW(source, "workers", PLAIN));
		add_budget(&table, source);
	}
	table_print(&table, stdout);
	table_fini(&table);
	printf("\n");
}

static void add_visited(struct table *table, yyjson_mut_val *target)
{
	bool was = yyjson_mut_is_num(status_at(target, "visited_ms_ago"));

	table_cell(table, "%s%s", was ? SHOW(target, "visited_ms_ago", DURATION) : "never",
		   was ? " ago" : "");
}

static void add_due(struct table *table, yyjson_mut_val *target)
{
	yyjson_mut_val *due = status_at(target, "due_in_ms");

	if (yyjson_mut_is_obj(status_at(target, "lease"))) {
		table_cell(table, "in a visit");
	} else if (due && yyjson_mut_get_sint(due) <= 0) {
		table_cell(table, "now");
	} else {
		table_cell(table, "%s%s", due ? "in " : "", SHOW(target, "due_in_ms", DURATION));
	}
}

static void add_target(struct table *table, yyjson_mut_val *target)
{
	table_cell(table, "%s", SHOW(target, "target", PLAIN));
	add_visited(table, target);
	add_due(table, target);
	table_cell(table, "%s", SHOW(target, "lease.worker", PLAIN));
	table_cell(table, "%s", SHOW(target, "open", PLAIN));
	table_cell(table, "%s", SHOW(target, "cursor_bytes", BYTES));
	table_cell(table, "%s", SHOW(target, "last_error", PLAIN));
}

/* Of many only those that somebody may look for. */
static bool is_remarkable(yyjson_mut_val *target)
{
	return yyjson_mut_is_obj(status_at(target, "lease")) ||
	       yyjson_mut_is_str(status_at(target, "last_error"));
}

static void print_targets(yyjson_mut_val *targets)
{
	static const char *const titles[] = {"TARGET", "VISITED", "DUE",        "WORKER",
					     "OPEN",   "CURSOR",  "LAST ERROR", NULL};
	struct table table;
	size_t index, max, hidden = 0;
	yyjson_mut_val *target;
	bool all = yyjson_mut_arr_size(targets) <= TARGETS_SHOWN;

	table_init(&table, titles);
	yyjson_mut_arr_foreach(targets, index, max, target)
	{
		if (all || is_remarkable(target)) {
			add_target(&table, target);
		} else {
			hidden++;
		}
	}
	table_print(&table, stdout);
	table_fini(&table);
	if (hidden > 0) {
		printf("and %zu more, whose last visit was well (--json has them)\n", hidden);
	}
	printf("\n");
}

void status_print_sinks(yyjson_mut_val *sinks)
{
	static const char *const titles[] = {"SINK",   "ATTACHED", "BEHIND BY",    "FOR", "LAST SEEN",
					     "LAPSED", "MISSED",   "DEAD LETTERS", NULL};
	struct table table;
	size_t index, max;
	yyjson_mut_val *sink;

	table_init(&table, titles);
	yyjson_mut_arr_foreach(sinks, index, max, sink)
	{
		bool attached = is_true(sink, "attached");

		table_cell(&table, "%s", SHOW(sink, "name", PLAIN));
		table_cell(&table, "%s", SHOW(sink, "attached", PLAIN));
		table_cell(&table, "%s records", SHOW(sink, "lag_records", PLAIN));
		table_cell(&table, "%s", SHOW(sink, "lag_ms", DURATION));
		table_cell(&table, "%s%s", attached ? "now" : SHOW(sink, "seen_ms_ago", DURATION),
			   attached ? "" : " ago");
		table_cell(&table, "%s", SHOW(sink, "lapsed", PLAIN));
		table_cell(&table, "%s", SHOW(sink, "missed_versions", PLAIN));
		table_cell(&table, "%s", SHOW(sink, "dead", PLAIN));
	}
	table_print(&table, stdout);
	table_fini(&table);
}

static void print_replays(yyjson_mut_val *replays)
{
	size_t index, max;
	yyjson_mut_val *replay;

	yyjson_mut_arr_foreach(replays, index, max, replay)
	{
		if (!yyjson_mut_is_num(status_at(replay, "ended_at"))) {
			printf("replay to %s: at record %s of %s, %s sent again, %s made anew%s\n",
			       SHOW(replay, "sink", PLAIN), SHOW(replay, "at", PLAIN),
			       SHOW(replay, "until", PLAIN), SHOW(replay, "sent", PLAIN),
			       SHOW(replay, "made", PLAIN),
			       is_true(replay, "waits") ? ", waits for the sink" : "");
		}
	}
}

static void print_restored(yyjson_mut_val *restored_at)
{
	char at[32];

	if (yyjson_mut_is_num(restored_at)) {
		time_format(yyjson_mut_get_sint(restored_at), at);
		printf("hub.db was put back at %s\n", at);
	}
}

void status_print(yyjson_mut_val *status)
{
	print_problems(status);
	print_hub(status);
	print_restored(status_at(status, "restored_at"));
	print_replays(status_at(status, "replays"));
	print_sources(status);
	print_targets(status_at(status, "targets"));
	status_print_sinks(status_at(status, "sinks"));
}
