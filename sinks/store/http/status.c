/* /healthz and /metrics, as on --metrics of every process. */
/* SPDX-License-Identifier: MIT */
#include "sinks/store/http/server.h"

#include <stdlib.h>
#include <string.h>

enum MHD_Result health_answer(struct request *request)
{
	struct desk *desk = &request->dashboard->desk;
	bool told = desk_ask(desk), well = told && desk->well;
	char *text = strdup(told ? desk->health : "busy");

	desk_leave(desk);
	return text ? answer_text(request, well ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
				  "text/plain; charset=utf-8", text, strlen(text))
		    : MHD_NO;
}

enum MHD_Result metrics_answer(struct request *request)
{
	struct desk *desk = &request->dashboard->desk;
	bool told = desk_ask(desk);
	char *text = told && desk->metrics ? strdup(desk->metrics) : NULL;

	desk_leave(desk);
	return text ? answer_text(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text,
				  strlen(text))
		    : answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "busy");
}
