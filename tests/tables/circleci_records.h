/* What CircleCI's normalizer makes of a body, and the recorded answers of its API. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/tables/table.h"

#include <yyjson.h>

#define URL "https://circleci.com/api/v2/pipeline/p-1"

/* The records as a JSON list; heap. "[]" and err where it can't be read. */
char *circleci_records(struct text body, int64_t observed_at, struct normal_notes *notes, struct err *err);
/* The recorded pipelines with their workflows and jobs, as the fetcher puts them together: run with each.
 * False: they are not on this machine. */
bool circleci_each_recorded(void (*run)(const char *body));
