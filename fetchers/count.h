/* The fetchers' numbers for Prometheus: docs/metrics.md. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/http/http.h"

void count_answer(const char *source, enum http_class class);
/* Counts builds: one comes after the other, so the number is looked up once. */
int64_t *count_builds(const char *source);
/* result: "done", "failed", "refused", "lost" */
void count_visit(const char *source, const char *result);
/* result: "found", "none", "too_large", "later", "refused" */
void count_detail(const char *source, const char *result);
/* remaining: -1 unknown */
void count_budget(const char *source, int64_t remaining);
/* Its part of the source's budget, with the last lease; -1: unknown. */
void count_share(const char *source, int64_t per_min);
