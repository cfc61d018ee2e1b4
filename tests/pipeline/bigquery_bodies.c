/* What the sink sends is what the REST API's schemas allow, and its views are BigQuery's SQL. */
/* SPDX-License-Identifier: MIT */
#include "tests/pipeline/bigquery_run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER BINARY_DIR "/tests/bigquery"

TestSuite(bigquery_bodies, .init = run_init, .fini = run_fini, .timeout = 300);

/* NULL: not on this machine. */
static const char *specification(void)
{
	static char path[4096];
	const char *const folders[] = {getenv("BUILDBUS_SPECS"), SOURCE_DIR "/../shared/specs",
				       SOURCE_DIR "/../../shared/specs"};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		snprintf(path, sizeof path, "%s/bigquery.v2.swagger2-strict.json",
			 folders[i] ? folders[i] : "");
		if (folders[i] && access(path, R_OK) == 0) {
			return path;
		}
	}
	return NULL;
}

/* The packages stay in the build's folder for the next run. */
static bool have_packages(void)
{
	return system("node --version >/dev/null 2>&1 && { test -d " FOLDER
		      "/node_modules/node-sql-parser || { "
		      "mkdir -p " FOLDER " && cd " FOLDER
		      " && timeout -k 5 120 npm install --no-audit --no-fund "
		      "--prefer-offline --ignore-scripts ajv@8 node-sql-parser@5 >npm.log 2>&1; }; }") == 0;
}

static void check(const char *spec, const char *bodies)
{
	char command[9000], said[400] = "";
	int valid, invalid, refused, controls, queries;
	FILE *pipe;

	snprintf(command, sizeof command,
		 "NODE_PATH=" FOLDER "/node_modules node " SOURCE_DIR "/tests/fakes/bigquery/check.js %s %s",
		 spec, bodies);
	pipe = popen(command, "r");
	cr_assert(pipe && fgets(said, sizeof said, pipe), "%s", command);
	pclose(pipe);
	cr_assert(sscanf(said, "%d valid, %d invalid, %d of %d controls refused, %d queries", &valid,
			 &invalid, &refused, &controls, &queries) == 5,
		  "%s", said);
	cr_expect(invalid == 0 && refused == controls && queries == 4 && valid >= 8, "%s", said);
}

Test(bigquery_bodies, are_valid_by_the_schemas_and_views_are_bigquerys_sql)
{
	const char *spec = specification();
	const char *bodies;

	if (!spec) {
		cr_skip_test("no specification of BigQuery beside the project or in $BUILDBUS_SPECS");
	}
	if (!have_packages()) {
		cr_skip_test("no npm registry gave ajv and node-sql-parser");
	}
	bodies = place_path(run.place, "bodies");
	bigquery.bodies = fopen(bodies, "w");
	cr_assert(bigquery.bodies);
	builds_come(1, 50);
	run_start();
	all_acked();
	child_kill(run.sink);
	child_free(&run.sink);
	fake_hub_forget(run.hub);
	run_configure(", mode: stream");
	builds_come(51, 100);
	run_start();
	all_acked();
	cr_expect(versions() == 100);
	check(spec, bodies);
	fclose(bigquery.bodies);
}
