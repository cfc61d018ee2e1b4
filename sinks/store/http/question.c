/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/question.h"

bool question_open(struct question *question, struct dashboard *dashboard)
{
	*question = (struct question){0};
	question->reader = readers_take(&dashboard->readers, &question->err);
	question->doc = question->reader ? yyjson_mut_doc_new(NULL) : NULL;
	if (question->reader && !question->doc) {
		question->status = err_sys(&question->err, "memory for an answer");
	}
	return question->doc != NULL;
}

void question_close(struct question *question, struct dashboard *dashboard)
{
	yyjson_mut_doc_free(question->doc);
	if (question->reader) {
		readers_give(&dashboard->readers, question->reader);
	}
}
