/* SPDX-License-Identifier: MIT */
#include "sinks/firestore/compare.h"

static int sign(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Below 0: fresh is an earlier state than stored; 0: neither is. */
static int order(const struct document *stored, const struct document *fresh)
{
	bool stored_runs = stored->status == BUILD_IN_PROGRESS, runs = fresh->status == BUILD_IN_PROGRESS;
	int way = sign(fresh->started_at, stored->started_at);

	if (way == 0) {
		way = (int)stored_runs - (int)runs;
	}
	if (way == 0 && !runs && stored->timed_out) {
		return 1; /* it did end, and not then */
	}
	if (way == 0 && !runs) {
		way = sign(fresh->duration_ms, stored->duration_ms);
	}
	if (way == 0) {
		way = (int)isnan(stored->coverage) - (int)isnan(fresh->coverage);
	}
	return way;
}

static bool same_coverage(double a, double b)
{
	return (isnan(a) && isnan(b)) || a == b;
}

static bool same(const struct document *a, const struct document *b)
{
	return text_same(a->project, b->project) && a->number == b->number &&
	       a->started_at == b->started_at && a->status == b->status && a->duration_ms == b->duration_ms &&
	       text_same(a->workflow, b->workflow) && text_same(a->url, b->url) &&
	       text_same(a->api_url, b->api_url) && same_coverage(a->coverage, b->coverage);
}

enum document_order document_compare(const struct document *stored, const struct document *fresh)
{
	if (!stored->odd && same(stored, fresh)) {
		return DOCUMENT_SAME;
	}
	return order(stored, fresh) < 0 ? DOCUMENT_OLDER : DOCUMENT_NEWER;
}
