/* /healthz and /metrics, as on --metrics of every process; what the hub says. */
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

static enum MHD_Result answer_view(struct request *request, enum watch_view view)
{
	size_t size = 0;
	char *text = watch_look(&request->dashboard->watch, view, &size);

	return answer_text(request, MHD_HTTP_OK, "application/json", text, size);
}

enum MHD_Result api_bus(struct request *request)
{
	return answer_view(request, WATCH_BUS);
}

enum MHD_Result api_dead(struct request *request)
{
	return answer_view(request, WATCH_DEAD);
}
