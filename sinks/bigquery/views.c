/* SPDX-License-Identifier: MIT */
#include "sinks/bigquery/views.h"

#include <stdlib.h>
#include <string.h>

/* The newest row of each build. In mode `stream`, and after a hub was lost, a version may be there twice:
 * ROW_NUMBER takes one. */
static const char builds[] =
	"SELECT * EXCEPT(row_rank) FROM (\n"
	"  SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY version DESC) AS row_rank\n"
	"  FROM `$.build_events`\n"
	")\n"
	"WHERE row_rank = 1";

static const char build_days[] =
	"SELECT provider, organization, pipeline, DATE(created_at) AS day,\n"
	"  COUNT(*) AS builds,\n"
	"  COUNTIF(state = 'finished') AS finished,\n"
	"  COUNTIF(result = 'success') AS success,\n"
	"  COUNTIF(result = 'failure') AS failure,\n"
	"  COUNTIF(result = 'error') AS error,\n"
	"  COUNTIF(result = 'timeout') AS timeout,\n"
	"  COUNTIF(result = 'cancellation') AS cancellation,\n"
	"  COUNTIF(result = 'skip') AS skip,\n"
	"  SAFE_DIVIDE(COUNTIF(result = 'success'),\n"
	"    COUNTIF(result IN ('success', 'failure', 'error', 'timeout'))) AS success_rate,\n"
	"  MIN(duration_p50) AS duration_p50_ms, MIN(duration_p90) AS duration_p90_ms,\n"
	"  MIN(queue_p50) AS queue_p50_ms, MIN(queue_p90) AS queue_p90_ms\n"
	"FROM (\n"
	"  SELECT *,\n"
	"    PERCENTILE_CONT(duration_ms, 0.5) OVER (PARTITION BY provider, organization, pipeline,\n"
	"      DATE(created_at)) AS duration_p50,\n"
	"    PERCENTILE_CONT(duration_ms, 0.9) OVER (PARTITION BY provider, organization, pipeline,\n"
	"      DATE(created_at)) AS duration_p90,\n"
	"    PERCENTILE_CONT(queue_ms, 0.5) OVER (PARTITION BY provider, organization, pipeline,\n"
	"      DATE(created_at)) AS queue_p50,\n"
	"    PERCENTILE_CONT(queue_ms, 0.9) OVER (PARTITION BY provider, organization, pipeline,\n"
	"      DATE(created_at)) AS queue_p90\n"
	"  FROM `$.builds`\n"
	")\n"
	"GROUP BY provider, organization, pipeline, day";

/* At each moment the branch is as the build says that was created last among those that have ended with a
 * verdict, so that a late result of an older build neither breaks nor fixes: `told` knows for each what was
 * created last before it ended, `heard` has those that count, `turns` where it changed. */
#define BRANCH "PARTITION BY provider, organization, pipeline, branch ORDER BY finished_at, created_at"
static const char broken_main[] =
	"WITH verdicts AS (\n"
	"  SELECT provider, organization, pipeline, branch, id, created_at, finished_at,\n"
	"    result = 'success' AS passed\n"
	"  FROM `$.builds`\n"
	"  WHERE branch = default_branch AND state = 'finished'\n"
	"    AND result IN ('success', 'failure', 'error', 'timeout')\n"
	"    AND created_at IS NOT NULL AND finished_at IS NOT NULL\n"
	"),\n"
	"told AS (\n"
	"  SELECT *, MAX(created_at) OVER (" BRANCH "\n"
	"    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest_before\n"
	"  FROM verdicts\n"
	"),\n"
	"heard AS (\n"
	"  SELECT *, LAG(passed) OVER (" BRANCH ") AS passed_before\n"
	"  FROM told\n"
	"  WHERE newest_before IS NULL OR created_at > newest_before\n"
	"),\n"
	"turns AS (\n"
	"  SELECT *, LEAD(finished_at) OVER (" BRANCH ") AS fixed_at, LEAD(id) OVER (" BRANCH
	") AS fixed_by\n"
	"  FROM heard\n"
	"  WHERE passed_before IS NULL OR passed != passed_before\n"
	")\n"
	"SELECT provider, organization, pipeline, branch, finished_at AS broken_at, id AS broken_by, "
	"fixed_at,\n"
	"  fixed_by,\n"
	"  TIMESTAMP_DIFF(IFNULL(fixed_at, CURRENT_TIMESTAMP()), finished_at, MILLISECOND) AS broken_ms\n"
	"FROM turns\n"
	"WHERE NOT passed";

static const char job_durations[] =
	"SELECT b.provider, b.organization, b.pipeline, job.name AS job, DATE(b.created_at) AS day,\n"
	"  b.id AS build_id, b.number, job.id AS job_id, job.attempt, job.result, job.superseded,\n"
	"  job.queue_ms, job.duration_ms, job.runner.queue AS runner_queue, job.runner.class AS "
	"runner_class\n"
	"FROM `$.builds` AS b, UNNEST(b.jobs) AS job\n"
	"WHERE job.kind = 'script' AND job.state = 'finished'";

const struct view views[] = {
	{"builds", "The newest version of every build, a row each.", builds},
	{"build_days",
	 "Builds of each pipeline and day (UTC): counts by result, success rate, percentiles in ms.",
	 build_days},
	{"broken_main",
	 "When the default branch was red, from the first failure to the fix. Intervals never overlap: they "
	 "may "
	 "be added up. fixed_at is null while it is red.",
	 broken_main},
	{"job_durations", "Every finished script job of every build: how long it waited and ran.",
	 job_durations},
	{0},
};

char *view_sql(const struct view *view, const char *project, const char *dataset)
{
	size_t name = strlen(project) + strlen(dataset) + 1, size = strlen(view->sql) + 1;
	char *out, *at;

	for (const char *mark = view->sql; (mark = strchr(mark, '$')); mark++) {
		size += name;
	}
	out = at = malloc(size);
	for (const char *from = view->sql; out; from++) {
		if (*from == '$') {
			at = stpcpy(stpcpy(stpcpy(at, project), "."), dataset);
		} else if ((*at++ = *from) == '\0') {
			break;
		}
	}
	return out;
}
