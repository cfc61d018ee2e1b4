/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/sync_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#define ARGS_MAX 20

struct child *sync_start(const struct sync_place *where, const char *const *args, const char *out)
{
	const char *all[ARGS_MAX + 4] = {"sync", "--config-file", where->place->config};

	for (size_t i = 0; args[i] && i < ARGS_MAX; i++) {
		all[3 + i] = args[i];
	}
	return child_start(&(struct launch){.place = where->place,
					    .program = "buildbus",
					    .args = all,
					    .env = where->env,
					    .no_ready = true,
					    .stdout_path = place_path(where->place, out)});
}

struct sync_run sync_result(const struct sync_place *where, struct child *child, const char *out)
{
	struct sync_run run = {.code = child_end(child)};
	size_t size;

	run.err = child_text(child);
	run.out = place_read(where->place, out, &size);
	child_free(&child);
	return run;
}

struct sync_run sync_once_at(struct spot spot, const struct sync_place *where, int code,
			     const char *const *args)
{
	static int number;
	char out[24];
	struct sync_run run;

	snprintf(out, sizeof out, "once-%d", number++);
	run = sync_result(where, sync_start(where, args, out), out);
	if (run.code != code) {
		fail_at(spot, "exit %d instead of %d: %s%s", run.code, code, run.err, run.out);
	}
	return run;
}

void sync_run_free(struct sync_run *run)
{
	free(run->out);
	free(run->err);
	*run = (struct sync_run){0};
}

int64_t sync_told(const struct sync_run *run, const char *key)
{
	yyjson_doc *doc = yyjson_read(run->out, strlen(run->out), 0);
	yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(doc), key);
	int64_t number = yyjson_is_bool(value) ? yyjson_get_bool(value) : yyjson_get_sint(value);

	cr_assert_not_null(value, "no %s in: %s", key, run->out);
	yyjson_doc_free(doc);
	return number;
}
