/* Writes a store.db with a long past: web-fill STATE_DIR BUILDS PIPELINES */
/* SPDX-License-Identifier: MIT */
#include "common/process.h"
#include "tests/bench/history.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	struct store_db store = {0};
	struct history history = {.days = 60, .jobs = 2, .now_ms = wall_ms()};
	struct err err;

	if (argc != 4) {
		fprintf(stderr, "usage: web-fill STATE_DIR BUILDS PIPELINES\n");
		return 2;
	}
	history.builds = (int)strtol(argv[2], NULL, 10);
	history.pipelines = (int)strtol(argv[3], NULL, 10);
	if (store_db_open(&store, argv[1], &err) != OK) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	history_write(&history, &store, 1000);
	store_db_close(&store);
	return 0;
}
