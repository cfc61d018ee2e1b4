/* Uploads of load jobs: multipart/related in one request, or resumable in two (bytes in one piece). */
/* SPDX-License-Identifier: MIT */
#include "tests/fakes/bigquery/bigquery.h"

#include <stdlib.h>
#include <string.h>

static void start(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply)
{
	char id[32];

	snprintf(id, sizeof id, "u%llx", (unsigned long long)fake_random(&fake->seed));
	bq_exec(fake, "INSERT INTO upload VALUES(?, ?)", id, request->body, NULL);
	snprintf(reply->location, sizeof reply->location,
		 "%s/resumable/upload/bigquery/v2/projects/demo/jobs?uploadType=resumable&upload_id=%s",
		 fake->url, id);
	reply->code = 200;
}

static void resume(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply)
{
	sqlite3_stmt *row =
		bq_query(fake, "SELECT metadata FROM upload WHERE id = ?", request->upload_id, NULL);

	if (sqlite3_step(row) == SQLITE_ROW) {
		const char *metadata = (const char *)sqlite3_column_text(row, 0);
		bq_load(fake, metadata, strlen(metadata), request->body, request->size, reply);
	} else {
		bq_error(reply, 404, "notFound", "Not Found: upload %s", request->upload_id);
	}
	sqlite3_finalize(row);
}

/* What follows the empty line of the next part; NULL: there is none. *end: before the boundary behind it. */
static const char *part(const char *from, const char *limit, const char *boundary, const char **end)
{
	const char *start = memmem(from, (size_t)(limit - from), boundary, strlen(boundary)), *body, *next;

	body = start ? memmem(start, (size_t)(limit - start), "\r\n\r\n", 4) : NULL;
	if (!body) {
		return NULL;
	}
	body += 4;
	next = memmem(body, (size_t)(limit - body), boundary, strlen(boundary));
	if (!next || next - body < 2) {
		return NULL;
	}
	*end = next - 2; /* CRLF */
	return body;
}

static void multipart(struct fake_bigquery *fake, const struct bq_request *request, struct bq_reply *reply)
{
	const char *at = request->content_type ? strstr(request->content_type, "boundary=") : NULL;
	const char *limit = request->body + request->size, *metadata, *data, *end = NULL, *data_end = NULL;
	char boundary[128];

	snprintf(boundary, sizeof boundary, "--%s", at ? at + strlen("boundary=") : "?");
	boundary[strcspn(boundary, "; \"")] = '\0';
	metadata = part(request->body, limit, boundary, &end);
	data = metadata ? part(end, limit, boundary, &data_end) : NULL;
	if (!data) {
		bq_error(reply, 400, "badContent", "Multipart body without metadata and media");
		return;
	}
	if (fake->bodies) {
		fprintf(fake->bodies, "POST %s %.*s\n", request->path, (int)(end - metadata), metadata);
		fflush(fake->bodies);
	}
	bq_load(fake, metadata, (size_t)(end - metadata), data, (size_t)(data_end - data), reply);
}

void bq_uploads(struct fake_bigquery *fake, enum bq_verb verb, const struct bq_request *request,
		struct bq_reply *reply)
{
	if (verb == BQ_UPLOAD_START) {
		start(fake, request, reply);
	} else if (request->upload_id) {
		resume(fake, request, reply);
	} else {
		multipart(fake, request, reply);
	}
}
