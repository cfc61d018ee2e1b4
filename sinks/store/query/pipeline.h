/* One pipeline in detail. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/overview.h"

/* Its row of the overview, and {results, percentiles, slowest_jobs, flakiest_jobs, failing_jobs, jobs_of}.
 * NULL: there is no pipeline ask->pipeline, or status. */
yyjson_mut_val *pipeline_details(struct reader *reader, const struct overview_ask *ask, yyjson_mut_doc *doc,
				 enum status *status, struct err *err);
