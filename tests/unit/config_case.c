/* SPDX-License-Identifier: MIT */
#include "tests/unit/config_case.h"

#include "common/config_private.h"
#include "common/time.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const choices[] = {"load", "stream", NULL};

#define AT(member) .offset = offsetof(struct every, member), .help = "a " #member
const struct config_row every_rows[] = {
	{.key = "text", .type = CONFIG_TEXT, .fallback = "plain", .alias = "old_text", AT(text)},
	{.key = "secret", .type = CONFIG_SECRET, AT(secret)},
	{.key = "path", .type = CONFIG_PATH, AT(path)},
	{.key = "path_file", .type = CONFIG_PATH, AT(path_file)},
	{.key = "api_url", .type = CONFIG_URL, .fallback = "https://api.example/v1/", AT(api_url)},
	{.key = "auth_url", .type = CONFIG_URL, AT(auth_url)},
	{.key = "number", .type = CONFIG_INT, .min = -5, .max = 10, AT(number)},
	{.key = "duration", .type = CONFIG_DURATION, .min = SECOND_MS, .max = HOUR_MS, AT(duration)},
	{.key = "size", .type = CONFIG_SIZE, .min = 1024, AT(size)},
	{.key = "flag", .type = CONFIG_BOOL, AT(flag)},
	{.key = "since", .type = CONFIG_SINCE, AT(since)},
	{.key = "list", .type = CONFIG_LIST, AT(list)},
	{.key = "map", .type = CONFIG_MAP, AT(map)},
	{.key = "choice", .type = CONFIG_ENUM, .choices = choices, .fallback = "stream", AT(choice)},
	{.key = "outer.inner", .type = CONFIG_TEXT, AT(inner)},
	CONFIG_END,
};

const struct config_kind all_kinds[] = {
	{SECTION_SOURCE, "buildkite", true},      {SECTION_SOURCE, "circleci", true},
	{SECTION_DESTINATION, "store", true},     {SECTION_DESTINATION, "firestore", true},
	{SECTION_DESTINATION, "bigquery", false}, {0},
};

static char folder[64];

void case_open(void)
{
	static const char *const names[] = {"BUILDBUS_CONFIG",
					    "BUILDBUS_STATE_DIR",
					    "BUILDBUS_INGEST",
					    "BUILDBUS_CURVE_CERTIFICATE",
					    "BUILDBUS_BUILDKITE_API_URL",
					    "BUILDBUS_BUILDKITE_AUTH_URL",
					    "XDG_RUNTIME_DIR"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		unsetenv(names[i]);
	}
	snprintf(folder, sizeof folder, "/tmp/buildbus-config-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	cr_assert(chdir(folder) == 0);
}

void case_close(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
	cr_assert(chdir("/") == 0 && system(command) == 0);
}

void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	cr_assert_not_null(file);
	cr_assert(fputs(text, file) >= 0);
	cr_assert(fclose(file) == 0);
}

static void collect(void *arg, int line, const char *sentence)
{
	char *problems = arg;
	size_t used = strlen(problems);

	(void)line;
	snprintf(problems + used, 4096 - used, "%s\n", sentence);
}

void load(struct loaded *loaded, const char *text)
{
	struct config_problems problems = {.report = collect, .arg = loaded->problems};

	write_file("buildbus.yml", text);
	loaded->problems[0] = '\0';
	loaded->status = config_load_all(&loaded->config, "buildbus.yml", all_kinds, &problems);
}

enum status read_section(struct loaded *loaded, size_t i, const struct config_row *rows, void *target)
{
	struct config_problems problems = {.report = collect, .arg = loaded->problems};

	return config_read_all(&loaded->config, &loaded->config.sections[i], rows, target, &problems);
}

enum status read_every(const char *options, struct every *every, char problems[static 4096])
{
	char text[8192];
	struct loaded loaded;
	enum status status;

	snprintf(text, sizeof text, "sources:\n- buildkite:\n%s", options);
	load(&loaded, text);
	memset(every, 0, sizeof *every);
	status = loaded.status ? loaded.status : read_section(&loaded, 0, every_rows, every);
	snprintf(problems, 4096, "%s", loaded.problems);
	config_fini(&loaded.config);
	return status;
}
