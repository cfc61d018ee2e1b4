/* SPDX-License-Identifier: MIT */
#include "tests/fakes/server.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A request while its body comes. */
struct coming {
	char *body;
	size_t size;
};

static void collect(struct coming *coming, const char *data, size_t size)
{
	coming->body = realloc(coming->body, coming->size + size + 1);
	memcpy(coming->body + coming->size, data, size);
	coming->size += size;
	coming->body[coming->size] = '\0';
}

void fake_wait_ms(int64_t ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	if (ms > 0) {
		nanosleep(&time, NULL);
	}
}

const char *fake_request_header(const struct fake_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *fake_request_argument(const struct fake_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

#define HEADERS (sizeof((struct fake_answer *)0)->headers / sizeof(struct fake_header))

void fake_answer_header(struct fake_answer *answer, const char *name, const char *value)
{
	size_t i = 0;

	while (i < HEADERS && answer->headers[i].name) {
		i++;
	}
	cr_assert(i < HEADERS, "too many headers");
	answer->headers[i].name = name;
	snprintf(answer->headers[i].value, sizeof answer->headers[i].value, "%s", value);
}

static void add_headers(struct MHD_Response *response, const struct fake_answer *answer)
{
	time_t seconds = (time_t)(answer->at_ms / 1000);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	MHD_add_response_header(response, "Date", text);
	for (size_t i = 0; i < HEADERS && answer->headers[i].name; i++) {
		MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	}
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const struct fake_answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (answer->code == 0) {
		free(answer->body);
		return MHD_NO;
	}
	response = MHD_create_response_from_buffer(strlen(answer->body), answer->body, MHD_RESPMEM_MUST_FREE);
	add_headers(response, answer);
	result = MHD_queue_response(connection, (unsigned)answer->code, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *data_size, void **state)
{
	const struct fake_server *server = context;
	struct coming *coming = *state;
	struct fake_request request = {.connection = connection, .method = method, .path = path};
	struct fake_answer answer = {.code = 200};

	(void)version;
	if (!coming) {
		*state = calloc(1, sizeof *coming);
		return *state ? MHD_YES : MHD_NO;
	}
	if (*data_size > 0) {
		collect(coming, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	request.body = coming->body ? coming->body : (char[]){""};
	request.size = coming->size;
	server->serve(server->context, &request, &answer);
	return send_answer(connection, &answer);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct coming *coming = *state;

	(void)context, (void)connection, (void)code;
	if (coming) {
		free(coming->body);
		free(coming);
	}
}

void fake_server_start(struct fake_server *server)
{
	server->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
					  (uint16_t)server->port, NULL, NULL, on_request, server,
					  MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	cr_assert(server->daemon, "no HTTP server");
	server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void fake_server_stop(struct fake_server *server)
{
	if (server->daemon) {
		MHD_stop_daemon(server->daemon);
	}
	server->daemon = NULL;
}

uint64_t fake_random(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}
