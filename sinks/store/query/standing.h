/* How pipelines stand, without figures: for badges and build monitors. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/query/overview.h"

/* [{id, bars, last}] of every pipeline that has a build in scope, or of ask->pipeline alone; days count for
 * nothing.
 */
yyjson_mut_val *standings(struct reader *reader, const struct overview_ask *ask, yyjson_mut_doc *doc,
			  enum status *status, struct err *err);
