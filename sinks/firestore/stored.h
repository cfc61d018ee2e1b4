/* Questions about the documents of one project, and what an answer holds. Pure. Every query does with the
 * indexes that the Metrics application deploys, build(projectId, startedAt desc) and build(buildStatus,
 * projectId, startedAt desc), or with those that Firestore makes by itself (equality alone). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/firestore/document.h"

/* All three: NULL when memory is out. The newest by start. */
yyjson_mut_doc *stored_newest(const char *project, int64_t limit);
/* In progress, the newest first, those behind after (of an earlier answer; NULL: all). */
yyjson_mut_doc *stored_running(const char *project, int64_t limit, yyjson_val *after);
/* Ended by an earlier `buildbus sync` because they were in progress for so long. */
yyjson_mut_doc *stored_timed_out(const char *project, int64_t timeout_ms, int64_t limit);

/* The next document of an answer of runQuery, from *index on, which begins at 0; NULL: there is none. */
yyjson_val *stored_next(yyjson_val *answer, size_t *index);
/* When Firestore read it, ms on its clock; INT_NULL: it does not say. */
int64_t stored_read_at(yyjson_val *answer);
/* A document is as document_timed_out leaves it. */
bool stored_is_timed_out(const struct document *document, int64_t timeout_ms);
/* Ends documents[i] of a list: a commit under the precondition that they are what was read. */
yyjson_mut_doc *stored_time_out(yyjson_val *const *documents, size_t count, int64_t timeout_ms);
