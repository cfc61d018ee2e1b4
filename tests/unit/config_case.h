/* What the tests of the configuration share: a file in a folder of its own, loaded and read with the real
 * rows or with rows of every type. Each test is a process of its own, so it may change folder and
 * environment. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/config.h"
#include "common/config_kinds.h"
#include "fetchers/buildkite/config.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One member of each type. */
struct every {
	char *text, *secret, *path, *path_file, *api_url, *auth_url;
	int64_t number, duration, size;
	bool flag;
	struct config_since since;
	struct config_list list;
	struct config_map map;
	int choice;
	char *inner;
};
extern const struct config_row every_rows[];

/* Kinds as once all providers are there. */
extern const struct config_kind all_kinds[];

/* Goes to an empty temporary folder and clears BUILDBUS_*; `.init = case_open`, `.fini = case_close`. */
void case_open(void);
void case_close(void);
void write_file(const char *name, const char *text);

/* Writes text to buildbus.yml and loads it with all_kinds; every sentence goes to problems, one a line. */
struct loaded {
	struct config config;
	enum status status;
	char problems[4096];
};
void load(struct loaded *loaded, const char *text);
/* Reads section i with rows; its problems are appended. */
enum status read_section(struct loaded *loaded, size_t i, const struct config_row *rows, void *target);

/* One source with these lines as options, read with every_rows; config_free(every_rows, every) ends it. */
enum status read_every(const char *options, struct every *every, char problems[static 4096]);
