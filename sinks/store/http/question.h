/* A question to the file while one request is answered: a reader, and a document for what it says. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/http/server.h"

struct question {
	struct reader *reader;
	yyjson_mut_doc *doc;
	enum status status;
	struct err err;
};

/* False: err says why. To be closed in both cases. */
bool question_open(struct question *question, struct dashboard *dashboard);
void question_close(struct question *question, struct dashboard *dashboard);
