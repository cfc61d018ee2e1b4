/* `buildbus validate`: what it prints where, and its exit code. */
/* SPDX-License-Identifier: MIT */
#include "compose/validate.h"

#include "common/config_kinds.h"
#include "tests/unit/config_case.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(validate, .init = case_open, .fini = case_close);

static char out[8192], errors[8192];

static void read_text(const char *name, char text[static 8192])
{
	FILE *file = fopen(name, "r");

	cr_assert_not_null(file);
	text[fread(text, 1, 8191, file)] = '\0';
	cr_assert(fclose(file) == 0);
}

/* stdout and stderr go to files meanwhile; Criterion talks to its runner by a pipe of its own. */
static int validate(const char *text)
{
	int code;

	write_file("buildbus.yml", text);
	cr_assert(freopen("out", "w", stdout) && freopen("errors", "w", stderr));
	code = validate_run("buildbus.yml", false);
	fflush(stdout);
	fflush(stderr);
	read_text("out", out);
	read_text("errors", errors);
	return code;
}

Test(validate, prints_a_line_a_key_and_no_secret)
{
	setenv("BK_TOKEN", "hush-hush", 1);
	cr_expect(validate("bus: {state_dir: /state}\n"
			   "sources:\n"
			   "- buildkite:\n"
			   "    name: main\n"
			   "    access_token: $BK_TOKEN\n"
			   "    organization_slug: acme\n"
			   "    pipeline_slug: [web, api]\n"
			   "destinations:\n"
			   "- store: {listen: 127.0.0.1:8080}\n") == 0);
	cr_expect_str_eq(errors, "");
	cr_expect_str_eq(out, "ok   bus: state_dir /state\n"
			      "ok   bus: ingest ipc:///state/ingest.ipc\n"
			      "ok   bus: feed ipc:///state/feed.ipc\n"
			      "ok   bus: tap ipc:///state/tap.ipc\n"
			      "ok   bus: insecure false\n"
			      "ok   bus: log_retention 7d\n"
			      "ok   bus: raw_retention 30d\n"
			      "ok   bus: absent_max 7d\n"
			      "ok   bus: min_free 1GiB\n"
			      "ok   sources[0] buildkite: name main\n"
			      "ok   sources[0] buildkite: access_token ***\n"
			      "ok   sources[0] buildkite: organization_slug acme\n"
			      "ok   sources[0] buildkite: pipeline_slug web, api\n"
			      "ok   sources[0] buildkite: since 30d\n"
			      "ok   sources[0] buildkite: poll_interval 30s\n"
			      "ok   sources[0] buildkite: coverage false\n"
			      "ok   sources[0] buildkite: api_url https://api.buildkite.com/v2\n"
			      "ok   destinations[0] store: listen 127.0.0.1:8080\n"
			      "ok   destinations[0] store: insecure false\n"
			      "ok   buildbus.yml: sources 1, destinations 1\n");
}

Test(validate, prints_every_problem_and_what_is_good)
{
	cr_expect(validate("bus: {tap: nowhere}\n"
			   "sources:\n"
			   "- buildkite:\n"
			   "    access_token: $UNSET_HERE\n"
			   "    pipeline_slug: web\n"
			   "- buildkite: {name: b, access_token: t, organization_slug: acme, pipeline_slug: "
			   "web}\n"
			   "destinations:\n- slack: {}\n") == 2);
	cr_expect_str_eq(errors,
			 "bad  buildbus.yml:1: bus.tap: must be tcp://HOST:PORT or ipc://PATH\n"
			 "bad  buildbus.yml:4: sources[0].buildkite.access_token: the variable "
			 "UNSET_HERE is not set; set it, or "
			 "write ${UNSET_HERE:-default}\n"
			 "bad  buildbus.yml:3: sources[0].buildkite.organization_slug: missing: the "
			 "slug of the organization, as in "
			 "buildkite.com/SLUG\n"
			 "bad  buildbus.yml:8: destinations[0].slack: token is missing: the bot token of a "
			 "Slack app, or webhook_url of an incoming webhook\n"
			 "bad  buildbus.yml: 4 problems\n");
	cr_expect_not_null(strstr(out, "ok   sources[1] buildkite: organization_slug acme\n"));
	cr_expect_null(strstr(out, "sources[0]"));
}

Test(validate, tells_that_nothing_will_be_fetched)
{
	cr_expect(validate("destinations: [store]\n") == 0);
	cr_expect_not_null(strstr(out, "note buildbus.yml: names no source, so nothing will be fetched\n"));
}

Test(validate, tells_of_a_redact_path_that_takes_too_much)
{
	cr_expect(validate("sources:\n"
			   "- buildkite:\n"
			   "    access_token: t\n"
			   "    organization_slug: acme\n"
			   "    pipeline_slug: web\n"
			   "    redact: [meta_data, number]\n") == 2);
	cr_expect_str_eq(errors,
			 "bad  buildbus.yml:6: sources[0].buildkite.redact: \"number\" takes number of "
			 "the build, without which there is no record\n"
			 "bad  buildbus.yml: 1 problem\n");
}

Test(validate, tells_of_a_file_that_is_none)
{
	cr_expect(validate("") == 2);
	cr_expect_str_eq(errors, "bad  buildbus.yml: is empty; docs/config.md shows what belongs there\n"
				 "bad  buildbus.yml: 1 problem\n");
}

/* Whoever adds a kind must also say here how it is read. */
Test(validate, can_read_every_kind_that_has_a_process)
{
	for (const struct config_kind *kind = config_kinds; kind->kind; kind++) {
		char text[128];

		if (kind->available) {
			snprintf(text, sizeof text, "%s: [%s]\n",
				 kind->side == SECTION_SOURCE ? "sources" : "destinations", kind->kind);
			(void)validate(text);
			cr_expect_null(strstr(errors, "no rows"), "%s", kind->kind);
		}
	}
}

Test(validate, tells_what_goes_beyond_single_keys)
{
	cr_expect(validate("destinations:\n"
			   "- firestore:\n"
			   "    firebase_project_id: demo\n"
			   "    projects: {acme/web: one, acme/api: one}\n") == 2);
	cr_expect_str_eq(
		errors, "bad  buildbus.yml:2: destinations[0].firestore: projects: acme/web and acme/api are "
			"both on one: their builds would overwrite each other, give each an id of its own\n"
			"bad  buildbus.yml: 1 problem\n");
}
