/* How every answer leaves: with the headers that keep a browser from running or framing what is not ours,
 * and with JSON for an error. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const safe_headers[][2] = {
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
	 "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
};

const char *request_parameter(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

enum MHD_Result answer_response(const struct request *request, unsigned code, struct MHD_Response *response)
{
	enum MHD_Result result;

	if (request->shared) {
		MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "cross-origin");
	}
	for (size_t i = 0; i < sizeof safe_headers / sizeof safe_headers[0]; i++) {
		if (!MHD_get_response_header(response, safe_headers[i][0])) {
			MHD_add_response_header(response, safe_headers[i][0], safe_headers[i][1]);
		}
	}
	if (!MHD_get_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL)) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	}
	result = MHD_queue_response(request->connection, code, response);
	MHD_destroy_response(response);
	return result;
}

static struct MHD_Response *text_response(const char *type, char *text, size_t size)
{
	struct MHD_Response *response =
		text ? MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE) : NULL;

	if (!response) {
		free(text);
		return NULL;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return response;
}

enum MHD_Result answer_full(const struct request *request)
{
	static char full[] = "{\"error\":\"too many answers are on their way to slow readers: ask again in "
			     "a few seconds\"}";
	struct MHD_Response *response =
		MHD_create_response_from_buffer(sizeof full - 1, full, MHD_RESPMEM_PERSISTENT);

	if (!response) {
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "2");
	return answer_response(request, MHD_HTTP_SERVICE_UNAVAILABLE, response);
}

/* Takes text. tag NULL: none. */
static enum MHD_Result give(const struct request *request, unsigned code, const char *tag, const char *type,
			    char *text, size_t size)
{
	struct MHD_Response *response;

	if (text && !crowd_may_hold(&request->dashboard->crowd, request->connection, size)) {
		free(text);
		return answer_full(request);
	}
	response = text_response(type, text, size);
	if (!response) {
		return MHD_NO;
	}
	if (tag) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	}
	return answer_response(request, code, response);
}

enum MHD_Result answer_text(const struct request *request, unsigned code, const char *type, char *text,
			    size_t size)
{
	return give(request, code, NULL, type, text, size);
}

enum MHD_Result answer_tagged(const struct request *request, const char *tag, const char *type, char *text,
			      size_t size)
{
	const char *known = request_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
	struct MHD_Response *response;

	if (!known || (strcmp(known, "*") != 0 && !strstr(known, tag))) {
		return give(request, MHD_HTTP_OK, tag, type, text, size);
	}
	free(text);
	response = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
	if (!response) {
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
	return answer_response(request, MHD_HTTP_NOT_MODIFIED, response);
}

enum MHD_Result answer_json(const struct request *request, const char *tag, yyjson_mut_val *value)
{
	static const char type[] = "application/json";
	size_t size = 0;
	char *text = yyjson_mut_val_write(value, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &size);

	return tag ? answer_tagged(request, tag, type, text, size)
		   : answer_text(request, MHD_HTTP_OK, type, text, size);
}

enum MHD_Result answer_error(const struct request *request, unsigned code, const char *format, ...)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *error = yyjson_mut_obj(doc);
	char sentence[600], *text;
	size_t size = 0;
	va_list values;

	va_start(values, format);
	vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	yyjson_mut_obj_add_strcpy(doc, error, "error", sentence);
	text = yyjson_mut_val_write(error, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &size);
	yyjson_mut_doc_free(doc);
	return answer_text(request, code, "application/json", text, size);
}

enum MHD_Result answer_failure(const struct request *request, const struct err *err)
{
	unsigned code = err->status == ERR_DATA ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_SERVICE_UNAVAILABLE;

	return answer_error(request, code, "%s", err->text);
}
