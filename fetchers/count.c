/* SPDX-License-Identifier: MIT */
#include "fetchers/count.h"

#include "common/metrics.h"

void count_answer(const char *source, enum http_class class)
{
	static const char *const words[] = {
		[HTTP_OK] = "ok",
		[HTTP_NOT_FOUND] = "not_found",
		[HTTP_LIMITED] = "limited",
		[HTTP_REFUSED] = "refused",
		[HTTP_CLIENT] = "client",
		[HTTP_SERVER] = "server",
		[HTTP_REDIRECT] = "redirect",
		[HTTP_FAILED] = "failed",
	};

	++*metrics_counter("buildbus_fetch_answers_total", "Answers of the provider, by what they were.",
			   LABELS("source", source, "answer", words[class]));
}

int64_t *count_builds(const char *source)
{
	return metrics_counter("buildbus_fetch_builds_total", "Builds read and handed to the hub.",
			       LABELS("source", source));
}

void count_visit(const char *source, const char *result)
{
	++*metrics_counter("buildbus_fetch_visits_total", "Visits of targets, by how they ended.",
			   LABELS("source", source, "result", result));
}

void count_detail(const char *source, const char *result)
{
	++*metrics_counter("buildbus_fetch_details_total",
			   "Details of finished builds that were asked for, by what came.",
			   LABELS("source", source, "result", result));
}

void count_budget(const char *source, int64_t remaining)
{
	if (remaining >= 0) {
		*metrics_gauge("buildbus_fetch_budget_remaining",
			       "Requests that the provider's rate headers left at the last answer.",
			       LABELS("source", source)) = remaining;
	}
}

void count_share(const char *source, int64_t per_min)
{
	if (per_min >= 0) {
		*metrics_gauge("buildbus_fetch_budget_share_per_minute",
			       "Requests a minute that the hub leaves to this worker.",
			       LABELS("source", source)) = per_min;
	}
}
