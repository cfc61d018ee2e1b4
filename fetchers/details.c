/* A lease on details: the finished builds that are its due keys, a few at a time. */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/schema.h"
#include "fetchers/count.h"
#include "fetchers/engine.h"
#include "fetchers/remark.h"

#include <stdlib.h>

#define AT_ONCE 4 /* builds; half of the connections stay free for what is new */

#define REFUSED_MS 600000 /* a token that may not read details is tried again so rarely */

struct details {
	visit_begin_detail *begin;
	size_t next; /* the first that was not begun */
	int under_way;
	bool ended;
};

void visit_details_free(struct details **details)
{
	free(*details);
	*details = NULL;
}

static bool wants_more(const struct visit *visit)
{
	return !visit->details->ended && visit->details->next < visit->due_count && !visit_late(visit);
}

static enum status begin_more(struct visit *visit, struct err *err)
{
	struct details *details = visit->details;
	enum status status = OK;

	while (status == OK && details->under_way < AT_ONCE && wants_more(visit)) {
		details->under_way++;
		status = details->begin(visit, details->next++, err);
	}
	if (status == OK && details->under_way == 0 && !details->ended && !wants_more(visit)) {
		details->ended = true;
		visit_done(visit, 0);
	}
	return status;
}

enum status visit_begin_details(struct visit *visit, visit_begin_detail *begin, struct err *err)
{
	struct details *details = calloc(1, sizeof *details);

	visit->details = details;
	if (!details) {
		return err_set(err, ERR_SYS, "out of memory for details");
	}
	details->begin = begin;
	return begin_more(visit, err);
}

enum detail_result visit_detail_result(enum answer_kind kind)
{
	return kind == ANSWER_UNUSABLE || kind == ANSWER_REFUSED ? DETAIL_LATER
	       : kind == ANSWER_TOO_LARGE                        ? DETAIL_TOO_LARGE
								 : DETAIL_NONE;
}

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
		.key = text_of(visit->due_keys[detail->index]),
		.observed_at = detail->observed_at != INT_NULL ? detail->observed_at : wall_ms(),
		.body = detail->result == DETAIL_FOUND ? detail->json : (struct text){0},
	};
	enum status status;

	count_detail(visit->source->name, words[detail->result]);
	if (detail->result != DETAIL_LATER) {
		visit->source->details_refused = false;
	}
	visit->details->under_way--;
	status = ingest_add(visit->lease, &raw, err);
	if (status == OK) {
		status = visit_page(visit, (struct text){0}, err);
	}
	return status == OK ? begin_more(visit, err) : status;
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
