/* Buildkite-shaped builds of about 9 KB with 5 jobs, all different. */
/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench.h"

#include "common/raw.h"
#include "common/record.h"

#include <stdlib.h>

#define JOBS 5
/* What a real build carries beside the fields that matter: commands, log addresses, agent meta-data. */
static const char filler[] = "set -euo pipefail; export PATH=/opt/tools/bin:$PATH; ./scripts/ci/run --suite "
			     "integration --shard 3/8 --report "
			     "junit.xml --retries 2 --verbose && ./scripts/ci/upload-artifacts coverage/** "
			     "logs/** junit.xml && echo done. ";

static void add_job(char **at, char *end, int number, int index, const char *base)
{
	char id[64];

	snprintf(id, sizeof id, "018c%04x-%04x-4a98-8270-%012x", number & 0xffff, index,
		 (unsigned)number * 7919u + (unsigned)index);
	*at += snprintf(*at, (size_t)(end - *at),
			"%s{\"id\":\"%s\",\"graphql_id\":\"Sm9iLS0t%s\",\"type\":\"script\",\"name\":\":"
			"pipeline: Step %d of "
			"build\",\"step_key\":\"step-%d\",\"group_key\":null,\"agent_query_rules\":[\"queue="
			"default\"],\"state\":"
			"\"passed\",\"web_url\":\"https://buildkite.com/acme/bench/builds/"
			"%d#%s\",\"log_url\":\"%s/jobs/%s/log\","
			"\"raw_log_url\":\"%s/jobs/%s/"
			"log.txt\",\"command\":\"%s%s\",\"soft_failed\":false,\"exit_status\":0,"
			"\"artifact_paths\":\"coverage/**;logs/"
			"**\",\"agent\":{\"id\":\"%s\",\"name\":\"agent-%d\",\"connection_state\":"
			"\"connected\",\"hostname\":\"ip-10-0-0-%d\",\"version\":\"3.99.0\",\"meta_data\":["
			"\"queue=default\",\"os=linux\"]},"
			"\"created_at\":\"2026-11-20T10:00:00.%03dZ\",\"scheduled_at\":\"2026-11-20T10:00:00."
			"%03dZ\",\"runnable_at\":"
			"\"2026-11-20T10:00:01.%03dZ\",\"started_at\":\"2026-11-20T10:00:05.%03dZ\","
			"\"finished_at\":\"2026-11-20T10:03:"
			"05.%03dZ\",\"retried\":false,\"retried_in_job_id\":null,\"retries_count\":null,"
			"\"retry_type\":null,"
			"\"parallel_group_index\":null,\"parallel_group_total\":null,\"matrix\":null}",
			index ? "," : "", id, id, index, index, number, id, base, id, base, id, filler,
			filler, id, index, index, number % 1000, number % 1000, number % 1000, number % 1000,
			number % 1000);
}

static size_t build_body(int number, char *out, size_t size)
{
	char base[128], *at = out, *end = out + size;

	snprintf(base, sizeof base,
		 "https://api.buildkite.com/v2/organizations/acme/pipelines/bench/builds/%d", number);
	at += snprintf(at, (size_t)(end - at),
		       "{\"id\":\"f62a1b4d-10f9-4790-bc1c-%012d\",\"url\":\"%s\",\"web_url\":\"https://"
		       "buildkite.com/acme/bench/"
		       "builds/%d\",\"number\":%d,\"state\":\"passed\",\"blocked\":false,\"message\":\"Bench "
		       "\\u00fc build %d: make "
		       "it "
		       "faster\",\"commit\":\"%040d\",\"branch\":\"main\",\"tag\":null,\"source\":"
		       "\"webhook\",\"creator\":{"
		       "\"name\":\"Ada "
		       "Bench\",\"email\":\"ada@example.com\"},\"created_at\":\"2026-11-20T10:00:00.%03dZ\","
		       "\"scheduled_at\":\"2026-11-20T10:00:00.%03dZ\",\"started_at\":\"2026-11-20T10:00:05.%"
		       "03dZ\",\"finished_at\":"
		       "\"2026-11-20T10:03:05.%03dZ\",\"meta_data\":{},\"pull_request\":{},\"rebuilt_from\":"
		       "null,\"pipeline\":{"
		       "\"slug\":\"bench\",\"name\":\"Bench\",\"repository\":\"git@github.com:acme/"
		       "bench.git\",\"default_branch\":"
		       "\"main\",\"created_at\":\"2015-05-09 21:05:59 UTC\"},\"jobs\":[",
		       number, base, number, number, number, number, number % 1000, number % 1000,
		       number % 1000, number % 1000);
	for (int i = 0; i < JOBS; i++) {
		add_job(&at, end, number, i, base);
	}
	at += snprintf(at, (size_t)(end - at), "]}");
	return (size_t)(at - out);
}

void payload_pack(int number, msgpack_sbuffer *out)
{
	static char body[32768];
	char key[16];
	struct raw raw = {.provider = TEXT("buildkite"),
			  .source = TEXT("buildkite"),
			  .kind = RAW_BUILD,
			  .observed_at = 1795000000000,
			  .origin = ORIGIN_LIVE,
			  .body = {body, build_body(number, body, sizeof body)}};

	snprintf(key, sizeof key, "%d", number);
	raw.key = text_of(key);
	raw_pack(&raw, out);
}
