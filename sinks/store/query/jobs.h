/* What the jobs of a pipeline's newest builds came to: which are slow, fail, are flaky. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/walk.h"

enum {
	JOBS_BUILDS_MAX = 2000, /* of builds that are looked at */
	JOBS_ROWS_MAX = 100000, /* and of their jobs */
	JOBS_LISTED = 10,
};

/* Adds slowest_jobs, flakiest_jobs, failing_jobs and jobs_of to out: of the newest builds that pass filter. A
 * job is known by its name and group; a run of it is a finished one with a verdict. It fails where it
 * was not allowed to, and is flaky where it failed and passed on the same commit. */
enum status jobs_add(struct reader *reader, const struct filter *filter, yyjson_mut_doc *doc,
		     yyjson_mut_val *out, struct err *err) MUST_CHECK;
