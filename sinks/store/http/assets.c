/* SPDX-License-Identifier: MIT */
#include "sinks/store/web/assets.h"
#include "sinks/store/http/server.h"

#include <string.h>

static const char no_page[] =
	"This buildbus was built without its page (-DBUILDBUS_WEB=OFF). The API is there: /api/v1/overview\n";

static const struct asset *find(const char *path)
{
	for (size_t i = 0; i < assets_count; i++) {
		if (strcmp(assets[i].path, path) == 0) {
			return &assets[i];
		}
	}
	return NULL;
}

/* The page finds out itself what to show at one of its own addresses. */
static bool is_page(const char *path)
{
	return strcmp(path, "/") == 0 || strcmp(path, "/bus") == 0 || strncmp(path, "/p/", 3) == 0 ||
	       strncmp(path, "/b/", 3) == 0;
}

static enum MHD_Result send_asset(struct request *request, const struct asset *asset)
{
	const char *known = request_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
	bool same = known && strstr(known, asset->etag);
	struct MHD_Response *response = MHD_create_response_from_buffer(
		same ? 0 : asset->size, same ? (void *)"" : (void *)(size_t)asset->at,
		MHD_RESPMEM_PERSISTENT);

	if (!response) {
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, asset->etag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, asset->type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
				asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	if (asset->encoding) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, asset->encoding);
	}
	return answer_response(request, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
}

static enum MHD_Result say_no_page(struct request *request)
{
	char *text = strdup(no_page);

	return answer_text(request, MHD_HTTP_OK, "text/plain; charset=utf-8", text, sizeof no_page - 1);
}

enum MHD_Result asset_answer(struct request *request)
{
	const struct asset *asset = find(is_page(request->path) ? "/index.html" : request->path);

	if (asset) {
		return send_asset(request, asset);
	}
	return is_page(request->path) ? say_no_page(request)
				      : answer_error(request, MHD_HTTP_NOT_FOUND, "there is no such page");
}
