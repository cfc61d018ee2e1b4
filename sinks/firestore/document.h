/* A build as the Metrics application reads it: a document `build/<projectId>_<buildNumber>` with nine keys
 * and no other. Pure: records and JSON in, documents and JSON out. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "common/record.h"

enum build_status {
	BUILD_STATUS_NULL, /* in documents of others */
	BUILD_SUCCESSFUL,
	BUILD_FAILED,
	BUILD_UNKNOWN,
	BUILD_IN_PROGRESS,
};

struct document {
	const char *id; /* in the collection `build`; NULL for one that was read */
	struct text project;
	int64_t number;
	int64_t started_at;  /* ms; INT_NULL in documents of others only */
	int status;          /* enum build_status */
	int64_t duration_ms; /* INT_NULL: it runs */
	struct text workflow, url, api_url;
	double coverage; /* 0..1; REAL_NULL */
	bool odd;        /* of one that was read: keys are missing or too many, or of another type */
	bool timed_out;  /* and a sync gave it up while it ran: unknown, with the timeout as duration */
};

/* As in `buildStatus`; NULL for BUILD_STATUS_NULL. */
const char *document_word(enum build_status status);

enum document_made {
	DOCUMENT_MADE,
	DOCUMENT_NOT_YET, /* nothing the application could show: queued, blocked, skipped */
	DOCUMENT_NEVER,   /* it has no time at all, or memory is out */
};

/* Texts of document belong to build, arena and project. */
enum document_made document_from(const struct build *build, const char *project, struct arena *arena,
				 struct document *document);
/* `fields` of the REST API. */
yyjson_mut_val *document_fields(yyjson_mut_doc *doc, const struct document *document);
/* Reads `fields`; whatever can't be read is null and makes it odd. Texts belong to fields. */
void document_read(yyjson_val *fields, struct document *document);
