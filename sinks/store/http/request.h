/* One request on a thread of the server, and the ways to answer it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "sinks/store/http/dashboard.h"
#include "sinks/store/query/reader.h"

#include <microhttpd.h>
#include <yyjson.h>

struct request {
	struct dashboard *dashboard;
	struct MHD_Connection *connection;
	const char *path; /* decoded */
	const char *rest; /* of the path behind the route's */
	bool shared;      /* pages of others may show the answer */
	bool post;
	const char *body; /* of a POST; NULL: it is none */
};

/* The parameter, NULL: not given. Lives as long as the request. */
const char *request_parameter(const struct request *request, const char *name);
const char *request_header(const struct request *request, const char *name);

/* Takes text (heap), ends the request. */
enum MHD_Result answer_text(const struct request *request, unsigned code, const char *type, char *text,
			    size_t size);
/* The same with an ETag, or 304 where the client has it. */
enum MHD_Result answer_tagged(const struct request *request, const char *tag, const char *type, char *text,
			      size_t size);
/* 503: slow readers hold as much memory as they may. */
enum MHD_Result answer_full(const struct request *request);
/* {"error": sentence} */
enum MHD_Result answer_error(const struct request *request, unsigned code, const char *format, ...)
	PRINTF(3, 4);
/* Ends response too. */
enum MHD_Result answer_response(const struct request *request, unsigned code, struct MHD_Response *response);
/* Writes value; tag NULL: none. */
enum MHD_Result answer_json(const struct request *request, const char *tag, yyjson_mut_val *value);
/* What a failed query says. */
enum MHD_Result answer_failure(const struct request *request, const struct err *err);
