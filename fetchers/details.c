/* What a fetcher hands over on a lease on details. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "fetchers/count.h"
#include "fetchers/engine.h"
#include "fetchers/remark.h"

#define REFUSED_MS 600000 /* a token that may not read details is tried again so rarely */

enum status visit_detail(struct visit *visit, const struct visit_detail *detail, struct err *err)
{
	static const char *const words[] = {
		[DETAIL_FOUND] = "found",
		[DETAIL_NONE] = "none",
		[DETAIL_TOO_LARGE] = "too_large",
		[DETAIL_LATER] = "later",
	};
	const struct raw raw = {
		.provider = text_of(visit->source->engine->fetcher->name),
		.source = text_of(visit->source->name),
		.kind = detail->result == DETAIL_LATER ? RAW_LATER : RAW_DETAILS,
		.key = text_of(detail->key),
		.observed_at = detail->observed_at,
		.body = detail->result == DETAIL_FOUND ? detail->json : (struct text){0},
	};

	count_detail(visit->source->name, words[detail->result]);
	if (detail->result != DETAIL_LATER) {
		visit->source->details_refused = false;
	}
	return ingest_add(visit->lease, &raw, err);
}

void visit_details_refused(struct visit *visit, const struct visit_answer *answer)
{
	struct source *source = visit->source;
	char remark[REMARK_SIZE];
	struct err why;

	remark_read(answer->body, remark);
	err_set(&why, ERR_CONFIG, "the provider refuses (403)%s%s: %s", *remark ? ", it says: " : "", remark,
		source->engine->fetcher->details_hint);
	count_detail(source->name, "refused");
	if (!source->details_refused) {
		source->details_refused = true;
		log_warn("fetch.details_refused", STR("source", source->name), STR("why", why.text));
	}
	ingest_why(visit->lease, why.text);
	visit_done(visit, REFUSED_MS);
}
