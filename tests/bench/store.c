/* bench-store [BUILDS] [BATCH] [JOBS] [FOLDER]: how many builds a second go into store.db, with their jobs
 * and what the dashboard's figures are made of; and once more as newer versions. FOLDER keeps the file. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"
#include "tests/bench/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double overhead(const struct history *history)
{
	double began = seconds();
	struct build build;

	for (int i = 0; i < history->builds; i++) {
		history_build(history, i, &build);
	}
	return seconds() - began;
}

int main(int argc, char **argv)
{
	struct history history = {.builds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 100000,
				  .pipelines = 200,
				  .days = 60,
				  .jobs = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 5,
				  .now_ms = (int64_t)time(NULL) * 1000};
	int batch = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 256;
	struct hub_process place = {0};
	struct store_db store;
	struct err err;
	double took;

	argc > 4 ? (void)snprintf(place.dir, sizeof place.dir, "%s", argv[4]) : place_make(&place);
	if (store_db_open(&store, place.dir, &err) != OK) {
		fail(err.text);
	}
	took = history_write(&history, &store, batch) - overhead(&history);
	printf("%d builds of %d jobs, %d a transaction: %.0f builds/s\n", history.builds, history.jobs, batch,
	       history.builds / took);
	store_db_close(&store);
	if (argc <= 4) {
		place_remove(&place);
	}
	return 0;
}
