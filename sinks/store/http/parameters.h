/* Query parameters as questions to the file. Everything that is not as docs/openapi.json says is ERR_DATA,
 * with a sentence that names the parameter. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/http/request.h"
#include "sinks/store/query/builds.h"
#include "sinks/store/query/overview.h"

enum status parameters_overview(const struct request *request, struct overview_ask *ask,
				struct err *err) MUST_CHECK;
/* Looks up the pipeline. ERR_DATA too: there is no such pipeline. */
enum status parameters_builds(const struct request *request, struct reader *reader, struct builds_ask *ask,
			      struct err *err) MUST_CHECK;
