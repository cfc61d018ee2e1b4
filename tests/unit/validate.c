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
			 "bad  buildbus.yml:3: sources[0].buildkite.organization_slug: missing: the "
			 "slug of the organization, as in "
			 "buildkite.com/SLUG\n"
			 "bad  buildbus.yml:4: sources[0].buildkite.access_token: the variable "
			 "UNSET_HERE is not set; set it, or "
			 "write ${UNSET_HERE:-default}\n"
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

static void expect_errors(const char *text, const char *expected)
{
	cr_expect(validate(text) == 2, "%s", text);
	cr_expect_str_eq(errors, expected);
}

/* What `up` could not start, or a browser not reach. */
Test(validate, tells_of_addresses_that_are_none)
{
	static const char *const bad[] = {
		"127.0.0.1:99999", "127.0.0.1",     "127.0.0.1:8443x", "8080",
		"127.0.0.1:",      "127.0.0.300:1", "[::1:80",         "http://x:80"};
	static const char *const good[] = {"127.0.0.1:0", "[::1]:8443", "localhost:65535"};
	char text[256], expected[512];

	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(text, sizeof text, "destinations:\n- store: {listen: \"%s\"}\n", bad[i]);
		snprintf(expected, sizeof expected,
			 "bad  buildbus.yml:2: destinations[0].store.listen: \"%s\": write it as ADDR:PORT, "
			 "e.g. 127.0.0.1:8080\n"
			 "bad  buildbus.yml: 1 problem\n",
			 bad[i]);
		expect_errors(text, expected);
	}
	for (size_t i = 0; i < COUNT(good); i++) {
		snprintf(text, sizeof text, "destinations:\n- store: {listen: \"%s\"}\n", good[i]);
		cr_expect(validate(text) == 0, "%s: %s", good[i], errors);
	}
	expect_errors("bus: {tap: \"tcp://127.0.0.1:99999\"}\n",
		      "bad  buildbus.yml:1: bus.tap: must be tcp://HOST:PORT with a port from 1 to 65535\n"
		      "bad  buildbus.yml: 1 problem\n");
	expect_errors(
		"sources:\n- buildkite: {access_token: secret, organization_slug: acme, pipeline_slug: web, "
		"api_url: \"http://127.0.0.1:99999/v2\"}\n",
		"bad  buildbus.yml:2: sources[0].buildkite.api_url: must be a URL whose port is from 1 to "
		"65535\n"
		"bad  buildbus.yml: 1 problem\n");
}

Test(validate, tells_what_an_address_without_host_means)
{
	cr_expect(validate("destinations:\n- store: {listen: \":8080\"}\n") == 2);
	cr_expect_not_null(strstr(errors, "every address of this machine"));
	cr_expect_not_null(strstr(errors, "write ADDR:PORT, e.g. 127.0.0.1:8080"));
	cr_expect(validate("destinations:\n- store: {listen: \":8080\", insecure: true}\n") == 0);
}

Test(validate, tells_of_certificates_that_no_page_can_show)
{
	cr_expect(validate("destinations:\n- store: {listen: \"127.0.0.1:0\", tls: {certificate: nope.pem, "
			   "key: nope.pem}}\n") == 2);
	cr_expect_not_null(strstr(errors, "buildbus.yml:2: destinations[0].store: tls.certificate /"), "%s",
			   errors);
	cr_expect_not_null(strstr(errors, "/nope.pem: can't be read: No such file"), "%s", errors);
}

Test(validate, notes_a_secret_that_logs_can_not_hide)
{
	cr_expect(validate("sources:\n- buildkite: {access_token: t, organization_slug: acme, pipeline_slug: "
			   "web}\n") == 0);
	cr_expect_not_null(strstr(out, "note sources[0] buildkite: access_token is so short"));
	cr_expect(validate("sources:\n- buildkite: {access_token: bkua_12345, organization_slug: acme, "
			   "pipeline_slug: web}\n") == 0);
	cr_expect_null(strstr(out, "note"));
}

Test(validate, shows_no_destination_in_place_of_one_that_is_wrong)
{
	cr_expect(validate("destinations: store\n") == 2);
	cr_expect_null(strstr(out, "destinations[0]"));
}

/* In the order of lines; and one bad value hides neither the next key nor what keys must have in common. */
Test(validate, tells_of_all_keys_at_once_line_by_line)
{
	expect_errors(
		"destinations:\n"
		"- slack:\n"
		"    webhook_url: https://hooks.slack.com/services/T/B/x\n"
		"    channel: \"#builds\"\n"
		"    storm: many\n"
		"    rules:\n"
		"    - quiet_hours:\n"
		"        time_zone: Berlin\n"
		"        times: 22-7\n"
		"bus: {tap: nowhere}\n",
		"bad  buildbus.yml:2: destinations[0].slack: channel: a webhook posts where it was made "
		"for; remove the channel, or use a token\n"
		"bad  buildbus.yml:5: destinations[0].slack.storm: \"many\" is not a whole number\n"
		"bad  buildbus.yml:8: destinations[0].slack.rules[0].quiet_hours.time_zone: \"Berlin\" is "
		"no time zone of this machine: write one such as Europe/Berlin (the package tzdata has "
		"them), UTC, or a fixed offset such as +02:00\n"
		"bad  buildbus.yml:9: destinations[0].slack.rules[0].quiet_hours.times: \"22-7\" is no "
		"span: write [DAY|DAY-DAY] [HH:MM-HH:MM], as in \"22:00-07:00\", \"sat-sun\", \"fri "
		"18:00-24:00\"\n"
		"bad  buildbus.yml:10: bus.tap: must be tcp://HOST:PORT or ipc://PATH\n"
		"bad  buildbus.yml: 5 problems\n");
}
