/* The JSON of the API: the complete field sets of the documented examples (their source: SOURCES in the
 * header of each function's file), quirks included. Pure: world and time in, text out. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "tests/sim/put.h"
#include "tests/sim/world.h"

/* What one rendering looks like; the bits are the key of the cache. */
enum payload_form {
	FORM_SINGLE = 1,           /* Get a build: job_state_counts, whole agents, a shorter pipeline */
	FORM_RETRIED_JOBS = 2,     /* superseded attempts too */
	FORM_WITHOUT_JOBS = 4,     /* exclude_jobs */
	FORM_WITHOUT_PIPELINE = 8, /* exclude_pipeline */
};

/* Growing text. */
struct text {
	char *data;
	size_t size, capacity;
};
void text_add(struct text *text, const char *data, size_t size);
void text_fini(struct text *text);

/* base: the API's URL without trailing slash, e.g. "http://127.0.0.1:8080/v2". build_look must have been
 * called for now. */
void payload_build(struct put in, const char *base, const struct build *build, unsigned form, int64_t now);
void payload_job(struct put in, const char *base, const struct build *build, int j, unsigned form,
		 int64_t now);
/* "%n" in the step's name is the index in the parallel group from 1, "%t" its size, "{{matrix}}" the value.
 */
void payload_job_name(const struct job *job, char *out, size_t size);
void payload_pipeline(struct put in, const char *base, const struct pipeline *pipeline);
/* The pipeline inside a build. */
void payload_pipeline_of_build(struct put in, const char *base, const struct pipeline *pipeline,
			       unsigned form);
void payload_person(struct put in, const struct person *person, bool graphql);
void payload_organization(struct put in, const char *base, const struct organization *organization);
void payload_artifact(struct put in, const char *base, const struct build *build,
		      const struct artifact *artifact);

/* Empties the cache of a build. */
void payload_forget(struct build *build, size_t *cached_bytes);
/* Appends the JSON of a build as it is at `now`, from the build's cache where that is still true.
 * cached_bytes counts what the caches of all builds hold, and is kept under a limit by not caching more;
 * NULL: don't cache. */
void payload_add_build(struct text *out, const char *base, struct build *build, unsigned form, int64_t now,
		       size_t *cached_bytes);
/* Appends the JSON of doc and frees it. */
void payload_add_doc(struct text *out, yyjson_mut_doc *doc);
