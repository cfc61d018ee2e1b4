/* SPDX-License-Identifier: MIT */
#include "tests/sim/server.h"
#include "tests/sim/when.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 1 << 20, THREAD_STACK = 512 << 10, CONNECTIONS_MAX = 2000 };

struct server {
	struct sim *sim;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	pthread_cond_t ended; /* on the monotonic clock */
	bool end;
};

/* One request, from its first line to its answer. */
struct exchange {
	char *query; /* raw, decoded by query_parse alone */
	struct text body;
	bool begun;
};

/* libmicrohttpd decodes "+" and loses repeated keys' order; the raw text is ours to parse. */
static void *begin_exchange(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = must_malloc(sizeof *exchange);
	const char *query = strchr(uri, '?');

	(void)context;
	(void)connection;
	*exchange = (struct exchange){0};
	if (query) {
		exchange->query = must_malloc(strlen(query));
		memcpy(exchange->query, query + 1, strlen(query));
	}
	return exchange;
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;

	(void)context;
	(void)connection;
	(void)code;
	if (exchange) {
		free(exchange->query);
		text_fini(&exchange->body);
		free(exchange);
	}
	*state = NULL;
}

static void hold_back(struct server *server, int64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / SECOND_MS;
	until.tv_nsec += ms % SECOND_MS * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&server->lock);
	while (!server->end && pthread_cond_timedwait(&server->ended, &server->lock, &until) != ETIMEDOUT) {
	}
	pthread_mutex_unlock(&server->lock);
}

static void add_headers(struct MHD_Response *response, struct sim_reply *reply)
{
	char *at = reply->headers.data;

	MHD_add_response_header(response, "Content-Type", reply->content_type);
	while (at && *at) {
		char *colon = strchr(at, ':'), *end = strchr(at, '\n');

		*colon = *end = '\0';
		MHD_add_response_header(response, at, colon + 2);
		at = end + 1;
	}
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct sim_reply *reply)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(reply->body.size, reply->body.data, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response) {
		return MHD_NO;
	}
	reply->body = (struct text){0}; /* the response owns it */
	add_headers(response, reply);
	result = MHD_queue_response(connection, (unsigned)reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(struct server *server, struct MHD_Connection *connection, const char *path,
			      const char *method, struct exchange *exchange)
{
	const struct sim_request request = {
		.method = method,
		.path = path,
		.query = exchange->query,
		.authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"),
		.body = exchange->body.data,
		.body_size = exchange->body.size,
	};
	struct sim_reply reply;
	enum MHD_Result result;

	sim_handle(server->sim, &request, &reply);
	if (reply.wait_ms > 0) {
		hold_back(server, reply.wait_ms);
	}
	result = reply.drop ? MHD_NO : send_reply(connection, &reply);
	sim_reply_fini(&reply);
	return result;
}

/* Called at the head of a request, for each part of its body, and at its end. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
				  const char *method, const char *version, const char *data, size_t *size,
				  void **state)
{
	struct server *server = context;
	struct exchange *exchange = *state;

	(void)version;
	if (!exchange->begun) {
		exchange->begun = true;
		return MHD_YES;
	}
	if (*size) {
		if (exchange->body.size + *size > BODY_MAX) {
			return MHD_NO;
		}
		text_add(&exchange->body, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return answer(server, connection, path, method, exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct server *server = context;
	bool quit;

	end_exchange(NULL, connection, state, code);
	pthread_mutex_lock(&server->sim->lock);
	quit = server->sim->quit;
	pthread_mutex_unlock(&server->sim->lock);
	if (quit) {
		server_stop(server);
	}
}

/* The path stays as it was sent: its segments are decoded one by one later. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

static struct server *server_alloc(struct sim *sim)
{
	struct server *server = must_malloc(sizeof *server);
	pthread_condattr_t attributes;

	*server = (struct server){.sim = sim};
	pthread_mutex_init(&server->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&server->ended, &attributes);
	pthread_condattr_destroy(&attributes);
	return server;
}

enum status server_new(struct server **out, struct sim *sim, const char *address, int port, struct err *err)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct server *server;

	*out = NULL;
	if (inet_pton(AF_INET, address, &at.sin_addr) != 1) {
		return err_set(err, ERR_CONFIG, "'%s' is not an IPv4 address", address);
	}
	server = server_alloc(sim);
	server->daemon = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO |
			MHD_USE_SUPPRESS_DATE_NO_CLOCK,
		(uint16_t)port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
		MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_THREAD_STACK_SIZE,
		(size_t)THREAD_STACK, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_END);
	if (!server->daemon) {
		err_sys(err, "Can't listen on %s:%d", address, port);
		server_free(&server);
		return ERR_SYS;
	}
	pthread_mutex_lock(&sim->lock);
	sim_set_base(sim, strcmp(address, "0.0.0.0") ? address : "127.0.0.1", server_port(server));
	pthread_mutex_unlock(&sim->lock);
	*out = server;
	return OK;
}

int server_port(const struct server *server)
{
	return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void server_wait(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	while (!server->end) {
		pthread_cond_wait(&server->ended, &server->lock);
	}
	pthread_mutex_unlock(&server->lock);
}

void server_stop(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	server->end = true;
	pthread_cond_broadcast(&server->ended);
	pthread_mutex_unlock(&server->lock);
}

void server_free(struct server **server)
{
	if (!*server) {
		return;
	}
	server_stop(*server);
	if ((*server)->daemon) {
		MHD_stop_daemon((*server)->daemon);
	}
	pthread_cond_destroy(&(*server)->ended);
	pthread_mutex_destroy(&(*server)->lock);
	free(*server);
	*server = NULL;
}
