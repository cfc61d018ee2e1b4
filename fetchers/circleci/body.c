/* The raw record of a pipeline: each object as the API sent it, one in the other (normalizer/circleci.h). */
/* SPDX-License-Identifier: MIT */
#include "fetchers/circleci/circleci.h"

#include "fetchers/redact.h"

#include <stdio.h>
#include <stdlib.h>

/* An object without its last brace. */
static void put_open(FILE *out, const struct item *item)
{
	fwrite(item->json, 1, item->size - 1, out);
}

static void put_job(FILE *out, const struct item *job, const struct item *details)
{
	put_open(out, job);
	if (details && details->json) {
		fputs(",\"details\":", out);
		fwrite(details->json, 1, details->size, out);
	}
	fputc('}', out);
}

static void put_workflow(FILE *out, const struct flow *flow)
{
	put_open(out, flow->item);
	fputs(",\"jobs\":[", out);
	for (size_t i = 0; i < flow->jobs.count; i++) {
		fputs(i > 0 ? "," : "", out);
		put_job(out, &flow->jobs.at[i], flow->details ? &flow->details[i].item : NULL);
	}
	fputs("]}", out);
}

static void put_work(FILE *out, const struct work *work, const struct circleci_config *config)
{
	fputs("{\"pipeline\":", out);
	fwrite(work->pipeline.json, 1, work->pipeline.size, out);
	fputs(",\"workflows\":[", out);
	for (size_t i = 0; i < work->tree.workflows.count; i++) {
		fputs(i > 0 ? "," : "", out);
		put_workflow(out, &work->tree.flows[i]);
	}
	fputs(config->build_per == PER_WORKFLOW ? "],\"build_per\":\"workflow\"}" : "]}", out);
}

static struct text redacted(struct arena *scratch, const char *json, size_t size,
			    const struct config_list *paths)
{
	yyjson_alc alc;
	yyjson_doc *whole;
	yyjson_mut_doc *doc;
	yyjson_mut_val *copy;
	struct text out = {0};

	arena_reset(scratch);
	alc = arena_yyjson(scratch);
	whole = yyjson_read_opts((char *)(uintptr_t)json, size,
				 YYJSON_READ_BIGNUM_AS_RAW | YYJSON_READ_ALLOW_INVALID_UNICODE, &alc, NULL);
	doc = whole ? yyjson_mut_doc_new(&alc) : NULL;
	copy = doc ? redact_copy(doc, yyjson_doc_get_root(whole), paths) : NULL;
	if (copy) {
		out.at = yyjson_mut_val_write_opts(copy, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &out.size,
						   NULL);
	}
	return out;
}

struct text body_of(struct arena *scratch, const struct work *work, const struct circleci_config *config)
{
	char *json = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&json, &size);
	struct text body = {0};

	if (!out) {
		return body;
	}
	put_work(out, work, config);
	if (fclose(out) == 0) {
		body = redacted(scratch, json, size, &config->redact);
	}
	free(json);
	return body;
}
