/* SPDX-License-Identifier: MIT */
#include "tests/unit/slack_case.h"

#include "common/config_private.h"
#include "tests/unit/config_case.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define WHERE "destinations[0].slack"

static void add(void *arg, int line, const char *sentence)
{
	struct slack_case *given = arg;
	size_t used = strlen(given->problems);
	const char *at = strstr(sentence, WHERE);

	(void)line;
	at = at ? at + strlen(WHERE) : sentence;
	at += *at == '.' ? 1 : strncmp(at, ": ", 2) == 0 ? 2 : 0;
	snprintf(given->problems + used, sizeof given->problems - used, "%s\n", at);
}

bool slack_case_read(struct slack_case *given, const char *lines)
{
	struct config_problems problems = {.report = add, .arg = given};
	char text[8192];
	struct err err;

	*given = (struct slack_case){0};
	snprintf(text, sizeof text, "destinations:\n- slack:\n%s", lines);
	write_file("buildbus.yml", text);
	if (config_load_all(&given->file, "buildbus.yml", config_kinds, &problems) == OK &&
	    config_read_all(&given->file, &given->file.sections[0], slack_config_rows, &given->config,
			    &problems) == OK &&
	    slack_config_check(&given->config, &given->file, &err) != OK) {
		add(given, 0, err.text);
	}
	return !*given->problems;
}

void slack_case_free(struct slack_case *given)
{
	config_free(slack_config_rows, &given->config);
	config_fini(&given->file);
}
