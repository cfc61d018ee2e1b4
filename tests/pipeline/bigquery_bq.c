/* Google's own `bq` against the fake: what a client that no one here wrote finds there is what it finds at
 * Google.
 */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"
#include "tests/support/place.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake_bigquery fake;
static struct place *place;

static const char discovery[] = "/usr/lib/google-cloud-sdk/platform/bq/discovery_next/bigquery.json";

static void init(void)
{
	place = place_new();
	fake.any_token = true;
	fake_bigquery_start(&fake);
}

static void fini(void)
{
	fake_bigquery_stop(&fake);
	place_free(&place);
}

TestSuite(bigquery_bq, .init = init, .fini = fini, .timeout = 400);

static void need_bq(void)
{
	if (system("command -v bq >/dev/null 2>&1") != 0 || access(discovery, R_OK) != 0) {
		cr_skip_test("bq of the Google Cloud SDK is not installed");
	}
}

/* Runs `bq ARGUMENTS`; returns its exit code, and what it printed in out. */
static int bq(char *out, size_t size, const char *arguments)
{
	char command[2000];
	FILE *pipe;
	size_t used;
	int code;

	snprintf(command, sizeof command,
		 "cd %s && HOME=%s bq --oauth_access_token=x --api http://127.0.0.1:%d --discovery_file=%s "
		 "--project_id=demo --headless --format=json %s 2>&1",
		 place->folder, place->folder, fake.port, discovery, arguments);
	pipe = popen(command, "r");
	cr_assert(pipe);
	used = fread(out, 1, size - 1, pipe);
	out[used] = '\0';
	code = pclose(pipe);
	return WIFEXITED(code) ? WEXITSTATUS(code) : -1;
}

static void expect(const char *arguments, int code, const char *word)
{
	static char out[65536];
	int got = bq(out, sizeof out, arguments);

	cr_expect(got == code && strstr(out, word), "bq %s ended with %d: %s", arguments, got, out);
}

Test(bigquery_bq, makes_lists_shows_inserts_loads_and_reads)
{
	need_bq();
	place_write(place, "rows.json", "{\"n\": 1, \"at\": \"2026-01-01T00:00:00Z\"}\n");
	place_write(place, "bad.json", "{\"n\": \"one\"}\n");
	place_write(place, "more.json", "{\"n\": 2}\n{\"n\": 3}\n");
	expect("mk --dataset demo:ci", 0, "");
	expect("mk --table --schema n:INTEGER,at:TIMESTAMP --time_partitioning_field at --clustering_fields "
	       "n "
	       "ci.t",
	       0, "");
	expect("show ci.t", 0, "\"clustering\"");
	expect("ls ci", 0, "\"t\"");
	expect("insert ci.t rows.json", 0, "");
	expect("insert ci.t bad.json", 1, "Cannot convert");
	expect("load --source_format=NEWLINE_DELIMITED_JSON ci.t more.json", 0, "");
	expect("head -n 10 ci.t", 0, "\"n\":\"3\"");
	cr_expect(bq_sql(&fake, "SELECT count(*) FROM row") == 3);
}
