/* Builds as metrics, under the names that OpenTelemetry has for CI/CD (docs/metrics.md). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "normalizer/hub.h"

struct build;

/* A build has finished just now, for the first time or after a re-run. */
void runs_finished(const struct build *build);
/* Sets how many are open of each pipeline: reads what is open. */
void runs_collect(struct hub *hub);
